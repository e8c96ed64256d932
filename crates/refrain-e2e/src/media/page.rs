//! The pages of the site on the stage: what its extractor (the yt-dlp plugin) is told of a name.

use serde::{Deserialize, Serialize};

/// What a page says. The sound's address is told as its path on the same server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The title.
    pub title: String,
    /// The length in seconds, where the site tells one.
    pub duration: Option<f64>,
    /// The path of the sound, without its leading slash.
    pub sound: String,
    /// How the sound is written: `opus`, `pcm_s16le`, `aac`.
    pub codec: String,
    /// The site says that it is live.
    pub live: bool,
}

impl Page {
    /// What the site says of `name` where nothing else was set: `tune` and `other` have titles of their own,
    /// `song-NUMBER-SECONDS` is a song of that length at `NAME.ogg`, and everything else is a minute of `NAME.wav`.
    #[must_use]
    pub fn usual(name: &str) -> Self {
        if let Some((number, seconds)) = song(name) {
            return Self::opus(&format!("Song {number}"), Some(f64::from(seconds)), &format!("{name}.ogg"));
        }
        let title = match name {
            "tune" => "First Light",
            "other" => "Second Wind",
            other => other,
        };
        Self {
            title: title.to_owned(),
            duration: Some(60.0),
            sound: format!("{name}.wav"),
            codec: "pcm_s16le".to_owned(),
            live: false,
        }
    }

    /// A page with Ogg Opus.
    #[must_use]
    pub fn opus(title: &str, duration: Option<f64>, sound: &str) -> Self {
        Self { title: title.to_owned(), duration, sound: sound.to_owned(), codec: "opus".to_owned(), live: false }
    }

    /// The same, and the site says that it is live.
    #[must_use]
    pub const fn live(mut self) -> Self {
        self.live = true;
        self
    }
}

fn song(name: &str) -> Option<(u32, u32)> {
    let (number, seconds) = name.strip_prefix("song-")?.split_once('-')?;
    Some((number.parse().ok()?, seconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_their_pages_say() {
        let song = Page::usual("song-7-90");
        assert_eq!((song.title.as_str(), song.duration, song.sound.as_str()), ("Song 7", Some(90.0), "song-7-90.ogg"));
        assert_eq!(
            (Page::usual("tune").title.as_str(), Page::usual("tune").sound.as_str()),
            ("First Light", "tune.wav")
        );
        assert_eq!(Page::usual("song-x").sound, "song-x.wav");
    }
}
