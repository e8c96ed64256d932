//! Leaving by itself: when the queue has run out, and when nobody listens.

use super::Actor;
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{Intent, State};
use std::time::Duration;

/// How often it is looked whether anybody listens, while the bot is in a channel.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How long nobody may listen: people change channels, and come back.
const ALONE_FOR: Duration = Duration::from_secs(60);

/// Since when there is no reason to stay.
#[derive(Debug, Default)]
pub(super) struct Rest {
    idle_since: Option<Moment>,
    alone_since: Option<Moment>,
    look_at: Option<Moment>,
}

impl Actor {
    /// After every step: what speaks for leaving is noticed, and the bot leaves when it has for long enough.
    pub(super) fn rest(&mut self) {
        let now = self.now();
        let State::Stable(_) = self.recovery.state() else {
            self.rest = Rest::default();
            return;
        };
        let Some(channel) = self.recovery.intent() else { return };
        self.notice(now, channel);
        let idle = self.leaves_when_idle().is_some_and(|at| at <= now);
        let alone = self.rest.alone_since.is_some_and(|since| now.since(since) >= ALONE_FOR);
        if idle || alone {
            let why = if idle { "the queue has run out" } else { "nobody listens" };
            tracing::info!(guild_id = %self.guild, voice_channel_id = %channel, "leaving: {why}");
            self.kept = self.playhead();
            self.silence();
            self.wish(Intent::Leave);
            self.rest = Rest::default();
        }
    }

    fn notice(&mut self, now: Moment, channel: ChannelId) {
        let idle = self.queue.current().is_none();
        self.rest.idle_since = if idle { self.rest.idle_since.or(Some(now)) } else { None };
        if self.stays_alone() {
            (self.rest.alone_since, self.rest.look_at) = (None, None);
        } else if self.rest.look_at.is_none_or(|at| at <= now) {
            self.rest.look_at = Some(now + LOOK_EVERY);
            let alone = self.shared.port.listeners(self.guild, channel) == Some(0);
            self.rest.alone_since = if alone { self.rest.alone_since.or(Some(now)) } else { None };
        }
    }

    /// When to look again.
    pub(super) fn rest_wake_up(&self) -> Option<Moment> {
        if !matches!(self.recovery.state(), State::Stable(_)) {
            return None;
        }
        self.leaves_when_idle().into_iter().chain(self.rest.look_at).min()
    }

    fn leaves_when_idle(&self) -> Option<Moment> {
        Some(self.rest.idle_since? + self.settings().leaves_after()?)
    }

    /// The guild wants the bot to stay in its channel when nobody listens.
    pub(super) fn stays_alone(&self) -> bool {
        !self.settings().leave_if_no_listeners
    }

    /// The guild wants the bot to stay in its channel when the queue has run out.
    pub(super) fn stays_idle(&self) -> bool {
        self.settings().leaves_after().is_none()
    }
}
