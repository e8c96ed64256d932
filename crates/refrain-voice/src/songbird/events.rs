//! songbird's events, told as the recovery machine understands them.

use crate::{DriverReport, ReportSender};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, Generation};
use songbird::{
    CoreEvent, Driver, Event, EventContext, EventHandler,
    events::context_data::{DisconnectData, DisconnectKind, DisconnectReason},
};
use std::future::Future;
use std::pin::Pin;

/// Reports what happens to `driver` as events of `generation`.
pub(super) fn listen(driver: &mut Driver, generation: Generation, reports: &ReportSender) {
    for event in [CoreEvent::DriverConnect, CoreEvent::DriverReconnect, CoreEvent::DriverDisconnect] {
        driver.add_global_event(event.into(), Listener { generation, reports: reports.clone() });
    }
}

pub(super) fn report_failed(reports: &ReportSender, generation: Generation, kind: FailureKind) {
    report(reports, generation, DriverEvent::Failed { kind });
}

pub(super) fn report(reports: &ReportSender, generation: Generation, event: DriverEvent) {
    // An error says that the guild's actor has ended, and then nobody wants to know.
    let _ = reports.send(DriverReport::Connection { generation, event });
}

struct Listener {
    generation: Generation,
    reports: ReportSender,
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
        #[expect(clippy::wildcard_enum_match_arm, reason = "songbird's enum may grow; these three were asked for")]
        let event = match context {
            EventContext::DriverConnect(_) => Some(DriverEvent::Connected),
            EventContext::DriverReconnect(_) => Some(DriverEvent::Resumed),
            EventContext::DriverDisconnect(data) => disconnected(data),
            _ => None,
        };
        if let Some(event) = event {
            report(&self.reports, self.generation, event);
        }
        Box::pin(std::future::ready(None))
    }
}

/// `None` for a disconnect that we asked for.
fn disconnected(data: &DisconnectData<'_>) -> Option<DriverEvent> {
    if data.kind == DisconnectKind::Connect {
        return Some(DriverEvent::Failed { kind: failure(data.reason) });
    }
    match data.reason {
        Some(DisconnectReason::Requested) => None,
        Some(DisconnectReason::WsClosed(code)) => {
            Some(DriverEvent::Closed { code: code.map(close_code), resumable: false })
        }
        _ => Some(DriverEvent::Closed { code: None, resumable: false }),
    }
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
