//! What the stages share: the programs, the sounds, the folder of the logs.

use super::{
    model::{SONG_S, SOUNDS, Song},
    options::Options,
    script::SONGS,
};
use crate::{
    faults::ground::{empty_folder, make_track, whole},
    harness::{Setting, Stage, binaries::Binaries, world},
    media::Sound,
};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// Marks a folder as one of ours, which may be emptied.
const MARK: &str = "refrain-crash";

/// The ground.
pub(super) struct Ground {
    binaries: Binaries,
    folder: PathBuf,
}

impl Ground {
    /// Makes the sounds.
    pub(super) async fn prepare(options: &Options) -> Result<Self> {
        let folder = empty_folder(&options.out, MARK)?;
        let binaries =
            Binaries { bot: whole(&options.bot)?, sim: whole(&options.sim)?, yt_dlp: whole(&options.yt_dlp)? };
        binaries.check("start this with `cargo xtask crash`, which builds and installs what it needs")?;
        let ground = Self { binaries, folder };
        let making = (0..SOUNDS).map(|sound| {
            let (sim, path) = (ground.binaries.sim.clone(), ground.sound(sound));
            async move { make_track(&sim, &path, sound as u8, SONG_S).await }
        });
        futures_util::future::try_join_all(making).await?;
        Ok(ground)
    }

    /// A stage with two people in the voice channel; `name` is its folder's.
    pub(super) async fn stage(&self, name: &str) -> Result<Stage> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let song = |number: u16| (Song(number).file(), Sound::File(self.sound(number % SOUNDS)));
        let setting = Setting {
            binaries: self.binaries.clone(),
            sounds: (0..SONGS).map(song).collect(),
            folder: Some(folder),
            elsewhere: None,
            latency_ms: 0,
        };
        let stage = Stage::start(setting).await?;
        stage.sit(world::ADA, world::MUSIC).await?;
        stage.sit(world::BEN, world::MUSIC).await?;
        Ok(stage)
    }

    /// Where a round leaves what tells why it failed.
    pub(super) fn round(&self, number: u32) -> PathBuf {
        self.folder.join(format!("round-{number}"))
    }

    /// The bot's program.
    pub(super) fn bot(&self) -> &Path {
        &self.binaries.bot
    }

    fn sound(&self, number: u16) -> PathBuf {
        self.folder.join(format!("sound-{number}.ogg"))
    }
}
