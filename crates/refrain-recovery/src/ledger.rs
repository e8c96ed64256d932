//! The playhead ledger: what of the current track people have heard, and where the music goes on.

use core::time::Duration;

/// A position counts as heard only up to the last proof of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ledger {
    track: Option<Position>,
    frames: Frames,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    /// Where this track began; an overlap never reaches back beyond it.
    start: Duration,
    heard: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frames {
    Flowing,
    Held(Hold),
}

/// Why the frames are held, which decides where they go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The connection was well up to the hold: all that was sent was heard.
    Well,
    /// The connection was lost: frames may have gone into the void since the last proof of life.
    Lost,
}

impl Ledger {
    pub(crate) const fn new() -> Self {
        Self { track: None, frames: Frames::Held(Hold::Well) }
    }

    /// A proof of life; whether it proves anything about the music. While frames are held nobody hears any.
    pub(crate) fn heard(&mut self, playhead: Duration) -> bool {
        match (&mut self.track, self.frames) {
            (Some(track), Frames::Flowing) => track.heard = playhead,
            (None, Frames::Flowing) => self.track = Some(Position { start: Duration::ZERO, heard: playhead }),
            (_, Frames::Held(_)) => return false,
        }
        true
    }

    pub(crate) fn track_started(&mut self, playhead: Duration) {
        self.track = Some(Position { start: playhead, heard: playhead });
    }

    /// What was proved of the current track.
    pub(crate) fn proved(&self) -> Option<Duration> {
        self.track.as_ref().map(|track| track.heard)
    }

    /// The connection was lost, and the frames are held since.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self.frames, Frames::Held(Hold::Lost))
    }

    pub(crate) const fn is_flowing(&self) -> bool {
        matches!(self.frames, Frames::Flowing)
    }

    /// Holds the frames; whether they were flowing until now.
    pub(crate) fn hold(&mut self, hold: Hold) -> bool {
        match self.frames {
            Frames::Flowing => {
                self.frames = Frames::Held(hold);
                true
            }
            Frames::Held(_) => false,
        }
    }

    /// Lets the frames flow. Where they go on after a loss; `None` when they stand where they should.
    pub(crate) fn release(&mut self, overlap: Duration) -> Option<Duration> {
        let held = core::mem::replace(&mut self.frames, Frames::Flowing);
        match held {
            Frames::Held(Hold::Lost) => {
                self.track.as_ref().map(|t| t.heard.saturating_sub(overlap).max(t.start.min(t.heard)))
            }
            Frames::Held(Hold::Well) | Frames::Flowing => None,
        }
    }
}
