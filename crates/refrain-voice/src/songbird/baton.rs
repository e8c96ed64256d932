//! Which of a guild's connections takes the frames. While a connection is made before the older one ends there are two
//! readers of one stream: the older goes on until the newer asks for its first frame, and never after that.

use super::pace::Pace;
use refrain_audio::{FrameStream, Next};
use refrain_recovery::Generation;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// What the readers of a guild share.
#[derive(Debug, Default)]
pub(super) struct Baton {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The connections that may take frames.
    runners: Vec<Generation>,
    /// The one that took the last.
    holder: Option<Generation>,
    /// Frames are to be heard at all.
    flowing: bool,
    /// Counts the beats of the holder while frames flow.
    pace: Pace,
}

impl Baton {
    /// This connection may take frames from now on, as soon as it can.
    pub(super) fn enter(&self, generation: Generation) {
        self.state().runners.push(generation);
    }

    /// It takes none any more. If it was the one that did, an older one may again.
    pub(super) fn leave(&self, generation: Generation) {
        let mut state = self.state();
        state.runners.retain(|runner| *runner != generation);
        state.holder.take_if(|holder| *holder == generation);
    }

    /// Lets the frames flow, or holds them: at once, whenever songbird gets to pausing its track.
    pub(super) fn set_flowing(&self, flowing: bool) {
        let mut state = self.state();
        if state.flowing != flowing {
            state.pace = Pace::default();
        }
        state.flowing = flowing;
    }

    /// Another stream begins: the time since the last frame of the one before is no gap.
    pub(super) fn restart_pace(&self) {
        self.state().pace = Pace::default();
    }

    /// Whether frames are to be heard.
    pub(super) fn is_flowing(&self) -> bool {
        self.state().flowing
    }

    /// Whether the reader has missed beats since the last call.
    pub(super) fn fell_behind(&self) -> bool {
        self.state().pace.fell_behind()
    }

    /// The next frame of `stream` for this connection; `None` while frames are held, when they are not its any more, or
    /// when the beat is one of those that songbird has missed. The lock is held over the call: no two connections ever
    /// move the stream at the same time.
    pub(super) fn take(&self, generation: Generation, stream: &FrameStream, now: Instant) -> Option<Next> {
        let mut state = self.state();
        (state.passes_to(generation) && state.pace.beat(now)).then(|| stream.next())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements, also after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether this connection may take a frame now; then it holds the baton.
    fn passes_to(&mut self, generation: Generation) -> bool {
        let may = self.flowing && self.runners.contains(&generation) && self.holder.is_none_or(|h| h <= generation);
        if may && self.holder != Some(generation) {
            self.holder = Some(generation);
            self.pace = Pace::default();
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Generation = Generation(1);
    const NEW: Generation = Generation(2);

    fn flowing(runners: &[Generation]) -> Baton {
        let baton = Baton::default();
        baton.set_flowing(true);
        runners.iter().for_each(|runner| baton.enter(*runner));
        baton
    }

    fn may(baton: &Baton, generation: Generation) -> bool {
        baton.state().passes_to(generation)
    }

    #[test]
    fn the_old_one_goes_on_until_the_new_one_asks_and_never_after() {
        let baton = flowing(&[OLD, NEW]);
        assert!(may(&baton, OLD) && may(&baton, OLD));
        assert!(may(&baton, NEW));
        assert!(!may(&baton, OLD));
        assert!(may(&baton, NEW));
    }

    #[test]
    fn while_frames_are_held_nobody_takes_any_and_asking_changes_nothing() {
        let baton = flowing(&[OLD, NEW]);
        baton.set_flowing(false);
        assert!(!may(&baton, NEW) && !may(&baton, OLD));
        baton.set_flowing(true);
        assert!(may(&baton, OLD));
    }

    #[test]
    fn who_has_left_takes_none_and_the_old_one_may_again() {
        let baton = flowing(&[OLD, NEW]);
        assert!(may(&baton, NEW));
        baton.leave(NEW);
        assert!(!may(&baton, NEW));
        assert!(may(&baton, OLD));
        baton.leave(OLD);
        assert!(!may(&baton, OLD));
    }

    #[test]
    fn an_old_one_that_leaves_late_takes_nothing_from_the_new_one() {
        let baton = flowing(&[OLD, NEW]);
        assert!(may(&baton, OLD) && may(&baton, NEW));
        baton.leave(OLD);
        assert!(may(&baton, NEW) && !may(&baton, OLD));
    }
}
