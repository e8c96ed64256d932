//! After a restart: whether the music comes back, and how, decided once Discord has told about the guild.

use super::Actor;
use crate::{Leftover, PanelNews, Scene, StaysAway, playheads::unix_ms};
use refrain_model::{AutoResume, ChannelId};
use refrain_recovery::Intent;
use std::time::Duration;

/// The bot was in a channel when the process ended, and nothing has been decided yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comeback {
    pub(super) channel: ChannelId,
}

/// The music is on its way back; once it is heard, people read for how long it was away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Returning {
    /// When it was last heard, in milliseconds since 1970; `None` when that is not known.
    last_heard_unix_ms: Option<u64>,
    from: Duration,
}

impl Actor {
    /// The guild is there. Comes back, or decides not to: that is done once, and quietly where nobody is left to hear.
    pub(super) fn come_back(&mut self) {
        let Some(Comeback { channel }) = self.comeback.take() else { return };
        let (message, asked) = (self.incident_message.take(), self.incident_asked.take());
        if let Some(leftover) = message.map(Leftover::At).or(asked.map(Leftover::Asked)) {
            self.shared.port.settle_leftover(self.guild, leftover);
        }
        match self.may_come_back(channel) {
            Ok(paused) => self.return_to(channel, paused),
            Err(why) => self.stay_away(channel, why),
        }
    }

    /// Whether the music is paused when it is back; or why it does not come back.
    fn may_come_back(&self, channel: ChannelId) -> Result<bool, StaysAway> {
        let wanted = self.auto_resume();
        match self.shared.port.scene(self.guild, channel) {
            _ if wanted == AutoResume::StayAway => Err(StaysAway::AsSet),
            Scene::Gone | Scene::Forbidden => Err(StaysAway::NoWayIn),
            Scene::Open { listeners: Some(0) } if !self.stays_alone() => Err(StaysAway::NobodyListens),
            // With nothing to play it would only sit there, unless the guild wants it to.
            Scene::Open { .. } if self.queue.current().is_none() && !self.stays_idle() => Err(StaysAway::AsSet),
            Scene::Open { .. } => Ok(self.paused || wanted == AutoResume::Paused),
        }
    }

    fn return_to(&mut self, channel: ChannelId, paused: bool) {
        let from = self.kept.map(|kept| kept.position).unwrap_or_default();
        let waits = paused && !self.paused;
        tracing::info!(guild_id = %self.guild, voice_channel_id = %channel, ?from, paused, "coming back after a restart");
        let last_heard_unix_ms = self.kept.map(|kept| kept.at_unix_ms);
        self.paused = paused;
        self.has_played = true;
        self.wish(Intent::Return { channel });
        self.play_current(Vec::new());
        if self.queue.current().is_none() {
            return;
        }
        if waits {
            self.panel.tell(PanelNews::Waits { from });
        } else if !paused {
            self.returning = Some(Returning { last_heard_unix_ms, from });
        }
    }

    fn stay_away(&mut self, channel: ChannelId, why: StaysAway) {
        tracing::info!(guild_id = %self.guild, voice_channel_id = %channel, ?why, "staying away after a restart");
        self.wanted = None;
        // Discord may still have the bot in the channel, from before.
        self.wish(Intent::Leave);
        if self.queue.current().is_some() {
            let from = self.kept.map(|kept| kept.position).unwrap_or_default();
            self.panel.tell(PanelNews::StaysAway { why, from });
        }
    }

    /// The music is heard again.
    pub(super) fn is_heard_again(&mut self) {
        let Some(Returning { last_heard_unix_ms, from }) = self.returning.take() else { return };
        let away = last_heard_unix_ms.map(|at| Duration::from_millis(unix_ms().saturating_sub(at)));
        let away = away.unwrap_or_default();
        tracing::info!(guild_id = %self.guild, ?away, ?from, "the music is back after a restart");
        self.panel.tell(PanelNews::Resumed { away, from });
    }
}
