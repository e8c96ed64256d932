//! A guild's record: all that has to outlive the process.

use crate::{ChannelId, GuildSettings, MessageId, QueueSnapshot, TrackId};
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// Lines of a timeline that a record keeps; the oldest go first.
pub const MAX_TIMELINE: usize = 100;

/// All that is known of a guild and has to outlive the process. Times are in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildRecord {
    /// The voice channel that the bot is meant to be in: the intent.
    pub voice_channel: Option<ChannelId>,
    /// Where the music was asked for last.
    pub text_channel: Option<ChannelId>,
    /// The queue.
    pub queue: QueueSnapshot,
    /// How far the current track has been heard.
    pub playhead: Option<Playhead>,
    /// Paused by a person.
    pub paused: bool,
    /// The volume in per cent; `None`: the guild's default.
    pub volume: Option<u16>,
    /// What the guild has set for itself; `None`: nothing.
    pub settings: Option<GuildSettings>,
    /// The message that says what plays.
    pub panel: Option<MessagePlace>,
    /// Too many tracks in a row could not be played: the queue waits for a member.
    pub halted: bool,
    /// The message of an interruption that goes on: one that a killed process could not bring to an end.
    pub incident_message: Option<MessagePlace>,
    /// A message for an interruption that is about to be made: the process may be killed before it learns its place.
    pub incident_asked: Option<AskedMessage>,
    /// What the voice connection went through.
    pub voice: VoiceRecord,
    /// What happened to it, newest first; at most [`MAX_TIMELINE`] lines.
    pub timeline: Vec<TimelineRecord>,
}

/// How far a track has been heard, and when that was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playhead {
    /// The track.
    pub track: TrackId,
    /// The position within it.
    pub position: Duration,
    /// When it was heard, in milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessagePlace {
    /// Its channel.
    pub channel: ChannelId,
    /// Its id.
    pub message: MessageId,
}

/// A message that was asked for and whose place is not known. Whoever asks once more for the message of the same incident
/// gets the one that is there, for as long as Discord remembers it: a few minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AskedMessage {
    /// The channel that it goes to.
    pub channel: ChannelId,
    /// Its incident.
    pub incident: u64,
    /// When it was asked for, in milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// What a voice connection went through. Times are in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoiceRecord {
    /// The last sign of life: a heartbeat's answer, a report.
    pub last_alive_unix_ms: Option<u64>,
    /// The voice server's answer took this long, in milliseconds, when it was last asked.
    pub ping_ms: Option<u32>,
    /// When a connection or an attempt ended last.
    pub last_close_unix_ms: Option<u64>,
    /// Its close code, where there was one.
    pub last_close_code: Option<u16>,
    /// What was made of it, in words for an operator.
    pub last_close_reason: Option<String>,
    /// Attempts made since the connection was lost.
    pub attempts: u32,
    /// When the music was first interrupted, while it still is.
    pub first_failure_unix_ms: Option<u64>,
    /// When a connection last came about.
    pub last_success_unix_ms: Option<u64>,
    /// The end of the cooldown that is being waited out.
    pub cooldown_until_unix_ms: Option<u64>,
    /// The channel that an override (`/recover`, `/resume`) asks the bot back to: it was disconnected from it, or refused.
    pub recall: Option<ChannelId>,
}

/// A line of a guild's incident timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRecord {
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The machine's state after it: `IDLE`, `RETRYING` or `STABLE`.
    pub state: String,
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The close code, where there was one.
    pub code: Option<u16>,
    /// What was decided, as `refrain-recovery` names its verdicts.
    pub verdict: String,
    /// Why, in words for an operator.
    pub reason: String,
    /// How often it came in a row.
    pub times: u32,
}
