//! The check of a connection that seems well: what is wanted, what the main gateway says and what the driver holds must
//! agree. It finds what nobody reported, however long ago it went wrong.

use super::{Presence, Recovery};
use crate::{Handled, Output, Stable, State, Verdict, backoff::jitter, ledger::Hold};
use rand_chacha::rand_core::RngCore;
use refrain_model::Moment;

/// When the next check is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Checks {
    /// The next one; `None` where there is nothing to check.
    pub(super) next: Option<Moment>,
    /// Until then checks come more often.
    troubled_until: Moment,
}

impl Recovery {
    /// There was trouble just now.
    pub(super) fn watch_closely(&mut self, now: Moment) {
        // The check that is due anyway comes sooner too.
        self.checks = Checks { next: None, troubled_until: now + self.policy.health.trouble_lasts };
    }

    /// After each step: whether there is something to check, and when.
    pub(super) fn settle_checks(&mut self, now: Moment) {
        let health = &self.policy.health;
        let to_check = match &self.state {
            State::Stable(_) => true,
            // At rest there is nothing to lose, but the bot may have been left behind in a channel.
            State::Idle(_) => matches!(self.presence, Presence::In(_)),
            State::Retrying(_) => false,
        };
        if !to_check || health.interval.is_zero() {
            self.checks.next = None;
        } else if self.checks.next.is_none() {
            let troubled = now < self.checks.troubled_until;
            let interval = if troubled { health.after_trouble.min(health.interval) } else { health.interval };
            let pause = jitter(interval, health.jitter_percent, self.rng.next_u32());
            // A check never follows itself without a pause, whatever the policy says.
            self.checks.next = Some(now + pause.max(core::time::Duration::from_secs(1)));
        }
    }

    /// A check is due.
    pub(super) fn check(&mut self, now: Moment) {
        self.checks.next = None;
        match &self.state {
            State::Stable(_) => {
                self.compare(now, true);
            }
            State::Idle(_) if self.link.is_usable() => {
                let reason = "Discord shows the bot in a channel that it is not meant to be in";
                self.record(now, None, Verdict::Leave, reason);
                self.send_leave(now);
            }
            State::Idle(_) | State::Retrying(_) => {}
        }
    }

    /// Wanted, shown and held must be the same channel; where they are not, a new session. Where they are, the driver
    /// is asked for a sign of life. Where the bot is shown in another channel it follows there, as after a move that it
    /// missed, but for somebody who asks for this one just now (`follows`).
    pub(super) fn compare(&mut self, now: Moment, follows: bool) -> Handled {
        let State::Stable(Stable { session, .. }) = &self.state else { return Handled::Ignored };
        let believed = session.channel;
        let shown = match self.presence {
            // What the main gateway said last is old while it is away.
            _ if !self.link.is_usable() => Some(believed),
            Presence::In(channel) => Some(channel),
            Presence::Nowhere => None,
            Presence::Unknown => Some(believed),
        };
        if shown != Some(believed) {
            self.reconcile(now, believed, shown, follows);
            return Handled::Taken;
        }
        match self.live {
            Some(generation) => self.say(Output::Probe { generation }),
            None => {
                let outage = self.outage(now);
                self.drop_connection(Hold::Lost);
                self.record(now, None, Verdict::NewSession, "the driver holds no connection");
                self.schedule(now, outage);
            }
        }
        Handled::Taken
    }
}
