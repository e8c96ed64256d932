//! What the caller asks for when it opens a source, and what is known of the source once it is open. Pure.

use crate::probe::Body;
use refrain_model::SourceFacts;
use std::time::Duration;

/// Where to open a source, and what the caller knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenAt {
    /// The position that is wanted. A live source begins at its present instead.
    pub position: Duration,
    /// The extractor says that the source is live.
    pub live: bool,
    /// The length that the page gives, where it gives one.
    pub length: Option<Duration>,
}

impl OpenAt {
    /// Opens a source of which nothing is known at `position`.
    #[must_use]
    pub const fn position(position: Duration) -> Self {
        Self { position, live: false, length: None }
    }
}

/// What is known of a source by now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Knowledge {
    pub(crate) at: OpenAt,
    pub(crate) input: InputFacts,
    /// What the server says of the body, once it was asked.
    pub(crate) body: Option<Body>,
    /// The sound has come in real time for a good while.
    pub(crate) real_time: bool,
}

/// What ffmpeg says of its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InputFacts {
    /// It has opened the input: the server answered, and it is sound of some kind.
    pub(crate) opened: bool,
    pub(crate) duration: Told,
    /// A playlist (HLS, DASH): the body at the address is not the sound.
    pub(crate) playlist: bool,
    /// The server gives the name of a station.
    pub(crate) icy: bool,
    /// The input was opened and cannot be taken to the wanted position.
    pub(crate) seek_failed: bool,
}

/// The duration of an input, as ffmpeg tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Told {
    #[default]
    NotYet,
    Unknown,
    Known(Duration),
}

impl Knowledge {
    pub(crate) fn facts(&self) -> SourceFacts {
        let (live, length) = (self.is_live(), self.length());
        let whole = self.body.is_some_and(|body| body.ranges || body.has_length) && !self.input.playlist;
        SourceFacts { length: length.filter(|_| !live), live, seekable: !live && (length.is_some() || whole) }
    }

    pub(crate) fn length(&self) -> Option<Duration> {
        match self.input.duration {
            Told::Known(duration) => self.at.length.or(Some(duration)),
            Told::NotYet | Told::Unknown => self.at.length,
        }
    }

    /// Nothing says how long it is, so it may be endless.
    pub(crate) fn is_of_unknown_length(&self) -> bool {
        self.input.duration == Told::Unknown && self.at.length.is_none()
    }

    fn is_live(&self) -> bool {
        let bounded = self.body.is_some_and(|body| body.ranges || body.has_length);
        let station = self.input.icy || self.body.is_some_and(|body| body.icy);
        self.at.live || self.is_of_unknown_length() && (self.input.playlist || !bounded && (station || self.real_time))
    }

    /// Whether the sound has an end that can be waited for; `None` while that is not known.
    pub(crate) fn is_finite(&self) -> Option<bool> {
        if self.length().is_some() {
            return Some(true);
        }
        if self.input.playlist && self.input.duration == Told::Unknown {
            return Some(false);
        }
        self.body.map(|body| body.has_length || body.ranges)
    }

    /// Whether the input can be read from any position; `None` while that is not known.
    pub(crate) fn is_ranged(&self) -> Option<bool> {
        if self.input.seek_failed {
            return Some(false);
        }
        self.body.map(|body| body.ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn of(at: OpenAt, duration: Told, body: Option<Body>) -> Knowledge {
        Knowledge { at, input: InputFacts { opened: true, duration, ..InputFacts::default() }, body, real_time: false }
    }

    #[test]
    fn a_file_has_a_length_and_can_be_opened_anywhere() {
        let facts = of(OpenAt::default(), Told::Known(S(60)), None).facts();
        assert_eq!(facts, SourceFacts { length: Some(S(60)), live: false, seekable: true });
        let page = OpenAt { length: Some(S(600)), ..OpenAt::default() };
        let facts = of(page, Told::Known(S(20)), None).facts();
        assert_eq!(facts.length, Some(S(600)), "the page knows how long the track is, whatever the body holds");
    }

    #[test]
    fn what_is_marked_live_is_live_and_has_no_length() {
        let at = OpenAt { live: true, length: Some(S(9)), ..OpenAt::default() };
        let facts = of(at, Told::Known(S(60)), None).facts();
        assert_eq!(facts, SourceFacts { length: None, live: true, seekable: false });
    }

    #[test]
    fn a_station_a_live_playlist_and_an_endless_body_in_real_time_are_live() {
        let body = of(OpenAt::default(), Told::Unknown, Some(Body::default()));
        assert!(!body.facts().live && !body.facts().seekable);
        assert!(Knowledge { real_time: true, ..body }.facts().live);
        assert!(Knowledge { body: Some(Body { icy: true, ..Body::default() }), ..body }.facts().live);
        let file = Body { ranges: true, has_length: true, ..Body::default() };
        let playlist = InputFacts { playlist: true, ..body.input };
        let live = Knowledge { input: playlist, body: Some(file), ..body };
        assert!(live.facts().live && live.is_finite() == Some(false));
    }

    #[test]
    fn a_slow_body_whose_length_is_known_is_no_station() {
        let file = Some(Body { has_length: true, ..Body::default() });
        let slow = Knowledge { real_time: true, ..of(OpenAt::default(), Told::Unknown, file) };
        assert!(!slow.facts().live && slow.facts().seekable);
        let page = OpenAt { length: Some(S(600)), ..OpenAt::default() };
        assert!(!Knowledge { real_time: true, ..of(page, Told::Unknown, None) }.facts().live);
    }
}
