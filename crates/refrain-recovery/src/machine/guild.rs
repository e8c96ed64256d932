//! The shard and the guild: whether op 4 would be heard, and what their coming and going says about voice.

use super::{Presence, Recovery, turn::Turn};
use crate::{
    Cause, Handled, Idle, Notice, Outage, Output, Retrying, Stable, Stage, State, Stretch, Verdict, ledger::Hold,
};
use core::time::Duration;
use refrain_model::{ChannelId, Moment};

/// The way to Discord's main gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    shard: Shard,
    guild_available: bool,
    /// When shard or guild went away last, or came back.
    trouble: Option<Moment>,
    latency: Duration,
    missed_heartbeats: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shard {
    Up,
    /// Lost; it may come back with its session, and then nothing has happened to voice.
    Lost,
}

impl Default for Link {
    /// Well, until told otherwise.
    fn default() -> Self {
        Self { shard: Shard::Up, guild_available: true, trouble: None, latency: Duration::ZERO, missed_heartbeats: 0 }
    }
}

impl Link {
    /// Op 4 would be heard, and an answer would come.
    pub(super) const fn is_usable(self) -> bool {
        self.is_fresh() && self.guild_available
    }

    /// What the gateway says is new, no replay.
    pub(super) const fn is_fresh(self) -> bool {
        matches!(self.shard, Shard::Up)
    }

    pub(super) const fn shard_lost(&mut self, now: Moment) {
        self.shard = Shard::Lost;
        self.trouble = Some(now);
    }

    /// Whether the end of a connection goes with trouble of the shard or the guild: it stood when that came, and ended
    /// soon before or after. A connection that was made since has nothing to do with it.
    pub(super) fn explains(self, outage: &Outage, within: Duration) -> bool {
        let (Some(trouble), Some(stood)) = (self.trouble, outage.credit) else { return false };
        let made = outage.since.since_epoch().saturating_sub(stood);
        made < trouble.since_epoch() && outage.since <= trouble + within
    }

    pub(super) const fn health(&mut self, latency: Duration, missed_heartbeats: u32) {
        self.latency = latency;
        self.missed_heartbeats = missed_heartbeats;
    }

    /// How far pauses are stretched: when the main gateway suffers too, the trouble is global and haste adds to it.
    pub(super) fn stretch_percent(self, stretch: &Stretch) -> u32 {
        let missed = stretch.missed_percent.saturating_mul(self.missed_heartbeats.min(stretch.missed_most));
        let slow = if self.latency >= stretch.slow { stretch.slow_percent } else { 0 };
        missed.saturating_add(slow).saturating_add(100)
    }

    pub(super) const fn latency(self) -> Duration {
        self.latency
    }

    const fn shard_back(&mut self, now: Moment) {
        if !self.is_fresh() {
            self.trouble = Some(now);
        }
        self.shard = Shard::Up;
        self.missed_heartbeats = 0;
    }

    const fn guild_is(&mut self, now: Moment, available: bool) {
        if self.guild_available != available {
            self.trouble = Some(now);
        }
        self.guild_available = available;
    }
}

impl Recovery {
    /// The session is the old one: voice is untouched. Only what was said into the gap has to be said again.
    pub(super) fn on_shard_resumed(&mut self, now: Moment) {
        let was_lost = !self.link.is_fresh();
        self.link.shard_back(now);
        let State::Retrying(Retrying { cause, stage }) = &self.state else { return };
        match stage {
            Stage::AwaitingGuild { absent: true, .. } => {
                self.kicked(now, "a moderator disconnected the bot while the shard was away");
            }
            Stage::AwaitingGuild { absent: false, .. } => {
                if self.link.is_usable() {
                    let cause = *cause;
                    self.begin(now, cause);
                }
            }
            Stage::Joining { gathered, .. } if was_lost && gathered.session_id.is_none() => {
                let (cause, channel) = (*cause, Some(gathered.channel));
                if self.turn == Turn::Held {
                    self.say(Output::SendVoiceState { channel });
                } else {
                    self.begin(now, cause);
                }
            }
            Stage::Leaving { .. } if was_lost => self.send_leave(now),
            Stage::Leaving { .. }
            | Stage::AskingAgain { .. }
            | Stage::Joining { .. }
            | Stage::Connecting { .. }
            | Stage::Resuming { .. }
            | Stage::Weighing { .. }
            | Stage::AwaitingTurn { .. }
            | Stage::BackingOff { .. }
            | Stage::CoolingDown { .. }
            | Stage::AwaitingAccess { .. }
            | Stage::AwaitingServer { .. } => {}
        }
    }

    /// A new session: voice of the old one is dead. The guild comes back with its GUILD_CREATE.
    pub(super) fn on_shard_ready(&mut self, now: Moment) {
        self.link.shard_back(now);
        self.link.guild_is(now, false);
        self.presence = Presence::Nowhere;
        self.standing = None;
        self.nulls_owed.forget();
        let cause = match &mut self.state {
            State::Idle(_) => return,
            State::Retrying(Retrying { cause: Cause::Leave, .. }) => return self.rest(Idle::Left),
            State::Retrying(Retrying { stage: Stage::AwaitingGuild { until, absent }, .. }) => {
                (*until, *absent) = (now + self.policy.timeouts.guild, false);
                // Somebody asked for another channel meanwhile: the connection to the one before went on until now.
                return self.drop_connection(Hold::Well);
            }
            State::Retrying(_) | State::Stable(_) => self.going_on(now),
        };
        // The voice connection itself had not complained: what was sent so far was heard.
        self.drop_connection(Hold::Well);
        self.await_guild(now, cause, false);
    }

