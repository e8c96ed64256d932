//! The governor of the process: one value behind a lock, with a clock, through which the actors take their turns.

use crate::metrics;
use refrain_model::{GuildId, Moment};
use refrain_recovery::{
    Urgency,
    governor::{Ask, Governor, GovernorPolicy, Grant},
};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, watch},
    time,
};
use tokio_util::task::AbortOnDropHandle;

/// The turns of a process. Dropping it ends its clock; then turns are granted only when others are given back.
pub(crate) struct Turns {
    shared: Arc<Shared>,
    _clock: AbortOnDropHandle<()>,
}

struct Shared {
    epoch: Instant,
    desk: Mutex<Desk>,
    /// Somebody began to wait, or waits for another moment than before.
    changed: Notify,
}

struct Desk {
    governor: Governor,
    /// Where those who wait are told, and which of their asks it was.
    bells: BTreeMap<GuildId, (Ticket, watch::Sender<Ticket>)>,
}

/// Numbers the asks of a guild, so that a late grant is not taken for the next one's.
type Ticket = u64;

impl Turns {
    /// Must be called within a tokio runtime. `epoch` is that of all moments in this process.
    pub(crate) fn start(policy: GovernorPolicy, epoch: Instant) -> Self {
        // Two bots on one machine should not keep step.
        let governor = Governor::new(policy, RandomState::new().hash_one(epoch));
        let desk = Mutex::new(Desk { governor, bells: BTreeMap::new() });
        let shared = Arc::new(Shared { epoch, desk, changed: Notify::new() });
        let clock = tokio::spawn(keep_time(shared.clone()));
        Self { shared, _clock: AbortOnDropHandle::new(clock) }
    }

    /// A guild's place at the desk.
    pub(crate) fn seat(&self, guild: GuildId) -> Seat {
        let (rings, bell) = watch::channel(0);
        Seat { shared: self.shared.clone(), guild, ticket: 0, rings, bell }
    }
}

/// One guild's place. Dropping it gives back what it holds and withdraws what it asked for.
pub(crate) struct Seat {
    shared: Arc<Shared>,
    guild: GuildId,
    /// The newest ask.
    ticket: Ticket,
    rings: watch::Sender<Ticket>,
    bell: watch::Receiver<Ticket>,
}

impl Seat {
    /// Asks for a turn; whether it is granted at once. Otherwise [`granted`](Self::granted) tells.
    pub(crate) fn ask(&mut self, urgency: Urgency, shard: u32, listeners: u32) -> bool {
        self.ticket += 1;
        let (guild, bell) = (self.guild, (self.ticket, self.rings.clone()));
        self.shared.with(Some(guild), |desk, now| {
            desk.governor.ask(now, Ask { guild, shard, urgency, listeners });
            desk.bells.insert(guild, bell);
        })
    }

    /// The turn is over, or no longer wanted.
    pub(crate) fn give_back(&mut self) {
        self.ticket += 1;
        let guild = self.guild;
        self.shared.with(None, |desk, _now| {
            desk.governor.done(guild);
            desk.bells.remove(&guild);
        });
    }

    /// Discord limits the rate of voice connections: no guild of this process gets a turn for so long.
    pub(crate) fn hold_all(&self, pause: Duration) {
        self.shared.with(None, |desk, now| desk.governor.hold(now + pause));
    }

    /// An op 4 of this guild went out.
    pub(crate) fn sent(&self, shard: u32) {
        self.shared.with(None, |desk, now| desk.governor.sent(now, self.guild, shard));
    }

    /// Ends when the turn that was asked for last has come. Can be dropped and called anew at any time.
    pub(crate) async fn granted(&mut self) {
        loop {
            if self.bell.changed().await.is_err() {
                // Cannot be: the seat holds the sender.
                return std::future::pending().await;
            }
            if *self.bell.borrow_and_update() == self.ticket {
                return;
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl Shared {
    /// Changes something and rings for everybody whose turn that brings; whether `who` is among them, who is not rung
    /// for.
    fn with(&self, who: Option<GuildId>, change: impl FnOnce(&mut Desk, Moment)) -> bool {
        let mut desk = self.lock();
        // Read under the lock, so that the governor's time never goes back.
        let now = Moment::from_epoch(self.epoch.elapsed());
        change(&mut desk, now);
        let granted = desk.ring(now, who);
        let load = desk.governor.load();
        drop(desk);
        metrics::load(load);
        if load.waiting > 0 {
            self.changed.notify_one();
        }
        granted
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        // The governor is whole between any two calls, so a panic elsewhere has not hurt it.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn ring(&mut self, now: Moment, who: Option<GuildId>) -> bool {
        let mut granted = false;
        while let Some(Grant { guild, urgency, waited }) = self.governor.poll_grant(now) {
            metrics::turn_granted(urgency, waited);
            let bell = self.bells.remove(&guild);
            if Some(guild) == who {
                granted = true;
            } else if let Some((ticket, bell)) = bell {
                bell.send_replace(ticket);
            }
        }
        granted
    }
}

/// Wakes the governor when it asks to be.
async fn keep_time(shared: Arc<Shared>) {
    loop {
        let wake = {
            let desk = shared.lock();
            desk.governor.next_wake(Moment::from_epoch(shared.epoch.elapsed()))
        };
        // A moment too far away to be told is none to wait for.
        let wake = wake.and_then(|at| shared.epoch.checked_add(at.since_epoch()));
        let due = async {
            match wake {
                Some(at) => time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.changed.notified() => {}
            () = due => {
                shared.with(None, |_desk, _now| {});
            }
        }
    }
}

#[cfg(test)]
#[path = "governor_tests.rs"]
mod tests;
