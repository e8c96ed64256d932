//! What a guild must be like, kept outside the bot: simple, and written from what the commands are said to do.

mod admissible;
mod command;
mod guild;
mod queue;
mod settings;
#[cfg(test)]
mod tests;

pub(super) use admissible::Admissible;
pub(super) use command::{Command, Given};
pub(super) use guild::{Found, Guild, Looping, Place};
pub(super) use settings::{Change, Settings, any_change, to_resume};

use std::fmt;

/// How long a song is, in seconds: longer than it plays before the script goes back in it, so that none ends by itself.
pub(super) const SONG_S: u32 = 600;
/// How many different sounds there are; the songs take turns.
pub(super) const SOUNDS: u16 = 4;

/// A song. Each is asked for once in a run: so it stands in one place of the queue or the history, or in none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Song(pub(super) u16);

impl Song {
    /// The page that the bot is asked to play.
    pub(super) fn page(self) -> String {
        format!("watch/{}", self.name())
    }

    /// What the media server calls its sound.
    pub(super) fn file(self) -> String {
        format!("{}.ogg", self.name())
    }

    fn name(self) -> String {
        format!("song-{:04}-{SONG_S}", self.0)
    }

    /// The number in the timecode of its sound.
    pub(super) const fn sound(self) -> u8 {
        (self.0 % SOUNDS) as u8
    }

    /// The song of a page.
    pub(super) fn of_page(address: &str) -> Option<Self> {
        address.split("watch/song-").nth(1)?.get(..4)?.parse().ok().map(Self)
    }

    /// The songs that words name, in their order, each where it is named first.
    pub(super) fn all_in(words: &str) -> Vec<Self> {
        let mut songs = Vec::new();
        for after in words.split("Song ").skip(1) {
            let digits = after.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
            let number = digits.parse().ok().map(Self);
            songs.extend(number.filter(|song| !songs.contains(song)));
        }
        songs
    }
}

impl fmt::Debug for Song {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Song {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Song {}", self.0)
    }
}
