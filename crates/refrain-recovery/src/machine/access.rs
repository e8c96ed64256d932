//! What the bot lacks to join its channel. A channel that cannot be joined again is never left, and op 4 for it waits.

use super::Recovery;
use crate::{Cause, Handled, MissingAccess, Notice, Outage, Retrying, Stage, State, Urgency, Verdict, ledger::Hold};
use refrain_model::{ChannelId, Moment};

impl Recovery {
    /// What the bot may do in a channel has changed, as far as the guild knows.
    pub(super) fn on_access(&mut self, now: Moment, channel: ChannelId, missing: Option<MissingAccess>) -> Handled {
        let before = self.access.filter(|(of, _)| *of == channel).map(|(_, missing)| missing);
        if before == missing {
            return Handled::Ignored;
        }
        self.access = missing.map(|missing| (channel, missing));
        if self.intent != Some(channel) {
            return Handled::Taken;
        }
        let lacks = self.lacks();
        let flowing = self.ledger.is_flowing();
        let Some(cause @ Cause::Recovery(outage)) = self.state.cause() else { return Handled::Taken };
        if let State::Retrying(Retrying { stage, .. }) = &mut self.state {
            match (stage, lacks) {
                (Stage::AwaitingAccess { .. }, None) => self.begin(now, cause),
                (Stage::AwaitingAccess { missing, .. }, Some(lacks)) => *missing = lacks,
                (Stage::AwaitingTurn { .. } | Stage::BackingOff { .. }, Some(missing)) if !flowing => {
                    self.await_access(now, outage, missing);
                }
                // What is under way goes on, and a connection that stands stays; a cooldown is waited out first.
                (_, _) => {}
            }
        }
        Handled::Taken
    }

    /// What keeps the bot from joining the channel that it is meant to be in.
    pub(super) fn lacks(&self) -> Option<MissingAccess> {
        let (_, missing) = self.access.filter(|(channel, _)| self.intent == Some(*channel))?;
        missing.prevents_join().then_some(missing)
    }

    /// Waits for what is missing. The attempt that led here is no failure of the connection.
    pub(super) fn await_access(&mut self, now: Moment, outage: Outage, missing: MissingAccess) {
        let Some(channel) = self.intent else { return };
        self.drop_connection(Hold::Lost);
        self.history.excuse();
        let reason = match missing {
            MissingAccess::View => {
                "the bot may not view its voice channel: it waits for the permission, and does not leave"
            }
            MissingAccess::Connect | MissingAccess::Speak => {
                "the bot may not connect to its voice channel: it waits for the permission, and does not leave"
            }
            MissingAccess::Gone => "the guild shows no such voice channel: the bot waits for it",
        };
        self.record(now, None, Verdict::Wait, reason);
        self.tell(Notice::AwaitingAccess { channel, missing });
        let cause = Cause::Recovery(Outage { told: true, ..outage });
        self.on_the_way(cause, Stage::AwaitingAccess { until: now + self.policy.timeouts.access, channel, missing });
    }

    /// One more try, in case that what was told is out of date: op 4 for the channel, without a leave.
    pub(super) fn look(&mut self, now: Moment, cause: Cause, urgency: Urgency) {
        if self.link.is_usable() {
            self.ask_turn(now, cause, urgency);
        } else {
            self.await_guild(now, cause, false);
        }
    }
}
