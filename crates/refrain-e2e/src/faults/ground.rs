//! What all cases share: the programs, the track, the folder of the logs.

use super::{case::Case, options::Options, requests::perform::SONGS, sources::ground::SourceGround};
pub(crate) use crate::harness::timecode::make_track;
use crate::{
    harness::{
        Setting, Stage,
        binaries::{Binaries, stand_in_for_yt_dlp},
        control::Control,
        setting::start_simulator,
        world,
    },
    media::Sound,
    soak::many::stand_in,
};
use anyhow::{Context as _, Result, ensure};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The length of the track in seconds: longer than any case takes.
const TRACK_S: u32 = 180;
/// What the media server calls it.
const TRACK: &str = "track.ogg";
/// Marks a folder as one of ours, which may be emptied.
const MARK: &str = "refrain-faults";

/// The ground.
pub(super) struct Ground {
    binaries: Binaries,
    folder: PathBuf,
}

impl Ground {
    /// Makes the track.
    pub(super) async fn prepare(options: &Options) -> Result<Self> {
        let folder = empty_folder(&options.out, MARK)?;
        let yt_dlp = stand_in_for_yt_dlp(&folder)?;
        let binaries = Binaries { bot: whole(&options.bot)?, sim: whole(&options.sim)?, yt_dlp };
        binaries.check("start this with `cargo xtask faults`, which builds what it needs")?;
        make_track(&binaries.sim, &folder.join(TRACK), 1, TRACK_S).await?;
        Ok(Self { binaries, folder })
    }

    /// A stage for one case, with the person in the voice channel.
    pub(super) async fn stage(&self, case: &Case) -> Result<Stage> {
        let folder = self.folder(case);
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let setting = Setting {
            binaries: self.binaries.clone(),
            sounds: vec![(TRACK.to_owned(), Sound::File(self.folder.join(TRACK)))],
            folder: Some(folder),
            elsewhere: None,
            latency_ms: 0,
        };
        let stage = Stage::start_with(setting, case.environment.clone()).await?;
        stage.sit(world::ADA, world::MUSIC).await?;
        Ok(stage)
    }

    /// A stage for a case of requests: three songs, whose names are their titles.
    pub(super) async fn stage_for_requests(&self, name: &str) -> Result<Stage> {
        let folder = self.folder_of(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let yt_dlp = stand_in(&folder, TRACK_S)?;
        let song = |name: &str| (name.to_owned(), Sound::File(self.folder.join(TRACK)));
        let setting = Setting {
            binaries: Binaries { yt_dlp, ..self.binaries.clone() },
            sounds: SONGS.into_iter().map(song).collect(),
            folder: Some(folder),
            elsewhere: None,
            latency_ms: 0,
        };
        let stage = Stage::start(setting).await?;
        stage.sit(world::ADA, world::MUSIC).await?;
        Ok(stage)
    }

    /// The address of the track on this stage.
    pub(super) fn track(stage: &Stage) -> String {
        stage.media.url(TRACK)
    }

    /// Where a case leaves its logs.
    pub(super) fn folder(&self, case: &Case) -> PathBuf {
        self.folder_of(&case.name)
    }

    /// The same by the case's name.
    pub(super) fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.join(name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-"))
    }

    /// Makes the sounds of the cases of sources, which run the real yt-dlp.
    pub(super) async fn prepare_sources(&self, options: &Options) -> Result<SourceGround> {
        let yt_dlp = options.yt_dlp.as_deref().map(whole).transpose()?;
        let yt_dlp = yt_dlp.unwrap_or_else(crate::harness::binaries::installed_yt_dlp);
        let folder = self.folder.join("sounds");
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        SourceGround::prepare(Binaries { yt_dlp, ..self.binaries.clone() }, &folder).await
    }

    /// Every kind of fault that the simulator has must be in some case: a new one must not be forgotten.
    pub(super) async fn check_that_all_kinds_are_there(&self, cases: &[Case]) -> Result<()> {
        let folder = self.folder.join("catalogue");
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let (_sim, ready) = start_simulator(&self.binaries.sim, &world::world(0), &folder).await?;
        let control = Control::new(ready["control"].as_str().context("the ready file names no control API")?)?;
        let told = control.get("/sim/faults").await?.unwrap_or_default();
        let there = told["kinds"].as_array().into_iter().flatten().filter_map(|one| one["kind"].as_str());
        let there: BTreeSet<&str> = there.collect();
        ensure!(!there.is_empty(), "the simulator tells of no faults");
        let covered: BTreeSet<&str> = cases.iter().flat_map(Case::kinds).collect();
        let missing: Vec<_> = there.difference(&covered).copied().collect();
        ensure!(missing.is_empty(), "no case has these faults of the simulator's: {}", missing.join(", "));
        let unknown: Vec<_> = covered.difference(&there).copied().collect();
        ensure!(unknown.is_empty(), "the simulator does not know these faults: {}", unknown.join(", "));
        Ok(())
    }
}

/// A path that is good in any folder.
pub(crate) fn whole(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("the path {}", path.display()))
}

/// Makes a folder for what a run leaves; what an earlier one left, which bears the same mark, must not be taken for this
/// one's.
pub(crate) fn empty_folder(path: &Path, mark: &str) -> Result<PathBuf> {
    let folder = whole(path)?;
    if folder.join(mark).is_file() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("removing the old {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
    std::fs::write(folder.join(mark), "").context("marking the folder")?;
    Ok(folder)
}
