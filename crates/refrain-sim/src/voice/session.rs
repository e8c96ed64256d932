//! One client's session: what it says to its socket, if it has one, and what outlives the socket.

use super::{
    media::Media,
    outbox::Outbox,
    trouble::Ending,
    wire::{Identify, Packed, ServerMessage, Version},
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// What a socket is told to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    /// Send this.
    Say(Packed),
    /// End, after what was said before.
    End(Ending),
    /// Close with 4014 unless the client does so within a short while.
    Revoked,
}

/// The way to a socket's task.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub(super) id: u64,
    /// Which server it is at.
    pub(super) server: usize,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Socket {
    /// A socket that is gone, or that has a thousand messages waiting, misses this one.
    pub(super) fn tell(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::debug!(socket = self.id, "a voice socket did not take a command");
        }
    }
}

/// Whether a session has a socket.
#[derive(Debug)]
pub(super) enum Link {
    Attached(Socket),
    Detached { since_ms: f64 },
}

/// What was agreed about end-to-end encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Negotiation {
    /// The highest version that the client speaks.
    pub(super) offered: u16,
    /// The version that Session Description named; `None` before it.
    pub(super) chosen: Option<u16>,
}

impl Negotiation {
    pub(super) fn of(identify: &Identify) -> Self {
        Self { offered: identify.max_dave_protocol_version, chosen: None }
    }
}

/// One client's session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) channel: u64,
    /// Which server it is at: another one knows nothing of it.
    pub(super) server: usize,
    pub(super) session_id: String,
    pub(super) token: String,
    pub(super) ssrc: u32,
    pub(super) version: Version,
    pub(super) link: Link,
    pub(super) outbox: Outbox,
    pub(super) negotiation: Negotiation,
    pub(super) media: Arc<Mutex<Media>>,
}

impl Session {
    /// Sends a message, numbered and kept where the version and the message ask for it.
    pub(super) fn say(&mut self, message: ServerMessage) {
        let is_buffered = message.is_buffered();
        if self.version == Version::Buffered && is_buffered {
            let seq = self.outbox.next_seq();
            let packed = message.encode(self.version, Some(seq));
            self.outbox.keep(seq, packed.clone());
            return self.tell(Command::Say(packed));
        }
        let packed = message.encode(self.version, None);
        if is_buffered && !self.is_attached() {
            // Older versions have no numbers to resume from, but a member that missed a commit can never go on: what
            // is said while there is no socket waits for the next one.
            let seq = self.outbox.next_seq();
            return self.outbox.keep(seq, packed);
        }
        self.tell(Command::Say(packed));
    }

    pub(super) fn tell(&self, command: Command) {
        match &self.link {
            Link::Attached(socket) => socket.tell(command),
            Link::Detached { .. } => {}
        }
    }

    /// Closes its socket, if it has one.
    pub(super) fn close(&self, code: Option<u16>, reason: &str) {
        self.tell(Command::End(Ending::Close { code, reason: reason.to_owned() }));
    }

    /// Whether this is its socket.
    pub(super) fn holds(&self, socket: u64) -> bool {
        match &self.link {
            Link::Attached(attached) => attached.id == socket,
            Link::Detached { .. } => false,
        }
    }

    pub(super) fn is_attached(&self) -> bool {
        match self.link {
            Link::Attached(_) => true,
            Link::Detached { .. } => false,
        }
    }
}

/// The listed codes other than 4015 say that the session is over; 1000 to 1015 and unlisted ones do not.
pub(super) fn ends_the_session(code: u16) -> bool {
    matches!(code, 4001..=4006 | 4009 | 4011 | 4012 | 4014 | 4016 | 4017 | 4020 | 4021 | 4022)
}

/// A poisoned lock is taken all the same: one session's panic is not another's.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
