//! Turns: an attempt that begins with op 4 waits until the shard's budget has room for it.

use super::Recovery;
use crate::{Cause, Handled, Output, Retrying, Stage, State, Urgency, Verdict};
use refrain_model::Moment;

/// The turn of the attempt that is due or under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    /// None is needed.
    #[default]
    None,
    /// Asked for.
    Asked(Urgency),
    /// Granted: the attempt is under way.
    Held,
}

impl Recovery {
    /// An attempt is due: it begins with its turn.
    pub(super) fn begin(&mut self, now: Moment, cause: Cause) {
        let urgency = match cause {
            Cause::Join | Cause::Switch { .. } | Cause::Leave => Urgency::Asked,
            Cause::Recovery(_) => Urgency::Recovery,
        };
        self.begin_as(now, cause, urgency);
    }

    /// The same, for somebody who does not want to wait.
    pub(super) fn begin_as(&mut self, now: Moment, cause: Cause, urgency: Urgency) {
        if let Cause::Recovery(outage) = cause {
            if self.declines(outage) {
                return self.decline(now);
            }
            if !self.link.is_usable() {
                return self.await_guild(now, cause, false);
            }
            // A connection that still stands, on the way back from another channel, is no reason to wait.
            if let Some(missing) = self.lacks().filter(|_| !self.ledger.is_flowing()) {
                return self.await_access(now, outage, missing);
            }
        }
        self.ask_turn(now, cause, urgency);
    }

    pub(super) fn ask_turn(&mut self, now: Moment, cause: Cause, urgency: Urgency) {
        if self.turn != Turn::Asked(urgency) {
            self.return_turn();
            self.turn = Turn::Asked(urgency);
            self.say(Output::AskTurn { urgency });
        }
        self.on_the_way(cause, Stage::AwaitingTurn { until: now + self.policy.timeouts.turn });
    }

    /// The turn has come.
    pub(super) fn on_turn(&mut self, now: Moment) -> Handled {
        let State::Retrying(Retrying { cause, stage: Stage::AwaitingTurn { .. } }) = &self.state else {
            return Handled::Ignored;
        };
        let cause = *cause;
        self.turn = Turn::Held;
        self.set_out(now, cause);
        Handled::Taken
    }

    /// Nobody granted the turn, and nobody will.
    pub(super) fn take_turn(&mut self, now: Moment) {
        self.record(now, None, Verdict::NewSession, "no turn was granted for too long: it is taken");
        self.on_turn(now);
    }

    /// Gives the turn back when no attempt is due or under way any more.
    pub(super) fn settle_turn(&mut self) {
        let needed = match &self.state {
            State::Retrying(Retrying { cause, stage }) => match stage {
                Stage::AwaitingTurn { .. }
                | Stage::AskingAgain { .. }
                | Stage::Joining { .. }
                | Stage::Connecting { .. } => true,
                Stage::Leaving { .. } => *cause != Cause::Leave,
                Stage::Resuming { .. }
                | Stage::Weighing { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingServer { .. }
                | Stage::AwaitingGuild { .. } => false,
            },
            State::Idle(_) | State::Stable(_) => false,
        };
        if !needed {
            self.return_turn();
        }
    }

    fn return_turn(&mut self) {
        match core::mem::take(&mut self.turn) {
            Turn::None => {}
            Turn::Asked(_) | Turn::Held => self.say(Output::WithdrawTurn),
        }
    }
}
