//! What happened around the sound: sessions, their sockets, changes of speaking.

use super::Joined;
use serde::Serialize;
use std::collections::VecDeque;

/// Sessions, changes of speaking, and closes that are remembered.
const MAX_NOTES: usize = 1000;
/// Resumes that are remembered of one session.
const MAX_RESUMES: usize = 100;

/// One voice session.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SessionNote {
    pub(super) ssrc: u32,
    user: String,
    channel: String,
    pub(super) mode: Option<&'static str>,
    version: u8,
    pub(super) connected_ms: f64,
    pub(super) resumed_ms: Vec<f64>,
    /// When its socket was last gone; null while it has one.
    pub(super) closed_ms: Option<f64>,
    pub(super) code: Option<u16>,
}

impl SessionNote {
    pub(super) fn new(joined: &Joined, now_ms: f64) -> Self {
        Self {
            ssrc: joined.ssrc,
            user: joined.user.to_string(),
            channel: joined.channel.to_string(),
            mode: None,
            version: joined.version,
            connected_ms: now_ms,
            resumed_ms: Vec::new(),
            closed_ms: None,
            code: None,
        }
    }

    pub(super) fn resumed(&mut self, now_ms: f64) {
        self.closed_ms = None;
        self.code = None;
        if self.resumed_ms.len() < MAX_RESUMES {
            self.resumed_ms.push(now_ms);
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct SpeakingNote {
    at_ms: f64,
    speaking: u64,
    ssrc: u32,
}

/// The end of a session's socket.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CloseNote {
    pub(super) at_ms: f64,
    pub(super) code: Option<u16>,
    ssrc: u32,
}

/// What happened around the sound, newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) channel: u64,
    pub(super) sessions: VecDeque<SessionNote>,
    pub(super) speaking: VecDeque<SpeakingNote>,
    pub(super) closes: VecDeque<CloseNote>,
}

impl History {
    pub(super) fn joined(&mut self, channel: u64, session: SessionNote) {
        self.channel = channel;
        push(&mut self.sessions, session);
    }

    pub(super) fn with_session(&mut self, ssrc: u32, change: impl FnOnce(&mut SessionNote)) {
        let newest_first = self.sessions.iter_mut().rev();
        if let Some(session) = { newest_first }.find(|session| session.ssrc == ssrc) {
            change(session);
        }
    }

    pub(super) fn closed(&mut self, ssrc: u32, code: Option<u16>, at_ms: f64) {
        self.with_session(ssrc, |session| {
            session.closed_ms = Some(at_ms);
            session.code = code;
        });
        push(&mut self.closes, CloseNote { at_ms, code, ssrc });
    }

    pub(super) fn speaking(&mut self, at_ms: f64, ssrc: u32, speaking: u64) {
        push(&mut self.speaking, SpeakingNote { at_ms, speaking, ssrc });
    }
}

fn push<T>(notes: &mut VecDeque<T>, note: T) {
    notes.push_back(note);
    if notes.len() > MAX_NOTES {
        notes.pop_front();
    }
}
