//! What outlives the process: the guild's record, read when the actor begins and handed to the store whenever it changes.

use super::Actor;
use crate::{TimelineEntry, playheads::unix_ms};
use refrain_model::{
    AutoRejoin, AutoResume, GuildRecord, GuildSettings, MAX_TIMELINE, Playhead, TimelineRecord, VoiceRecord,
};
use refrain_queue::Queue;
use refrain_recovery::{CloseCode, Incident, State, Verdict};
use std::time::Duration;

/// Pauses before a record is read once more that the disk did not give.
const READ_AGAIN: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// What the store was last given.
#[derive(Default)]
pub(super) struct Memory {
    /// Without its timeline: whether that has changed, `lines` tells.
    saved: GuildRecord,
    lines: u64,
    /// The record has been read. Before that nothing is kept: it would take the place of what is there.
    read: bool,
    /// The process ends: what it does to leave in good order is not what people want.
    frozen: bool,
    /// What the voice connection went through, as far as the machine does not know it.
    voice: VoiceRecord,
}

impl Actor {
    /// Reads the guild's record. One that cannot be read is not overwritten: the guild plays from memory, and what it had
    /// is there when the bot is started again and the disk is well.
    pub(super) async fn recall(&mut self) {
        let guild = self.guild;
        let mut pauses = READ_AGAIN.into_iter();
        loop {
            let store = self.shared.store.clone();
            // An error of the task says that the runtime is shutting down.
            let Ok(read) = tokio::task::spawn_blocking(move || store.load(guild)).await else { return };
            match (read, pauses.next()) {
                (Ok(record), _) => {
                    record.into_iter().for_each(|record| self.take_over(record));
                    self.memory.read = true;
                    return;
                }
                (Err(error), Some(pause)) => {
                    tracing::warn!(guild_id = %guild, %error, ?pause, "the guild's record could not be read; again after a pause");
                    tokio::time::sleep(pause).await;
                }
                (Err(error), None) => {
                    tracing::error!(
                        guild_id = %guild,
                        %error,
                        "the guild's record cannot be read: it begins without one, and nothing of it is kept until the bot \
                         is started again; stop the bot and see what `refrain store check` says"
                    );
                    return;
                }
            }
        }
    }

    fn take_over(&mut self, record: GuildRecord) {
        let queue = Queue::restore(record.queue.clone(), self.shared.settings.limits);
        let current = queue.current().map(|track| track.id);
        self.queue = queue;
        self.kept = record.playhead.filter(|playhead| Some(playhead.track) == current);
        self.paused = record.paused;
        self.volume = record.volume;
        self.text_channel = record.text_channel;
        self.wanted = record.voice_channel;
        self.panel.restore(record.panel);
        (self.incident_message, self.incident_asked) = (record.incident_message, record.incident_asked);
        if let Some(settings) = record.settings {
            self.own_settings = Some(settings.bounded());
            self.apply();
        }
        self.book.restore(record.timeline.iter().rev().filter_map(timeline_entry));
        if let Some(channel) = record.voice_channel {
            self.comeback = Some(super::comeback::Comeback { channel });
        }
        self.memory.voice = record.voice.clone();
        self.memory.lines = self.book.lines();
        self.memory.saved = GuildRecord { timeline: Vec::new(), ..record };
    }

    /// After every step: what has changed is handed to the store.
    pub(super) fn remember(&mut self) {
        if !self.memory.read || self.memory.frozen {
            return;
        }
        let record = self.record();
        let lines = self.book.lines();
        let saved = &mut self.memory.saved;
        // These flow by themselves, and are written along with what does not.
        saved.playhead = record.playhead;
        (saved.voice.last_alive_unix_ms, saved.voice.ping_ms) = (record.voice.last_alive_unix_ms, record.voice.ping_ms);
        if *saved == record && self.memory.lines == lines {
            return;
        }
        self.memory.lines = lines;
        self.memory.saved = record.clone();
        let timeline = self.book.timeline().take(MAX_TIMELINE).map(timeline_record).collect();
        self.shared.store.save(self.guild, GuildRecord { timeline, ..record });
    }

    /// The last thing that is kept; leaving voice in good order is not what people wanted.
    pub(super) fn remember_for_good(&mut self) {
        self.remember();
        self.keep_playhead();
        self.memory.frozen = true;
    }

    /// Somebody has put the music elsewhere in the track: that does not wait until it flows on from there.
    pub(super) fn keep_playhead(&mut self) {
        if let Some(playhead) = self.playhead().filter(|_| self.memory.read && !self.memory.frozen) {
            self.shared.store.save_playhead(self.guild, playhead);
        }
    }

    fn record(&self) -> GuildRecord {
        GuildRecord {
            voice_channel: self.wanted,
            text_channel: self.text_channel,
            queue: self.queue.snapshot(),
            playhead: self.playhead(),
            paused: self.is_paused(),
            volume: self.volume,
            settings: self.own_settings,
            panel: self.panel.place(),
            incident_message: self.incident_message,
            incident_asked: self.incident_asked,
            voice: self.voice_record(),
            timeline: Vec::new(),
        }
    }

    /// How far the current track has been heard.
    pub(super) fn playhead(&self) -> Option<Playhead> {
        let track = self.queue.current()?.id;
        match &self.playback {
            Some(playback) => Some(Playhead { track, position: playback.position(), at_unix_ms: unix_ms() }),
            None => self.kept.filter(|kept| kept.track == track),
        }
    }

