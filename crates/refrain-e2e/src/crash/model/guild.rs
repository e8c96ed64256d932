//! One guild, as the model has it and as it is found.

use super::{Given, Settings, Song};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Debug};

/// What happens at the end of a song.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::crash) enum Looping {
    #[default]
    Off,
    Track,
    Queue,
}

/// Where in the current song the music goes on after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::crash) enum Place {
    /// Where it was last heard.
    #[default]
    Heard,
    /// A command put it there, and it may not have been heard there yet.
    Put {
        /// The place in the song.
        at_ms: f64,
        /// When the command was given, on the simulator's clock.
        asked_ms: f64,
    },
}

/// The model of a guild.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::crash) struct Guild {
    pub(in crate::crash) current: Option<Song>,
    pub(in crate::crash) upcoming: Vec<Song>,
    /// The upcoming songs were shuffled, and nobody has read their order yet.
    pub(in crate::crash) order_unread: bool,
    /// The most recent first.
    pub(in crate::crash) history: Vec<Song>,
    pub(in crate::crash) looping: Looping,
    /// While it is shuffled: the order to go back to.
    pub(in crate::crash) true_order: Option<Vec<Song>>,
    /// Meant to be in the voice channel.
    pub(in crate::crash) in_voice: bool,
    pub(in crate::crash) paused: bool,
    /// `None`: the default.
    pub(in crate::crash) volume: Option<u16>,
    pub(in crate::crash) settings: Settings,
    pub(in crate::crash) favorites: BTreeMap<String, Vec<Song>>,
    pub(in crate::crash) place: Place,
    /// Commands that were given before the kill and are not done: the gateway may tell of them again.
    pub(super) open: Vec<Given>,
    /// How it was before the last removal, as long as nothing else has changed the queue.
    pub(super) before: Option<Box<Self>>,
}

/// A guild as it was found: what was not told is `None`.
#[derive(Clone, Debug, Default)]
pub(in crate::crash) struct Found {
    pub(in crate::crash) current: Option<Option<Song>>,
    pub(in crate::crash) upcoming: Option<Vec<Song>>,
    pub(in crate::crash) history: Option<Vec<Song>>,
    /// Only the most recent ones were told.
    pub(in crate::crash) history_is_cut: bool,
    pub(in crate::crash) looping: Option<Looping>,
    pub(in crate::crash) true_order: Option<Option<Vec<Song>>>,
    pub(in crate::crash) in_voice: Option<bool>,
    pub(in crate::crash) paused: Option<bool>,
    pub(in crate::crash) volume: Option<Option<u16>>,
    pub(in crate::crash) settings: Option<BTreeMap<String, Value>>,
    pub(in crate::crash) favorites: Option<BTreeMap<String, Vec<Song>>>,
    /// How far the store says that the current song was heard, in milliseconds.
    pub(in crate::crash) playhead_ms: Option<f64>,
}

impl Guild {
    /// Music should be heard.
    pub(in crate::crash) const fn plays(&self) -> bool {
        self.in_voice && self.current.is_some() && !self.paused
    }

    /// What was taken last can be brought back, and comes back as it was.
    pub(in crate::crash) const fn can_undo(&self) -> bool {
        self.before.is_some()
    }

    fn setting(&self, field: &str) -> Option<&Value> {
        self.settings.get(field)
    }

    /// What a restarted bot does with music that was playing.
    pub(in crate::crash) fn auto_resume(&self) -> &str {
        self.setting("auto_resume").and_then(Value::as_str).unwrap_or("resume")
    }

    /// What a restarted bot makes of it. Doing it again changes nothing.
    pub(in crate::crash) fn restarted(&self) -> Self {
        let mut after = Self { before: None, ..self.clone() };
        if !self.in_voice {
            return after;
        }
        let stays_idle = self.setting("wait_after_queue_empties").is_some_and(|seconds| seconds == 0);
        let wanted = self.auto_resume();
        if wanted == "stay-away" || (self.current.is_none() && !stays_idle) {
            after.in_voice = false;
        } else if wanted == "paused" {
            after.paused = self.current.is_some();
        }
        after
    }

    /// What is not as it was found, in words.
    pub(in crate::crash) fn differences(&self, found: &Found) -> Vec<String> {
        let mut all = Differences::default();
        all.note("current", &self.current, found.current.as_ref());
        if let Some(upcoming) = &found.upcoming {
            if self.order_unread {
                all.note("upcoming, in any order", &sorted(&self.upcoming), Some(&sorted(upcoming)));
            } else {
                all.note("upcoming", &self.upcoming, Some(upcoming));
            }
        }
        if let Some(history) = &found.history {
            let told = if found.history_is_cut { history.len() } else { usize::MAX };
            let expected: Vec<Song> = self.history.iter().take(told).copied().collect();
            all.note("history", &expected, Some(history));
        }
        all.note("loop", &self.looping, found.looping.as_ref());
        all.note("order before the shuffle", &self.true_order, found.true_order.as_ref());
        all.note("in voice", &self.in_voice, found.in_voice.as_ref());
        // Nothing cannot be paused.
        let paused = found.paused.filter(|_| self.current.is_some());
        all.note("paused", &self.paused, paused.as_ref());
        all.note("volume", &self.volume, found.volume.as_ref());
        all.note("favorites", &self.favorites, found.favorites.as_ref());
        if let Some(settings) = &found.settings {
            for (field, value) in &self.settings {
                all.note(field, value, Some(settings.get(*field).unwrap_or(&Value::Null)));
            }
        }
        all.0
    }

    /// The guild as it was found, where the model was wrong: what was not told is as the model has it.
    pub(in crate::crash) fn corrected(&self, found: &Found) -> Self {
        let known = self.clone();
        let settings = self.settings.iter().map(|(field, value)| {
            let found = found.settings.as_ref().and_then(|settings| settings.get(*field));
            (*field, found.unwrap_or(value).clone())
        });
        Self {
            current: found.current.unwrap_or(known.current),
            upcoming: found.upcoming.clone().unwrap_or(known.upcoming),
            order_unread: false,
            history: found.history.clone().filter(|_| !found.history_is_cut).unwrap_or(known.history),
            looping: found.looping.unwrap_or(known.looping),
            true_order: found.true_order.clone().unwrap_or(known.true_order),
            in_voice: found.in_voice.unwrap_or(known.in_voice),
            paused: found.paused.unwrap_or(known.paused),
            volume: found.volume.unwrap_or(known.volume),
            settings: settings.collect(),
            favorites: found.favorites.clone().unwrap_or(known.favorites),
            place: Place::Heard,
            open: Vec::new(),
            before: None,
        }
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    /// What was not told is not compared.
    fn note<T: PartialEq + Debug>(&mut self, what: &str, expected: &T, found: Option<&T>) {
        if let Some(found) = found.filter(|found| *found != expected) {
            self.0.push(format!("{what}: expected {expected:?}, found {found:?}"));
        }
    }
}

fn sorted(songs: &[Song]) -> Vec<Song> {
    let mut songs = songs.to_vec();
    songs.sort_unstable();
    songs
}
