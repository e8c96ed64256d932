//! After a restart: whether the music comes back, and how, decided once Discord has told about the guild.

use super::Guild;
use crate::{GuildOutput, Leftover, Observation, PanelNews, Scene, StaysAway};
use core::time::Duration;
use refrain_model::{AutoResume, ChannelId, Moment, TrackId};
use refrain_recovery::Intent;

/// The music is on its way back; once it is heard, the panel says for how long it was away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Returning {
    track: TrackId,
    /// When it was last heard, in milliseconds since 1970; `None` when that is not known.
    last_heard_unix_ms: Option<u64>,
    from: Duration,
}

impl Guild {
    /// The guild is there. The bot comes back, or decides not to: once, and quietly where no member is left to hear.
    pub(super) fn restore(&mut self) {
        let Some(channel) = self.restoring else { return };
        // The shell describes a channel from the call after the one that named it: the record may have come just now.
        if self.scene_of(channel).is_none() && self.restore_at.is_none() {
            self.restore_at = Some(self.now());
            return;
        }
        (self.restoring, self.restore_at) = (None, None);
        self.settle_leftover();
        match self.may_come_back(channel) {
            Ok(paused) => self.return_to(channel, paused),
            Err(why) => self.stay_away(channel, why),
        }
    }

    /// The message of an interruption that the process before could not bring to its end.
    pub(super) fn settle_leftover(&mut self) {
        let (message, asked) = (self.incident_message.take(), self.incident_asked.take());
        if let Some(leftover) = message.map(Leftover::At).or(asked.map(Leftover::Asked)) {
            self.say(GuildOutput::SettleLeftover(leftover));
        }
    }

    /// When to look at the channel from before the restart, where the shell has not described it yet.
    pub(super) fn restore_deadline(&self) -> Option<Moment> {
        self.restore_at.filter(|_| self.restoring.is_some())
    }

    /// Whether the music is paused when it is back; or why it does not come back.
    fn may_come_back(&self, channel: ChannelId) -> Result<bool, StaysAway> {
        let wanted = self.settings().auto_resume.unwrap_or_default();
        let scene = self.scene_of(channel).unwrap_or(Scene::Open { listeners: None });
        match scene {
            _ if wanted == AutoResume::StayAway => Err(StaysAway::AsSet),
            Scene::Gone | Scene::Forbidden { .. } => Err(StaysAway::NoWayIn),
            Scene::Open { listeners: Some(0) } if !self.stays_alone() => Err(StaysAway::NobodyListens),
            // With nothing to play it would only sit there, unless the guild wants it to.
            Scene::Open { .. } if self.queue.current().is_none() && !self.stays_idle() => Err(StaysAway::AsSet),
            Scene::Open { .. } => Ok(self.paused || wanted == AutoResume::Paused),
        }
    }

    fn return_to(&mut self, channel: ChannelId, paused: bool) {
        let kept = self.kept;
        let from = kept.map(|kept| kept.position).unwrap_or_default();
        let waits = paused && !self.paused;
        self.note(Observation::ComingBack { channel, from, paused });
        self.paused = paused;
        self.has_played = true;
        self.wish(Intent::Return { channel });
        // A halt ends by a member's word, not by a restart.
        if self.halted {
            return;
        }
        self.play_current();
        // Playing a track resets nothing that a member decided before the restart.
        self.paused = paused && self.queue.current().is_some();
        let Some(track) = self.queue.current().map(|track| track.id) else { return };
        if waits {
            self.panel.tell(PanelNews::Waits { from });
        } else if !paused {
            let last_heard_unix_ms = kept.map(|kept| kept.at_unix_ms);
            self.returning = Some(Returning { track, last_heard_unix_ms, from });
        }
    }

    fn stay_away(&mut self, channel: ChannelId, why: StaysAway) {
        self.note(Observation::StayingAway { channel, why });
        self.wanted = None;
        // Discord may still have the bot in the channel, from before.
        self.wish(Intent::Leave);
        if self.queue.current().is_some() {
            let from = self.kept.map(|kept| kept.position).unwrap_or_default();
            self.panel.tell(PanelNews::StaysAway { why, from });
        }
    }

    /// A track is heard. It is news only when it is the one that the restart interrupted.
    pub(super) fn is_heard_after_restart(&mut self) {
        let Some(Returning { track, last_heard_unix_ms, from }) = self.returning.take() else { return };
        if self.queue.current().map(|current| current.id) != Some(track) {
            return;
        }
        let away = last_heard_unix_ms.map(|at| Duration::from_millis(self.observed.unix_ms.saturating_sub(at)));
        let away = away.unwrap_or_default();
        self.note(Observation::BackAfterRestart { away, from });
        self.panel.tell(PanelNews::Resumed { away, from });
    }
}
