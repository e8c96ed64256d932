//! The listener's report, as JSON, and the sessions it tells of.

use super::{GuildListener, Joined, lock, recording::ms};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Sessions, and changes of speaking, that are remembered.
const MAX_NOTES: usize = 1000;
/// Resumes that are remembered of one session.
const MAX_RESUMES: usize = 100;

/// One voice session.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SessionNote {
    ssrc: u32,
    user: String,
    channel: String,
    pub(super) mode: Option<&'static str>,
    version: u8,
    connected_ms: f64,
    resumed_ms: Vec<f64>,
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
struct SpeakingNote {
    at_ms: f64,
    speaking: u64,
    ssrc: u32,
}

/// What happened around the sound, newest last.
#[derive(Debug, Default)]
pub(super) struct History {
    channel: u64,
    sessions: VecDeque<SessionNote>,
    speaking: VecDeque<SpeakingNote>,
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

    pub(super) fn speaking(&mut self, at_ms: f64, ssrc: u32, speaking: u64) {
        let note = SpeakingNote { at_ms, speaking, ssrc };
        push(&mut self.speaking, note);
    }
}

fn push<T>(notes: &mut VecDeque<T>, note: T) {
    notes.push_back(note);
    if notes.len() > MAX_NOTES {
        notes.pop_front();
    }
}

/// Everything that is told of a guild's listener.
pub(super) fn report(guild: u64, listener: &GuildListener, strays: u64) -> Value {
    let now_ms = listener.clock.now_ms();
    let heard_until = listener.heard_until();
    let mut report = sound(listener, heard_until);
    let counters = *lock(&listener.counters);
    let history = lock(&listener.history);
    let ssrcs: Vec<u32> = history.sessions.iter().map(|session| session.ssrc).collect();
    let rest = json!({
        "guild": guild.to_string(),
        "channel": history.channel.to_string(),
        "now_ms": now_ms,
        "heard_until_ms": ms(heard_until),
        "decoding": listener.is_decoding,
        "packets": counters.packets,
        "undecryptable": counters.undecryptable,
        "transport_only": counters.transport_only,
        "dave_undecryptable": counters.dave_undecryptable,
        "dave_unheard": counters.dave_unheard,
        "out_of_order": counters.out_of_order,
        "duplicates": counters.duplicates,
        "nonce_reuse": counters.nonce_reuse,
        "before_speaking": counters.before_speaking,
        "unknown": counters.unknown,
        "strays": strays,
        "malformed": counters.malformed,
        "underruns": counters.underruns,
        "late": counters.late,
        "lost": counters.lost,
        "overflow": counters.overflow,
        "decoder_behind": counters.decoder_behind,
        "ssrcs": ssrcs,
        "sessions": history.sessions,
        "speaking": history.speaking,
    });
    if let (Value::Object(report), Value::Object(rest)) = (&mut report, rest) {
        report.extend(rest);
    }
    report
}

fn sound(listener: &GuildListener, heard_until: i64) -> Value {
    let recording = lock(&listener.recording);
    let silences: Vec<Value> = recording
        .silences(heard_until)
        .into_iter()
        .map(|silence| {
            let mut told = json!({ "start_ms": silence.start_ms, "length_ms": silence.length_ms });
            if silence.is_open {
                told["open"] = Value::Bool(true);
            }
            told
        })
        .collect();
    json!({
        "start_ms": recording.start_ms(),
        "decoded_ms": ms(recording.decoded),
        "music_ms": ms(recording.music),
        "first_frame_ms": recording.first_music_ms(),
        "truncated": recording.is_truncated,
        "level": recording.levels(),
        "silences": silences,
    })
}
