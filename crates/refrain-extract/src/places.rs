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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::Future,
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
    };

    const GUILD: GuildId = GuildId::new(1);

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn granted(polled: Poll<Result<Place, LineFull>>) -> Option<Place> {
        match polled {
            Poll::Ready(place) => place.ok(),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_place_is_passed_on_when_it_is_dropped() {
        let places = Places::new(1);
        let (mut a, mut b) = (pin!(places.take(GUILD, Purpose::Play)), pin!(places.take(GUILD, Purpose::Play)));
        let place = granted(poll(a.as_mut())).unwrap();
        assert!(granted(poll(b.as_mut())).is_none());
        drop(place);
        assert!(granted(poll(b.as_mut())).is_some());
    }

    #[test]
    fn a_future_that_is_dropped_leaves_the_line() {
        let places = Places::new(1);
        let place = granted(poll(pin!(places.take(GUILD, Purpose::LookUp)))).unwrap();
        let mut gone = Box::pin(places.take(GUILD, Purpose::LookUp));
        let mut next = pin!(places.take(GUILD, Purpose::LookUp));
        assert!(granted(poll(gone.as_mut())).is_none() && granted(poll(next.as_mut())).is_none());
        drop(gone);
        drop(place);
        assert!(granted(poll(next.as_mut())).is_some());
    }

    #[test]
    fn a_place_that_was_handed_over_and_never_taken_comes_back() {
        let places = Places::new(1);
        let place = granted(poll(pin!(places.take(GUILD, Purpose::LookUp)))).unwrap();
        let mut gone = Box::pin(places.take(GUILD, Purpose::LookUp));
        let mut next = pin!(places.take(GUILD, Purpose::LookUp));
        assert!(granted(poll(gone.as_mut())).is_none() && granted(poll(next.as_mut())).is_none());
        // Now `gone` has its place, but is not polled again.
        drop(place);
        assert!(granted(poll(next.as_mut())).is_none());
        drop(gone);
        assert!(granted(poll(next.as_mut())).is_some());
    }

    #[test]
    fn a_guild_that_asks_for_too_much_is_refused_and_no_other_guild() {
        let places = Places::new(1);
        let _place = granted(poll(pin!(places.take(GUILD, Purpose::Play)))).unwrap();
        let mut waiting = Vec::new();
        for _ in 0..Purpose::Play.max_waiting() {
            let mut future = Box::pin(places.take(GUILD, Purpose::Play));
            assert!(poll(future.as_mut()).is_pending());
            waiting.push(future);
        }
        assert!(matches!(poll(pin!(places.take(GUILD, Purpose::Play))), Poll::Ready(Err(LineFull))));
        assert!(poll(pin!(places.take(GUILD, Purpose::LookUp))).is_pending());
        assert!(poll(pin!(places.take(GuildId::new(2), Purpose::Play))).is_pending());
        waiting.pop();
        assert!(poll(pin!(places.take(GUILD, Purpose::Play))).is_pending());
    }
}
