//! The places for runs of yt-dlp: tasks that wait, and the schedule that says whose turn it is.

use crate::{
    Purpose,
    schedule::{LineFull, Schedule, Ticket},
};
use refrain_model::GuildId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// All places. Clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    waiting: BTreeMap<Ticket, oneshot::Sender<Place>>,
}

/// The right to run one yt-dlp; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    purpose: Purpose,
}

impl Places {
    pub(crate) fn new(places: usize) -> Self {
        let state = State { schedule: Schedule::new(places), waiting: BTreeMap::new() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for a place, however long it takes. Dropping the future gives the turn up.
    pub(crate) async fn take(&self, guild: GuildId, purpose: Purpose) -> Result<Place, LineFull> {
        let (hand_over, place) = oneshot::channel();
        let ticket = {
            let mut state = self.lock();
            let ticket = state.schedule.ask(guild, purpose)?;
            state.waiting.insert(ticket, hand_over);
            ticket
        };
        let _waiting = Waiting { places: self, guild, purpose, ticket };
        self.hand_out();
        // Nothing but `_waiting` drops the sender before it sends.
        place.await.map_err(|_| LineFull)
    }

    /// Gives out what is free. A place whose receiver has gone comes back through its `Drop`, which takes the lock: so
    /// nothing is sent or dropped while it is held.
    fn hand_out(&self) {
        loop {
            let (receiver, place) = {
                let mut state = self.lock();
                let Some((ticket, purpose)) = state.schedule.next() else { return };
                (state.waiting.remove(&ticket), Place { places: self.clone(), purpose })
            };
            if let Some(receiver) = receiver {
                receiver.send(place).ok();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one call; the state is whole even where a holder panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().schedule.free(self.purpose);
        self.places.hand_out();
    }
}

/// A request in line; it leaves the line when this is dropped.
struct Waiting<'a> {
    places: &'a Places,
    guild: GuildId,
    purpose: Purpose,
    ticket: Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        state.schedule.withdraw(self.guild, self.purpose, self.ticket);
        state.waiting.remove(&self.ticket);
    }
}
