//! The thread that runs all rooms: events in the order in which they happened, and the time in between.

use super::room::{Event, Room, Spoken};
use crate::{
    clock::SimClock,
    voice::{Shared, session::lock},
};
use anyhow::Context;
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, Weak,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

/// Guild and channel.
type Place = (u64, u64);

/// Events that may wait.
const MAX_WAITING: usize = 65_536;
/// The longest that the thread sleeps.
const TICK: Duration = Duration::from_millis(200);

/// Something that happened in a room.
#[derive(Debug)]
pub(in crate::voice) struct Job {
    place: Place,
    room: Arc<Mutex<Room>>,
    event: Event,
}

/// All rooms, and the way to the thread.
#[derive(Debug)]
pub(in crate::voice) struct Rooms {
    dave: super::Dave,
    rooms: BTreeMap<Place, Arc<Mutex<Room>>>,
    jobs: SyncSender<Job>,
}

impl Rooms {
    pub(in crate::voice) fn new(dave: super::Dave) -> (Self, Receiver<Job>) {
        let (jobs, queue) = sync_channel(MAX_WAITING);
        (Self { dave, rooms: BTreeMap::new(), jobs }, queue)
    }

    /// What is asked of clients.
    pub(in crate::voice) fn policy(&self) -> super::DavePolicy {
        self.dave.policy
    }

    /// The room of a channel; `None` where nothing is ever encrypted.
    pub(in crate::voice) fn room(&mut self, place: Place) -> Option<Arc<Mutex<Room>>> {
        if self.dave.policy == super::DavePolicy::Never {
            return None;
        }
        if let Some(room) = self.rooms.get(&place) {
            return Some(Arc::clone(room));
        }
        match Room::new(place.1, self.dave) {
            Ok(room) => {
                let room = Arc::new(Mutex::new(room));
                self.rooms.insert(place, Arc::clone(&room));
                Some(room)
            }
            Err(error) => {
                tracing::error!(%error, channel = place.1, "making the keys of a channel's external sender");
                None
            }
        }
    }

    /// Something happens in a channel.
    pub(in crate::voice) fn happen(&mut self, place: Place, event: Event) {
        let Some(room) = self.room(place) else {
            return;
        };
        if self.jobs.try_send(Job { place, room, event }).is_err() {
            tracing::error!(channel = place.1, "the end-to-end encryption does not keep up: an event is lost");
        }
    }
}

/// Starts the thread; it ends with the server.
pub(in crate::voice) fn spawn(jobs: Receiver<Job>, shared: &Arc<Shared>) -> anyhow::Result<()> {
    let (shared, clock) = (Arc::downgrade(shared), shared.clock);
    std::thread::Builder::new()
        .name(String::from("sim-voice-dave"))
        .spawn(move || run(&jobs, clock, |guild, spoken| say(&shared, guild, spoken)))
        .context("starting the thread of the end-to-end encryption")?;
    Ok(())
}

fn say(shared: &Weak<Shared>, guild: u64, spoken: Spoken) {
    if let Some(shared) = shared.upgrade() {
        lock(&shared.registry).say_of_group(guild, spoken);
    }
}

/// Runs the rooms until the other end of `jobs` is gone.
fn run(jobs: &Receiver<Job>, clock: SimClock, mut say: impl FnMut(u64, Spoken)) {
    let mut busy: BTreeMap<Place, Arc<Mutex<Room>>> = BTreeMap::new();
    loop {
        let now_ms = clock.now_ms();
        let next_ms = busy.values().filter_map(|room| lock(room).next_ms()).min_by(f64::total_cmp);
        let wait = next_ms.map_or(TICK, |next_ms| {
            Duration::try_from_secs_f64((next_ms - now_ms) / 1000.0).unwrap_or_default().min(TICK)
        });
        match jobs.recv_timeout(wait) {
            Ok(Job { place, room, event }) => {
                step(place, &room, event, clock.now_ms(), &mut say);
                busy.insert(place, room);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now_ms = clock.now_ms();
        busy.retain(|place, room| {
            let next_ms = lock(room).next_ms();
            if next_ms.is_some_and(|next_ms| next_ms <= now_ms) {
                step(*place, room, Event::Tick, now_ms, &mut say);
            }
            next_ms.is_some()
        });
    }
}

fn step(place: Place, room: &Mutex<Room>, event: Event, now_ms: f64, say: &mut impl FnMut(u64, Spoken)) {
    // The MLS libraries assert where they should refuse; one channel's trouble is not to be the others'.
    let spoken = catch_unwind(AssertUnwindSafe(|| lock(room).happen(event, now_ms)));
    match spoken {
        Ok(spoken) => spoken.into_iter().for_each(|spoken| say(place.0, spoken)),
        Err(_) => tracing::error!(channel = place.1, "a channel's end-to-end encryption broke down"),
    }
}
