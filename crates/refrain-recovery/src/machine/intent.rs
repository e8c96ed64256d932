//! What people want; the last one wins.

use super::{Presence, Recovery};
use crate::{Cause, Handled, Idle, Intent, Outage, Retrying, Stage, State, Urgency, Verdict, ledger::Hold};
use refrain_model::{ChannelId, Moment};

impl Recovery {
    pub(super) fn on_intent(&mut self, now: Moment, intent: Intent) -> Handled {
        match intent {
            Intent::Join { channel } => self.on_join(now, channel),
            Intent::Return { channel } => self.on_return(now, channel),
            Intent::Leave => self.on_leave(now),
            Intent::Override => self.on_override(now),
        }
    }

    fn on_join(&mut self, now: Moment, channel: ChannelId) -> Handled {
        if self.intent == Some(channel) {
            // There, or on the way there already: where somebody doubts it, it is looked at.
            return self.compare(now, false);
        }
        match &self.state {
            State::Idle(_) => {
                self.history.forget();
                self.take_up(now, channel);
                self.begin(now, Cause::Join);
            }
            State::Stable(stable) => {
                let from = stable.session.channel;
                self.take_up(now, channel);
                self.begin(now, Cause::Switch { from });
            }
            State::Retrying(Retrying { cause, stage }) => match stage {
                // A leave is confirmed before the next join; a lost guild comes back before it.
                Stage::Leaving { .. } | Stage::AwaitingGuild { .. } => {
                    let (cause, stage) = (asked_anew(now, *cause, channel), stage.clone());
                    self.take_up(now, channel);
                    self.on_the_way(cause, stage);
                }
                Stage::AwaitingTurn { .. } => {
                    let cause = asked_anew(now, *cause, channel);
                    self.take_up(now, channel);
                    self.begin(now, cause);
                }
                Stage::AskingAgain { .. }
                | Stage::Joining { .. }
                | Stage::Connecting { .. }
                | Stage::Resuming { .. }
                | Stage::Weighing { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingServer { .. } => {
                    let cause = asked_anew(now, *cause, channel);
                    self.take_up(now, channel);
                    // A connection of before a move goes on until the new one stands; an attempt is over.
                    self.drop_attempt();
                    self.begin(now, cause);
                }
            },
        }
        Handled::Taken
    }

    /// The process was restarted. Nothing is known of the connection of before; Discord may still show it.
    fn on_return(&mut self, now: Moment, channel: ChannelId) -> Handled {
        if !matches!(self.state, State::Idle(_)) || self.intent.is_some() {
            return self.on_join(now, channel);
        }
        self.history.forget();
        self.record(now, None, Verdict::Join, "back to the channel of before the restart");
        self.want(Some(channel));
        self.begin(now, Cause::Recovery(Outage { since: now, credit: None, told: false }));
        Handled::Taken
    }

    fn take_up(&mut self, now: Moment, channel: ChannelId) {
        self.record(now, None, Verdict::Join, "asked to be in a channel");
        self.want(Some(channel));
    }

    fn on_leave(&mut self, now: Moment) -> Handled {
        let asked_in = match &self.state {
            State::Idle(Idle::Left) if !matches!(self.presence, Presence::In(_)) => return Handled::Ignored,
            State::Idle(idle) if !matches!(self.presence, Presence::In(_)) => {
                // Nobody calls a kicked bot back after a leave, and no restart either.
                if idle.recall().is_some() {
                    self.want(None);
                }
                self.rest(Idle::Left);
                return Handled::Taken;
            }
            State::Retrying(Retrying { cause: Cause::Leave, .. }) => return Handled::Ignored,
            State::Retrying(Retrying { stage: Stage::Leaving { until }, .. }) => {
                let until = *until;
                self.record(now, None, Verdict::Leave, "asked to leave, while leaving");
                self.want(None);
                self.on_the_way(Cause::Leave, Stage::Leaving { until });
                return Handled::Taken;
            }
            // Op 4 is on its way, so Discord may have us in the channel before it says so.
            State::Retrying(Retrying { stage: Stage::Joining { .. }, .. }) => true,
            State::Idle(_) | State::Retrying(_) | State::Stable(_) => false,
        };
        self.drop_connection(Hold::Well);
        self.record(now, None, Verdict::Leave, "asked to leave");
        self.want(None);
        if asked_in || self.presence != Presence::Nowhere {
            self.send_leave(now);
            self.on_the_way(Cause::Leave, Stage::Leaving { until: now + self.policy.timeouts.leave });
        } else {
            self.rest(Idle::Left);
        }
        Handled::Taken
    }

    /// Somebody asks a bot back that stays out, or does not want to wait.
    fn on_override(&mut self, now: Moment) -> Handled {
        match &self.state {
            State::Idle(idle) => match idle.recall() {
                Some(channel) => self.on_join(now, channel),
                None => Handled::Ignored,
            },
            State::Stable(_) => self.connect_anew(now),
            State::Retrying(Retrying { cause, stage }) => match stage {
                Stage::AwaitingTurn { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingServer { .. } => {
                    let cause = *cause;
                    self.history.new_round();
                    self.record(now, None, Verdict::NewSession, "a moderator does not want to wait");
                    self.begin_as(now, cause, Urgency::Asked);
                    Handled::Taken
                }
                Stage::AwaitingAccess { .. } => {
                    let cause = *cause;
                    self.record(
                        now,
                        None,
                        Verdict::NewSession,
                        "a moderator wants an attempt although a permission is missing",
                    );
                    self.look(now, cause, Urgency::Asked);
                    Handled::Taken
                }
                Stage::Leaving { .. }
                | Stage::AskingAgain { .. }
                | Stage::Joining { .. }
                | Stage::Connecting { .. }
                | Stage::Resuming { .. }
                | Stage::Weighing { .. }
                | Stage::AwaitingGuild { .. } => Handled::Ignored,
            },
        }
    }
}

impl Recovery {
    /// A moderator says that a connection which seems to stand is not heard. It is made anew, unless the bot could not come
    /// back to its channel.
    fn connect_anew(&mut self, now: Moment) -> Handled {
        if self.lacks().is_some() || !self.link.is_usable() {
            return Handled::Ignored;
        }
        self.drop_connection(Hold::Lost);
        self.history.new_round();
        self.record(now, None, Verdict::NewSession, "a moderator wants the connection made anew");
        let outage = Outage { since: now, credit: None, told: false };
        self.begin_as(now, Cause::Recovery(outage), Urgency::Asked);
        Handled::Taken
    }
}

/// What a way is for after somebody asked for `channel` in the middle of it. On the way from one channel to another,
/// going back is a recovery of what there was.
fn asked_anew(now: Moment, cause: Cause, channel: ChannelId) -> Cause {
    match cause {
        Cause::Switch { from } if from == channel => Cause::Recovery(Outage { since: now, credit: None, told: false }),
        Cause::Switch { from } => Cause::Switch { from },
        Cause::Join | Cause::Recovery(_) | Cause::Leave => Cause::Join,
    }
}
