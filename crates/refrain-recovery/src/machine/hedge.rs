//! Op 4 for the channel that Discord has the bot in already: it brings a server update, or nothing at all. Asking again
//! saves a round trip where it is answered, so it comes first, with a short wait; where it was of no use the last time,
//! the bot leaves first.

use super::Recovery;
use crate::{Cause, Gathered, Handled, Hedge, Output, Server, Stage, Verdict, ledger::Hold};
use core::time::Duration;
use refrain_model::Moment;

/// What asking again has been good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asking {
    /// The last time it led to no connection.
    in_vain: bool,
    /// This attempt began by asking again, and nothing has come of it so far.
    open: bool,
    /// When op 4 with a channel was sent, until it is answered.
    asked_at: Option<Moment>,
    /// How long the last answer to an op 4 took.
    round_trip: Option<Duration>,
}

impl Asking {
    /// Op 4 with a channel was sent.
    pub(super) const fn asked(&mut self, now: Moment) {
        self.asked_at = Some(now);
    }

    /// Both halves are there.
    pub(super) fn answered(&mut self, now: Moment) {
        if let Some(at) = self.asked_at.take() {
            self.round_trip = Some(now.since(at));
        }
    }

    /// The connection stands.
    pub(super) fn connected(&mut self) {
        if core::mem::take(&mut self.open) {
            self.in_vain = false;
        }
    }

    /// Another attempt begins.
    pub(super) fn attempt(&mut self) {
        if core::mem::take(&mut self.open) {
            self.in_vain = true;
        }
    }

    /// How long to wait for the answer.
    fn wait(&self, hedge: &Hedge, latency: Duration) -> Duration {
        let slower = self.round_trip.unwrap_or_default().max(latency);
        (slower.saturating_mul(hedge.percent) / 100).max(hedge.least).min(hedge.most)
    }
}

impl Recovery {
    /// The session to ask again with, where that is worth trying.
    pub(super) fn worth_asking(&self) -> Option<Gathered> {
        if self.asking.in_vain || self.policy.hedge.most.is_zero() { None } else { self.standing.clone() }
    }

    /// Op 4 for the channel that Discord has the bot in.
    pub(super) fn ask_again(&mut self, now: Moment, cause: Cause, gathered: Gathered) {
        self.drop_connection(Hold::Well);
        self.new_generation();
        self.asking.open = true;
        self.asking.asked(now);
        self.say(Output::SendVoiceState { channel: Some(gathered.channel) });
        let until = now + self.answer_time();
        self.on_the_way(cause, Stage::AskingAgain { until, gathered });
    }

    /// How long something that the main gateway says at once may take to arrive.
    pub(super) fn answer_time(&self) -> Duration {
        self.asking.wait(&self.policy.hedge, self.link.latency())
    }

    /// No answer: out first, and in again. An answer that is only late comes before the null state, and is passed over.
    pub(super) fn asked_in_vain(&mut self, now: Moment, cause: Cause, reason: &'static str) {
        self.asking.attempt();
        if let (Cause::Recovery(outage), Some(missing)) = (cause, self.lacks()) {
            return self.await_access(now, outage, missing);
        }
        self.record(now, None, Verdict::NewSession, reason);
        self.leave_first(now, cause);
    }

    /// A server update while leaving: the answer was only late. The next time it is worth a longer wait, if that is
    /// not too long.
    pub(super) fn answered_late(&mut self, now: Moment) -> Handled {
        if !self.asking.in_vain {
            return Handled::Ignored;
        }
        self.asking.answered(now);
        let hedge = &self.policy.hedge;
        self.asking.in_vain = self.asking.round_trip.is_none_or(|length| length > hedge.most);
        Handled::Taken
    }

    /// With these credentials a session has ended: to identify with them again earns a 4006.
    pub(super) fn is_spent(&self, server: &Server) -> bool {
        self.spent.as_ref() == Some(server)
    }
}
