//! One connection: a songbird `Driver` of its own, its attendant, and the track that it plays.

use super::{
    attendant::{Note, Notes},
    baton::Baton,
    frames::{self, Source},
};
use refrain_recovery::Generation;
use songbird::{
    Driver,
    tracks::{Track, TrackHandle},
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// Dropped, it is left.
pub(super) struct Connection {
    pub(super) generation: Generation,
    driver: Driver,
    /// Without one, nothing that happens to it is reported any more.
    notes: Option<Notes>,
    /// It was connected.
    is_up: Arc<AtomicBool>,
    baton: Arc<Baton>,
    track: Option<TrackHandle>,
}

impl Connection {
    pub(super) fn new(
        generation: Generation,
        driver: Driver,
        notes: Notes,
        is_up: Arc<AtomicBool>,
        baton: Arc<Baton>,
    ) -> Self {
        baton.enter(generation);
        Self { generation, driver, notes: Some(notes), is_up, baton, track: None }
    }

    pub(super) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    pub(super) fn note(&self, note: Note) {
        if let Some(notes) = &self.notes {
            // An error says that the guild's actor has ended, and the attendant with it.
            let _ = notes.send(note);
        }
    }

    /// The same, of which nothing is reported any more.
    pub(super) fn without_attendant(mut self) -> Self {
        self.notes = None;
        self
    }

    /// Gives it a songbird track that reads `source`, or takes it away.
    ///
    /// Before it is connected the track runs, whether frames flow or not: songbird takes orders to a track once a beat,
    /// and another beat would pass before the first frame. The baton holds the frames meanwhile.
    pub(super) fn play(&mut self, source: Option<Arc<Source>>, flowing: bool) {
        self.driver.stop();
        self.track = source.and_then(|source| {
            let handle = Arc::new(OnceLock::new());
            let input = frames::input(source, Arc::clone(&self.baton), self.generation, Arc::clone(&handle))
                .inspect_err(|error| tracing::error!(%error, "songbird refuses our frames; nothing can be heard"))
                .ok()?;
            let track = Track::new(input);
            let played = self.driver.play(if flowing || !self.is_up() { track.play() } else { track.pause() });
            Some(handle.get_or_init(|| played).clone())
        });
        self.note(Note::Flowing(flowing && self.track.is_some()));
    }

    /// Lets its track run, or holds it.
    pub(super) fn set_flowing(&self, flowing: bool) {
        self.note(Note::Flowing(flowing && self.track.is_some()));
        if let Some(track) = &self.track {
            // An error says that the track is over, and then there is nothing to hold.
            let _ = match (flowing, self.is_up()) {
                (true, _) => track.play(),
                (false, true) => track.pause(),
                // The order comes again once it is connected.
                (false, false) => Ok(()),
            };
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.baton.leave(self.generation);
        self.driver.leave();
    }
}