    /// The guild can be used, and shows where it has the bot.
    pub(super) fn on_guild_available(&mut self, now: Moment, channel: Option<ChannelId>) {
        self.link.shard_back(now);
        self.link.guild_is(now, true);
        let shown = channel.map_or(Presence::Nowhere, Presence::In);
        if shown != self.presence {
            self.standing = None;
        }
        self.presence = shown;
        match &self.state {
            State::Idle(_) => {}
            State::Stable(Stable { session, .. }) => {
                let believed = session.channel;
                self.reconcile(now, believed, channel, true);
            }
            State::Retrying(Retrying { cause, stage }) => match stage {
                Stage::AwaitingGuild { .. } => {
                    let cause = *cause;
                    self.begin(now, cause);
                }
                Stage::Leaving { .. } if channel.is_none() => {
                    let cause = *cause;
                    self.after_leave(now, cause);
                }
                Stage::Leaving { .. }
                | Stage::AskingAgain { .. }
                | Stage::Joining { .. }
                | Stage::Connecting { .. }
                | Stage::Resuming { .. }
                | Stage::Weighing { .. }
                | Stage::AwaitingTurn { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingServer { .. } => {}
            },
        }
    }

    /// The driver says connected, the guild says where: where they disagree, a new session settles it.
    pub(super) fn reconcile(&mut self, now: Moment, believed: ChannelId, shown: Option<ChannelId>, follows: bool) {
        if shown == Some(believed) {
            return;
        }
        if let Some(channel) = shown.filter(|_| follows) {
            self.follow(now, channel);
        }
        let outage = self.outage(now);
        self.drop_connection(Hold::Well);
        self.record(now, None, Verdict::NewSession, "the guild shows the bot elsewhere than it believes to be");
        self.schedule(now, outage);
    }

    /// An outage of the guild. A connection that stands may outlast it.
    pub(super) fn on_guild_unavailable(&mut self, now: Moment) {
        self.link.guild_is(now, false);
        let State::Retrying(Retrying { cause, stage }) = &self.state else { return };
        match stage {
            Stage::AskingAgain { .. } | Stage::Joining { .. } if *cause != Cause::Leave => {
                let cause = self.going_on(now);
                self.drop_connection(Hold::Well);
                self.await_guild(now, cause, false);
            }
            Stage::Weighing { .. } => {
                let cause = *cause;
                self.await_guild(now, cause, false);
            }
            Stage::Leaving { .. }
            | Stage::AskingAgain { .. }
            | Stage::Joining { .. }
            | Stage::Connecting { .. }
            | Stage::Resuming { .. }
            | Stage::AwaitingTurn { .. }
            | Stage::BackingOff { .. }
            | Stage::CoolingDown { .. }
            | Stage::AwaitingAccess { .. }
            | Stage::AwaitingServer { .. }
            | Stage::AwaitingGuild { .. } => {}
        }
    }

    /// Nothing to come back to.
    pub(super) fn on_gone(&mut self, now: Moment, reason: &'static str) {
        self.presence = Presence::Nowhere;
        self.leave_for_good(now, reason);
    }

    pub(super) fn on_channel_deleted(&mut self, now: Moment, channel: ChannelId) -> Handled {
        let was_there = self.presence == Presence::In(channel);
        if was_there {
            self.presence = Presence::Nowhere;
        }
        let recalled = match &self.state {
            State::Idle(idle) => idle.recall(),
            State::Retrying(_) | State::Stable(_) => None,
        };
        if self.intent.or(recalled) != Some(channel) {
            return Handled::taken_if(was_there);
        }
        let at_rest = matches!(self.state, State::Idle(_));
        self.leave_for_good(now, "the voice channel was deleted");
        // On the way from another channel: nobody wants the bot there any more.
        if !at_rest && matches!(self.presence, Presence::In(_)) {
            self.send_leave(now);
        }
        Handled::Taken
    }

    fn leave_for_good(&mut self, now: Moment, reason: &'static str) {
        match &self.state {
            State::Idle(idle) => {
                if idle.recall().is_some() {
                    self.want(None);
                }
                self.rest(Idle::Gone);
            }
            State::Retrying(Retrying { cause: Cause::Leave, .. }) => self.rest(Idle::Left),
            State::Retrying(_) | State::Stable(_) => self.stay_out(now, Idle::Gone, Notice::ChannelGone, reason),
        }
    }

    /// Nothing has been heard of the guild for long. With a shard that is up, one more look is worth an op 4.
    pub(super) fn look_again(&mut self, now: Moment, cause: Cause) {
        if self.link.is_fresh() {
            self.link.guild_is(now, true);
            self.begin(now, cause);
        } else {
            self.on_the_way(
                cause,
                Stage::AwaitingGuild { until: now + self.policy.timeouts.guild, absent: self.is_absent() },
            );
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self.state.stage(), Some(Stage::AwaitingGuild { absent: true, .. }))
    }
}
