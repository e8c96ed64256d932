//! What outlives the process: the guild's record, taken over when the guild begins and saved whenever it changes.

use super::Guild;
use crate::{GuildOutput, TimelineEntry};
use alloc::{borrow::ToOwned as _, boxed::Box, format, vec::Vec};
use core::time::Duration;
use refrain_model::{
    ChannelId, GuildRecord, GuildSettings, MAX_TIMELINE, Moment, TimelineRecord, TrackId, VoiceRecord,
};
use refrain_queue::Queue;
use refrain_recovery::{CloseCode, Incident, State, Verdict};

/// What the store was given last.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// Without its timeline: whether that has changed, `lines` tells.
    record: GuildRecord,
    lines: u64,
    seq: u64,
    /// The record has been read. Before that nothing is saved: it would take the place of what is there.
    read: bool,
    /// The process ends: what the bot does to leave in good order is not what members want.
    frozen: bool,
    /// What the voice connection went through, as far as the machine does not know it.
    voice: VoiceRecord,
    /// What the shell was told last about saving the playhead.
    watched: Option<Watched>,
    /// A member has put the music elsewhere in the track in this step: the answer waits for it.
    put: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watched {
    id: crate::SourceId,
    track: TrackId,
    trusted_until: Moment,
    heard: Duration,
}

impl Saved {
    pub(super) const fn begin(&mut self) {
        self.read = true;
    }

    /// The number of the latest save; `None` when nothing is saved.
    pub(super) fn last_seq(&self) -> Option<u64> {
        (self.read && self.seq > 0).then_some(self.seq)
    }

    /// The channel that the record names as the one to come back to when a member asks.
    pub(super) const fn recall(&self) -> Option<ChannelId> {
        self.voice.recall
    }

    const fn is_on(&self) -> bool {
        self.read && !self.frozen
    }
}

impl Guild {
    pub(super) fn take_over(&mut self, record: GuildRecord) {
        self.queue = Queue::restore(record.queue.clone(), self.policy.limits);
        let current = self.queue.current().map(|track| track.id);
        self.kept = record.playhead.filter(|playhead| Some(playhead.track) == current);
        self.paused = record.paused;
        self.halted = record.halted;
        self.volume = record.volume;
        self.text_channel = record.text_channel;
        self.wanted = record.voice_channel;
        self.panel.restore(record.panel);
        (self.incident_message, self.incident_asked) = (record.incident_message, record.incident_asked);
        if let Some(settings) = record.settings {
            self.own_settings = Some(settings.bounded());
            self.apply_settings();
        }
        self.voice_incidents.restore(record.timeline.iter().rev().filter_map(timeline_entry));
        self.restoring = record.voice_channel;
        self.saved.voice = record.voice.clone();
        self.saved.lines = self.voice_incidents.lines();
        self.saved.record = GuildRecord { timeline: Vec::new(), ..record };
    }

    /// After every step: what has changed is handed to the store.
    pub(super) fn save(&mut self) {
        if !self.saved.is_on() {
            return;
        }
        let record = self.record();
        let lines = self.voice_incidents.lines();
        let saved = &mut self.saved.record;
        // These change all the time. They are written when anything else changes; the playhead also by itself.
        saved.playhead = record.playhead;
        (saved.voice.last_alive_unix_ms, saved.voice.ping_ms) = (record.voice.last_alive_unix_ms, record.voice.ping_ms);
        let put = core::mem::take(&mut self.saved.put);
        if *saved == record && self.saved.lines == lines && !put {
            return;
        }
        self.saved.lines = lines;
        self.saved.record = record.clone();
        self.saved.seq += 1;
        let timeline = self.voice_incidents.timeline().take(MAX_TIMELINE).map(timeline_record).collect();
        let record = Box::new(GuildRecord { timeline, ..record });
        self.say(GuildOutput::Save { seq: self.saved.seq, record });
    }

    /// The last thing that is saved.
    pub(super) fn save_for_good(&mut self) {
        self.save();
        self.save_playhead_now();
        self.saved.frozen = true;
        self.forget_playhead();
    }

    /// A member has put the music elsewhere in the track: that does not wait until the music flows on from there, and the answer
    /// does not come before it is on the disk.
    pub(super) fn save_put_playhead(&mut self) {
        self.saved.put = true;
        self.save_playhead_now();
    }

    fn save_playhead_now(&mut self) {
        if let Some(playhead) = self.playhead().filter(|_| self.saved.is_on()) {
            self.say(GuildOutput::SavePlayhead(playhead));
        }
    }

    /// Tells the shell from which source the playhead is saved, and how far what has flowed counts as heard.
    pub(super) fn watch_playhead(&mut self) {
        let watched = self.to_watch();
        if watched == self.saved.watched {
            return;
        }
        match watched {
            None => self.forget_playhead(),
            Some(Watched { id, track, trusted_until, heard }) => {
                self.saved.watched = watched;
                self.say(GuildOutput::WatchPlayhead { id, track, trusted_until, heard });
            }
        }
    }

    fn to_watch(&self) -> Option<Watched> {
        let playback = self.playback.as_ref().filter(|_| self.saved.is_on())?;
        let open = playback.attached()?;
        // A seek that is under way counts: it was saved when a member asked for it.
        if open.rewinding.is_some()
            || matches!(
                &playback.slot,
                crate::source::Slot::Replacing { purpose: crate::source::Purpose::Seek { .. }, .. }
            )
        {
            return None;
        }
        let proof = self.recovery.proof();
        let heard = proof.heard.unwrap_or(open.flowed);
        Some(Watched { id: open.id, track: playback.track.id, trusted_until: proof.trusted_until, heard })
    }

    fn forget_playhead(&mut self) {
        if self.saved.watched.take().is_some() {
            self.say(GuildOutput::ForgetPlayhead);
        }
    }

    fn record(&self) -> GuildRecord {
        GuildRecord {
            voice_channel: self.wanted,
            text_channel: self.text_channel,
            queue: self.queue.snapshot(),
            playhead: self.playhead(),
            paused: self.paused,
            halted: self.halted,
            volume: self.volume,
            settings: self.own_settings,
            panel: self.panel.place(),
            incident_message: self.incident_message,
            incident_asked: self.incident_asked,
            voice: self.voice_record(),
            timeline: Vec::new(),
        }
    }

    fn voice_record(&self) -> VoiceRecord {
        let (now, snapshot) = (self.clocks(), self.recovery.snapshot());
        let known = &self.saved.voice;
        VoiceRecord {
            last_alive_unix_ms: snapshot.last_alive.map(|at| now.unix_ms_of(at)).or(known.last_alive_unix_ms),
            attempts: snapshot.attempt,
            // Worked out from a moment it would differ by a millisecond each time.
            cooldown_until_unix_ms: snapshot.cooldown_until.and(known.cooldown_until_unix_ms),
            recall: self.recall().or(self.recall_of_record()),
            ..known.clone()
        }
    }

    /// A line of the timeline says what the record has to know of the voice connection, too.
    pub(super) fn note_for_record(&mut self, incident: &Incident) {
        let (now, snapshot) = (self.clocks(), self.recovery.snapshot());
        let at = Some(now.unix_ms_of(incident.at));
        let voice = &mut self.saved.voice;
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
    #[must_use]
    pub fn settings(&self) -> GuildSettings {
        let settings = self.own_settings.unwrap_or_default();
        GuildSettings {
            auto_rejoin: settings.auto_rejoin.or(Some(self.policy.recovery.auto_rejoin)),
            auto_resume: settings.auto_resume.or(Some(self.policy.auto_resume)),
            ..settings
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

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
