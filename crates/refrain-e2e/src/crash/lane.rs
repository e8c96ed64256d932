//! A stage on which one round comes after the other.

use super::{
    ground::Ground,
    heard::Segment,
    model::{Admissible, Command, Found, Guild, Settings},
    options::Options,
    orphans::Orphan,
    row::Row,
    script::Writer,
};
use crate::harness::Stage;
use anyhow::{Context as _, Result};
use std::{path::PathBuf, time::Instant};

/// A stage, and all that is known of the bot on it.
pub(super) struct Lane<'a> {
    pub(super) ground: &'a Ground,
    pub(super) stage: Stage,
    pub(super) writer: Writer,
    pub(super) admissible: Admissible,
    /// What was heard last.
    pub(super) last: Option<Segment>,
    /// What is heard has been looked at up to then.
    pub(super) looked_ms: f64,
    /// When the bot was killed last.
    pub(super) killed_ms: f64,
    /// The words of `/config get` for the settings that there have been.
    pub(super) config_words: Vec<(Settings, String)>,
    /// What was found in this round: on the disk, and then in the bot's words.
    pub(super) stored: Option<Found>,
    pub(super) told: Option<Found>,
    /// What the killed bot had not answered.
    pub(super) open: Vec<Command>,
    /// What the killed bot had started, and when it was killed.
    pub(super) orphans: Vec<(Orphan, Instant)>,
    /// What the bot logged in this round, life by life.
    pub(super) lives: Vec<Vec<String>>,
}

/// Plays every round whose turn it is on this stage.
pub(super) async fn run(ground: &Ground, options: &Options, number: u32, stages: u32) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut lane = None;
    let mut broken = 0;
    for round in (1..=options.rounds).filter(|round| round % stages == number % stages) {
        let mut on_stage = match lane.take() {
            Some(lane) => lane,
            None => Lane::begin(ground, options, number, broken).await?,
        };
        let row = on_stage.round(round).await;
        eprintln!("crash: [{round}/{}] {}", options.rounds, row.line());
        // Where something could not be carried out, nobody knows what the stage is like.
        if row.broken.is_none() {
            lane = Some(on_stage);
        } else {
            broken += 1;
        }
        rows.push(row);
    }
    Ok(rows)
}

impl<'a> Lane<'a> {
    async fn begin(ground: &'a Ground, options: &Options, number: u32, broken: u32) -> Result<Self> {
        let stage = ground.stage(&format!("stage-{number}-{broken}")).await?;
        let seed =
            options.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number) << 16).wrapping_add(broken.into());
        Ok(Self {
            ground,
            stage,
            writer: Writer::new(seed),
            admissible: Admissible::new(Guild::default()),
            last: None,
            looked_ms: 0.0,
            killed_ms: 0.0,
            config_words: Vec::new(),
            stored: None,
            told: None,
            open: Vec::new(),
            orphans: Vec::new(),
            lives: Vec::new(),
        })
    }

    /// Where the bot keeps what must outlive it, and where its copy goes.
    pub(super) fn data(&self) -> (PathBuf, PathBuf) {
        (self.stage.folder().join("data"), self.stage.folder().join("data-copy"))
    }

    /// Leaves all that can tell why a round failed.
    pub(super) fn keep(&self, row: &Row) -> Result<()> {
        let folder = self.ground.round(row.round);
        let keeping = || format!("keeping what is left of round {} in {}", row.round, folder.display());
        std::fs::create_dir_all(&folder).with_context(keeping)?;
        let json = serde_json::to_string_pretty(row).with_context(keeping)?;
        std::fs::write(folder.join("round.json"), json).with_context(keeping)?;
        for (life, lines) in self.lives.iter().enumerate() {
            std::fs::write(folder.join(format!("bot-{life}.log")), lines.join("\n")).with_context(keeping)?;
        }
        let _none = std::fs::copy(self.stage.folder().join("sim.log"), folder.join("sim.log"));
        let (_, copy) = self.data();
        // The next round makes a new one.
        let _none = std::fs::rename(copy, folder.join("data"));
        Ok(())
    }
}
