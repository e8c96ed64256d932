//! The sounds of the cases, made once and shared.

use crate::{
    harness::{
        binaries::Binaries,
        timecode::{make_track, track_bytes},
    },
    media::{LiveShow, MediaServer, Page, Sound, Station},
};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The songs: number, which is the track's id too, and length in seconds.
const SONGS: [(u8, u32); 4] = [(1, 60), (2, 60), (3, 60), (4, 7)];
/// The track's id of the station, and of the show.
pub(crate) const STATION: u8 = 9;
pub(crate) const SHOW: u8 = 10;
/// The length of what station and show send: longer than any case takes.
const ON_AIR_S: u32 = 240;

/// What the stages serve.
pub(crate) struct SourceGround {
    binaries: Binaries,
    sounds: Vec<(String, Sound)>,
}

impl SourceGround {
    /// Makes the sounds in `folder`.
    pub(crate) async fn prepare(binaries: Binaries, folder: &Path) -> Result<Self> {
        binaries.check("start this with `cargo xtask faults`, which installs what it needs")?;
        let mut sounds = Vec::new();
        for (number, seconds) in SONGS {
            let sound = track_bytes(&binaries.sim, number, seconds).await?;
            sounds.push((format!("song-{number}-{seconds}.ogg"), Sound::Bytes(sound)));
        }
        let station = track_bytes(&binaries.sim, STATION, ON_AIR_S).await?;
        sounds.push(("radio.ogg".to_owned(), Sound::Station(Station::from_ogg(&station, false)?)));
        sounds.push(("icy.ogg".to_owned(), Sound::Station(Station::from_ogg(&station, true)?)));
        let show = folder.join("show.ogg");
        make_track(&binaries.sim, &show, SHOW, ON_AIR_S).await?;
        let ffmpeg = PathBuf::from("ffmpeg");
        sounds.push(("show.m3u8".to_owned(), Sound::Show(LiveShow::from_sound(&ffmpeg, &show).await?)));
        Ok(Self { binaries, sounds })
    }

    pub(crate) fn binaries(&self) -> Binaries {
        self.binaries.clone()
    }

    pub(crate) fn sounds(&self) -> Vec<(String, Sound)> {
        self.sounds.clone()
    }

    /// Songs come a little faster than they are played, and the site has pages for the station and the show.
    pub(crate) fn set_up(media: &MediaServer) {
        for (number, seconds) in SONGS {
            media.in_real_time(&format!("song-{number}-{seconds}.ogg"), f64::from(seconds));
        }
        media.set_page("show", Page { codec: "aac".to_owned(), ..Page::opus("The Show", None, "show.m3u8").live() });
        media.set_page("radio", Page::opus("The Radio", None, "radio.ogg").live());
        // The page promises a minute, and what is there ends after a few seconds.
        media.set_page("short", Page::opus("Song 4", Some(60.0), "song-4-7.ogg"));
    }
}