    fn voice_record(&self) -> VoiceRecord {
        let (now, snapshot) = (self.wall_clock(), self.recovery.snapshot());
        let unix = |moment| now.unix_ms_of(moment);
        let known = &self.memory.voice;
        VoiceRecord {
            last_alive_unix_ms: snapshot.last_alive.map(unix).or(known.last_alive_unix_ms),
            ping_ms: self.meter.latency(snapshot.generation).map(millis).or(known.ping_ms),
            attempts: snapshot.attempt,
            // Worked out from a moment it would differ by a millisecond each time.
            cooldown_until_unix_ms: snapshot.cooldown_until.and(known.cooldown_until_unix_ms),
            recall: match self.recovery.state() {
                State::Idle(idle) => idle.recall(),
                State::Retrying(_) | State::Stable(_) => None,
            },
            ..known.clone()
        }
    }

    /// A line of the timeline says what the record has to know of the voice connection, too.
    pub(super) fn note_for_record(&mut self, incident: &Incident) {
        let (now, snapshot) = (self.wall_clock(), self.recovery.snapshot());
        let at = Some(now.unix_ms_of(incident.at));
        let voice = &mut self.memory.voice;
        match incident.verdict {
            Verdict::Recovered | Verdict::Join if matches!(self.recovery.state(), State::Stable(_)) => {
                (voice.last_success_unix_ms, voice.first_failure_unix_ms) = (at, None);
            }
            Verdict::Resume | Verdict::NewSession | Verdict::Weigh | Verdict::Fatal => {
                voice.first_failure_unix_ms = voice.first_failure_unix_ms.or(at);
                voice.last_close_unix_ms = at;
                voice.last_close_code = incident.code.map(|code| code.0);
                voice.last_close_reason = Some(incident.reason.clone().into_owned());
            }
            Verdict::CoolDown => voice.cooldown_until_unix_ms = snapshot.cooldown_until.map(|at| now.unix_ms_of(at)),
            Verdict::Leave | Verdict::StayOut => voice.first_failure_unix_ms = None,
            Verdict::Recovered | Verdict::Join | Verdict::Follow | Verdict::Wait => {}
        }
    }

    /// What counts for the guild: its own word, and where it has none the operator's.
    pub(super) fn settings(&self) -> GuildSettings {
        let settings = self.own_settings.unwrap_or_default();
        let operator = &self.shared.settings;
        GuildSettings {
            auto_rejoin: settings.auto_rejoin.or(Some(operator.recovery.auto_rejoin)),
            auto_resume: settings.auto_resume.or(Some(operator.auto_resume)),
            ..settings
        }
    }

    pub(super) fn auto_rejoin(&self) -> AutoRejoin {
        self.settings().auto_rejoin.unwrap_or_default()
    }

    pub(super) fn auto_resume(&self) -> AutoResume {
        self.settings().auto_resume.unwrap_or_default()
    }
}

fn millis(length: Duration) -> u32 {
    u32::try_from(length.as_millis()).unwrap_or(u32::MAX)
}

const STATES: [&str; 3] = ["IDLE", "RETRYING", "STABLE"];

const VERDICTS: [Verdict; 11] = [
    Verdict::Join,
    Verdict::Leave,
    Verdict::Recovered,
    Verdict::Resume,
    Verdict::NewSession,
    Verdict::Weigh,
    Verdict::Follow,
    Verdict::Wait,
    Verdict::CoolDown,
    Verdict::StayOut,
    Verdict::Fatal,
];

fn timeline_record(entry: &TimelineEntry) -> TimelineRecord {
    TimelineRecord {
        unix_ms: entry.unix_ms,
        state: entry.state.to_owned(),
        attempt: entry.attempt,
        code: entry.code.map(|code| code.0),
        verdict: format!("{:?}", entry.verdict),
        reason: entry.reason.clone().into_owned(),
        times: entry.times,
    }
}

/// A line of another version, with a word that this one does not know, is left out.
fn timeline_entry(record: &TimelineRecord) -> Option<TimelineEntry> {
    Some(TimelineEntry {
        unix_ms: record.unix_ms,
        state: STATES.into_iter().find(|state| *state == record.state)?,
        attempt: record.attempt,
        code: record.code.map(CloseCode),
        verdict: VERDICTS.into_iter().find(|verdict| format!("{verdict:?}") == record.verdict)?,
        reason: record.reason.clone().into(),
        times: record.times,
    })
}

/// Nothing of a guild is looked at any more.
impl Drop for Actor {
    fn drop(&mut self) {
        self.shared.playheads.forget(self.guild);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_timeline_is_the_same_after_a_restart_and_an_unknown_one_is_left_out() {
        for verdict in VERDICTS {
            let entry = TimelineEntry {
                unix_ms: 1,
                state: "RETRYING",
                attempt: 2,
                code: Some(CloseCode(4006)),
                verdict,
                reason: "the voice session is no longer valid".into(),
                times: 3,
            };
            assert_eq!(timeline_entry(&timeline_record(&entry)), Some(entry));
        }
        let strange = TimelineRecord {
            unix_ms: 1,
            state: "STABLE".into(),
            attempt: 0,
            code: None,
            verdict: "Teleport".into(),
            reason: String::new(),
            times: 1,
        };
        assert_eq!(timeline_entry(&strange), None);
    }
}
