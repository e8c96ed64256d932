//! The voice server: gateway v4 and v8 over TLS, UDP media, sessions, faults.

use crate::{clock::SimClock, listener::Listeners, log::FrameLog};
use std::path::PathBuf;

/// How the voice server behaves.
#[derive(Clone, Debug)]
pub struct VoiceOptions {
    /// What Hello asks for, in milliseconds.
    pub heartbeat_interval_ms: u64,
    /// Artificial delay of every voice gateway frame that the server sends, in milliseconds.
    pub latency_ms: u64,
    /// Where `ca.pem` is written.
    pub ca_dir: PathBuf,
}

/// The voice server's handle; clones share one server.
#[derive(Clone, Debug)]
pub struct VoiceServer {
    options: VoiceOptions,
    listeners: Listeners,
}

impl VoiceServer {
    /// Binds to 127.0.0.1, writes the CA and serves until the last handle is gone.
    ///
    /// # Errors
    /// When a socket cannot be bound or the CA cannot be written.
    #[expect(clippy::unused_async, reason = "the sockets follow in the next commit")]
    pub async fn start(options: VoiceOptions, _clock: SimClock, _log: FrameLog) -> anyhow::Result<Self> {
        Ok(Self { options, listeners: Listeners::default() })
    }

    /// `localhost:PORT`, what goes into VOICE_SERVER_UPDATE.
    #[must_use]
    pub fn endpoint(&self) -> String {
        String::from("localhost:1")
    }

    /// Where the CA lies that clients must trust.
    #[must_use]
    pub fn ca_path(&self) -> PathBuf {
        self.options.ca_dir.join("ca.pem")
    }

    /// A fresh token for this user; replaces older unused ones.
    #[must_use]
    pub fn grant(&self, _guild: u64, _channel: u64, _user: u64, _session_id: &str) -> String {
        String::new()
    }

    /// The user left the channel: credentials and session end.
    pub fn revoke(&self, _guild: u64, _user: u64) {}

    /// Closes the user's voice socket now; false when there is none.
    pub fn close(&self, _guild: u64, _user: u64, _code: Option<u16>, _reason: &str) -> bool {
        false
    }

    /// Resets the user's voice socket (TCP RST); false when there is none.
    pub fn reset(&self, _guild: u64, _user: u64) -> bool {
        false
    }

    /// Whether resumes of this guild's sessions are refused.
    pub fn refuse_resume(&self, _guild: u64, _refuse: bool) {}

    /// Who is in the channel now.
    pub fn members_changed(&self, _guild: u64, _channel: u64, _users: &[u64]) {}

    /// What people in the channels heard.
    #[must_use]
    pub fn listeners(&self) -> Listeners {
        self.listeners.clone()
    }
}
