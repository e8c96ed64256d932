//! songbird's events, told as the attendant understands them.

use super::{
    attendant::{Note, Notes},
    report::Report,
};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind};
use songbird::{
    CoreEvent, Driver, Event, EventContext, EventHandler,
    events::context_data::{DisconnectData, DisconnectKind, DisconnectReason},
};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Tells `notes` what happens to `driver`, and in `is_up` that it was connected.
pub(super) fn listen(driver: &mut Driver, notes: &Notes, is_up: &Arc<AtomicBool>) {
    for event in
        [CoreEvent::DriverConnect, CoreEvent::DriverReconnect, CoreEvent::DriverDisconnect, CoreEvent::RtcpPacket]
    {
        driver.add_global_event(event.into(), Listener { notes: notes.downgrade(), is_up: Arc::clone(is_up) });
    }
}

/// Weak, so that a connection that was torn down has no attendant any more, however long songbird's tasks live on.
struct Listener {
    notes: tokio::sync::mpsc::WeakUnboundedSender<Note>,
    is_up: Arc<AtomicBool>,
}

impl EventHandler for Listener {
    fn act<'a, 'b, 'c, 'f>(
        &'a self,
        context: &'b EventContext<'c>,
    ) -> Pin<Box<dyn Future<Output = Option<Event>> + Send + 'f>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        #[expect(clippy::wildcard_enum_match_arm, reason = "songbird's enum may grow; these four were asked for")]
        let note = match context {
            EventContext::DriverConnect(data) => {
                // Before anybody is told: what is told comes back as an order to this very connection.
                self.is_up.store(true, Ordering::Release);
                Some(Note::Connected { ssrc: data.ssrc })
            }
            EventContext::DriverReconnect(data) => Some(Note::Resumed { ssrc: data.ssrc }),
            EventContext::DriverDisconnect(data) => disconnected(data),
            EventContext::RtcpPacket(data) => Some(Note::Rtcp(Report::read(&data.packet))),
            _ => None,
        };
        if let (Some(note), Some(notes)) = (note, self.notes.upgrade()) {
            // An error says that the attendant has ended, and then nobody wants to know.
            let _ = notes.send(note);
        }
        Box::pin(std::future::ready(None))
    }
}

/// `None` for a disconnect that we asked for.
fn disconnected(data: &DisconnectData<'_>) -> Option<Note> {
    if data.kind == DisconnectKind::Connect {
        return Some(Note::Ended { event: DriverEvent::Failed { kind: failure(data.reason) }, at_once: false });
    }
    let code = match data.reason {
        Some(DisconnectReason::Requested) => return None,
        Some(DisconnectReason::WsClosed(code)) => code.map(close_code),
        _ => None,
    };
    // A socket that songbird would not resume has ended this moment. Otherwise it has tried to come back until now, and
    // the frames went on: where each try was answered that took no time, where one timed out it took that long.
    let at_once = data.kind == DisconnectKind::Runtime || data.reason != Some(DisconnectReason::TimedOut);
    Some(Note::Ended { event: DriverEvent::Closed { code, resumable: false }, at_once })
}

fn failure(reason: Option<DisconnectReason>) -> FailureKind {
    match reason {
        Some(DisconnectReason::TimedOut) => FailureKind::TimedOut,
        Some(DisconnectReason::AttemptDiscarded | DisconnectReason::Requested) => FailureKind::Discarded,
        Some(DisconnectReason::WsClosed(code)) => FailureKind::Closed(code.map(close_code)),
        Some(DisconnectReason::ProtocolViolation) => FailureKind::Protocol,
        _ => FailureKind::Io,
    }
}

fn close_code(code: songbird::model::CloseCode) -> CloseCode {
    CloseCode(code as u16)
}
