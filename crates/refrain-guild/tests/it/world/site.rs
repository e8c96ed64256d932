//! The sites that music comes from: what a look-up finds, and how opening a source goes.

use super::audio::{Fate, somewhere};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use refrain_guild::{FailureClass, SourceFacts, SourceFailure};
use refrain_model::TrackInfo;
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

/// How the sites behave, in per cent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mood {
    /// Look-ups that fail.
    pub(crate) look_up_fails: u32,
    /// Openings that fail.
    pub(crate) open_fails: u32,
    /// For which reason.
    pub(crate) class: FailureClass,
    pub(crate) retry_after: Option<Duration>,
    /// Sources that break, that stall, that end before their length.
    pub(crate) breaks: u32,
    pub(crate) stalls: u32,
    pub(crate) early: u32,
    /// The longest that a look-up and an opening take.
    pub(crate) slow: Duration,
}

impl Mood {
    /// All is well.
    pub(crate) const WELL: Self = Self {
        look_up_fails: 0,
        open_fails: 0,
        class: FailureClass::Site,
        retry_after: None,
        breaks: 0,
        stalls: 0,
        early: 0,
        slow: Duration::from_millis(400),
    };

    /// Every opening fails for this reason.
    pub(crate) fn failing(class: FailureClass) -> Self {
        Self { open_fails: 100, class, ..Self::WELL }
    }
}

/// A song, by its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Song {
    pub(crate) length: Duration,
    pub(crate) told: bool,
    pub(crate) live: bool,
    /// Live, but the page does not say so: it turns out.
    pub(crate) secretly_live: bool,
    pub(crate) seekable: bool,
    /// Can never be opened.
    pub(crate) gone: bool,
}

impl Song {
    pub(crate) const fn of(length: Duration) -> Self {
        Self { length, told: true, live: false, secretly_live: false, seekable: true, gone: false }
    }
}

/// What an opening comes to.
pub(crate) type Opening = Result<(Duration, SourceFacts, (Duration, Fate), (Duration, bool)), SourceFailure>;

#[derive(Debug)]
pub(crate) struct Sites {
    pub(crate) mood: Mood,
    pub(crate) songs: BTreeMap<String, Song>,
    /// All is well for ever: what is live does not end.
    pub(crate) healed: bool,
    /// What the next look-ups find, instead of anything.
    pub(crate) next: Vec<Song>,
}

impl Default for Sites {
    fn default() -> Self {
        Self { mood: Mood::WELL, songs: BTreeMap::new(), healed: false, next: Vec::new() }
    }
}

impl Sites {
    pub(crate) fn delay(&self, rng: &mut ChaCha8Rng) -> Duration {
        let most = u64::try_from(self.mood.slow.as_millis()).unwrap_or(1).max(21);
        Duration::from_millis(rng.random_range(20..most))
    }

    pub(crate) fn failure(&self) -> SourceFailure {
        failure(self.mood.class, self.mood.retry_after)
    }

    /// What a look-up finds: a song of its own, whatever was asked for.
    pub(crate) fn look_up(&mut self, rng: &mut ChaCha8Rng) -> Result<TrackInfo, SourceFailure> {
        if self.next.is_empty() && rng.random_range(0..100) < self.mood.look_up_fails {
            return Err(self.failure());
        }
        let song = if self.next.is_empty() { any_song(rng) } else { self.next.remove(0) };
        let number = self.songs.len() + 1;
        let page_url = format!("https://site.test/{number}");
        let info = TrackInfo {
            title: format!("song {number}"),
            page_url: page_url.clone(),
            uploader: None,
            thumbnail: None,
            duration: (song.told && !song.live).then_some(song.length),
            live: song.live && !song.secretly_live,
        };
        self.songs.insert(page_url, song);
        Ok(info)
    }

    pub(crate) fn open(&self, rng: &mut ChaCha8Rng, page_url: &str, from: Duration) -> Opening {
        let song = self.songs.get(page_url).cloned().unwrap_or(Song::of(Duration::from_secs(60)));
        let mood = &self.mood;
        if song.gone {
            return Err(failure(FailureClass::Track, None));
        }
        if rng.random_range(0..100) < mood.open_fails {
            return Err(self.failure());
        }
        let start = if song.seekable && !song.live { from.min(song.length) } else { Duration::ZERO };
        let length = song.told.then_some(song.length).filter(|_| !song.live);
        let facts =
            SourceFacts { length, live: song.live && !song.secretly_live, seekable: song.seekable && !song.live };
        let end = if song.live && self.healed { Duration::from_secs(360_000) } else { song.length };
        let at = somewhere(rng, start, end);
        let fate = match rng.random_range(0..100) {
            n if n < mood.breaks => (at, Fate::Breaks(failure(FailureClass::Site, None))),
            n if n < mood.breaks + mood.stalls => {
                let length = rng.random_bool(0.7).then(|| Duration::from_millis(rng.random_range(100..20_000)));
                (at, Fate::Stalls(length))
            }
            n if n < mood.breaks + mood.stalls + mood.early => (at, Fate::Ends { live: song.live }),
            _ => (end, Fate::Ends { live: song.live }),
        };
        Ok((start, facts, fate, (end, song.live)))
    }
}

pub(crate) fn failure(class: FailureClass, retry_after: Option<Duration>) -> SourceFailure {
    let message = match class {
        FailureClass::Track => "That track is gone.",
        FailureClass::Site => "The site does not answer.",
        FailureClass::Machine => "This machine has no space left.",
        FailureClass::Request => "It was cancelled.",
    };
    SourceFailure { class, kind: Cow::Borrowed("test"), retry_after, message: Cow::Borrowed(message) }
}

fn any_song(rng: &mut ChaCha8Rng) -> Song {
    let length = match rng.random_range(0..10) {
        0 => Duration::from_secs(3 * 3600),
        1 => Duration::from_millis(rng.random_range(1_000..3_000)),
        _ => Duration::from_millis(rng.random_range(5_000..300_000)),
    };
    let live = rng.random_bool(0.1);
    Song {
        length,
        told: rng.random_bool(0.85),
        live,
        secretly_live: live && rng.random_bool(0.5),
        seekable: rng.random_bool(0.85),
        gone: rng.random_bool(0.08),
    }
}
