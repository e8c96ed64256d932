//! Many guilds that play for hours, as fast as the disk goes, through the store and through SQLite, in turns.
//!
//! A simulated second: each guild's playhead; each guild gives a command a minute and changes its track every four, and
//! waits for that to be on the disk, as the bot does. Every such waiting is a commit. SQLite has the same rows, a write
//! ahead log, `synchronous = FULL` and a transaction a commit. It prints what it measured and asserts nothing.

mod load;
mod measure;
mod peer;

use anyhow::Result;
use clap::Parser;
use load::Load;
use measure::{Figures, Section};
use peer::Peer;
use refrain_store::{RedbStore, Store as _, StoreOptions};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

#[derive(Parser)]
#[command(name = "bench_store", about = "What the store costs, beside SQLite")]
struct Flags {
    /// Guilds that play
    #[arg(long, default_value_t = 500)]
    guilds: u64,
    /// Simulated hours
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Where the files are made; the disk under it is what is measured
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Writes the figures here, too
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One of the two.
trait Kept {
    /// Hands over a simulated second's playheads and commits.
    fn playheads(&mut self, load: &Load, second: u64);
    /// Hands over a guild's record and waits for it.
    fn save(&mut self, load: &Load, guild: u64);
}

struct Redb {
    store: RedbStore,
    runtime: tokio::runtime::Runtime,
}

impl Kept for Redb {
    fn playheads(&mut self, load: &Load, second: u64) {
        for guild in 0..load.guilds() {
            self.store.save_playhead(load::id(guild), load.playhead(guild, second));
        }
        self.runtime.block_on(self.store.settled());
    }

    fn save(&mut self, load: &Load, guild: u64) {
        self.store.save(load::id(guild), load.record(guild).clone());
        self.runtime.block_on(self.store.settled());
    }
}

fn main() -> Result<()> {
    let flags = Flags::parse();
    let dir = tempfile::Builder::new().prefix("refrain-bench-store-").tempdir_in(&flags.dir)?;
    let (ours, theirs) = (dir.path().join("refrain.redb"), dir.path().join("peer.sqlite"));
    let (store, _) = RedbStore::open(&ours, StoreOptions::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut redb = Redb { store, runtime };
    let mut sqlite = Peer::open(&theirs)?;
    let (mut our_load, mut their_load) = (Load::new(flags.guilds), Load::new(flags.guilds));
    for guild in 0..flags.guilds {
        redb.save(&our_load, guild);
        sqlite.save(&their_load, guild);
    }
    let (mut our_figures, mut their_figures) = (Figures::default(), Figures::default());
    let minutes = (flags.hours * 60.0).ceil().max(1.0) as u64;
    for minute in 0..minutes {
        let mut our_minute = || -> Result<()> {
            our_figures.push(one_minute(&mut redb, &mut our_load, minute)?, size(&ours));
            Ok(())
        };
        let mut their_minute = || -> Result<()> {
            their_figures.push(one_minute(&mut sqlite, &mut their_load, minute)?, size(&theirs));
            Ok(())
        };
        // Whoever goes second finds the disk as the first has left it: they take turns at that, too.
        if minute.is_multiple_of(2) {
            our_minute()?;
            their_minute()?;
        } else {
            their_minute()?;
            our_minute()?;
        }
        eprint!("\r{} of {minutes} simulated minutes", minute + 1);
    }
    eprintln!();
    reopen_ours(redb, &ours, &mut our_figures)?;
    reopen_theirs(sqlite, &theirs, &mut their_figures)?;
    let text = measure::table(&our_figures, &their_figures);
    std::io::stdout().write_all(text.as_bytes())?;
    if let Some(path) = flags.json {
        let json = serde_json::json!({
            "guilds": flags.guilds, "simulated_hours": flags.hours,
            "redb": our_figures.json(), "sqlite": their_figures.json(),
        });
        fs::write(path, format!("{json:#}\n"))?;
    }
    Ok(())
}

fn one_minute(kept: &mut impl Kept, load: &mut Load, minute: u64) -> Result<Section> {
    let mut section = Section::begin()?;
    for second in minute * 60..(minute + 1) * 60 {
        section.commit(|| kept.playheads(load, second));
        for guild in load.next_second(second) {
            section.commit(|| kept.save(load, guild));
        }
    }
    section.end()
}

/// A database and what belongs to it.
fn size(path: &Path) -> u64 {
    let wal = path.with_extension("sqlite-wal");
    [path, &wal].iter().filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum()
}

fn reopen_ours(redb: Redb, path: &Path, figures: &mut Figures) -> Result<()> {
    let killed = path.with_file_name("killed.redb");
    fs::copy(path, &killed)?;
    drop(redb);
    let open = |path: &Path| -> Result<Duration> {
        let begin = Instant::now();
        let (store, _) = RedbStore::open(path, StoreOptions::default())?;
        for guild in store.guilds()? {
            std::hint::black_box(store.load(guild)?);
        }
        Ok(begin.elapsed())
    };
    figures.reopened = open(path)?;
    figures.reopened_after_a_kill = open(&killed)?;
    Ok(())
}

fn reopen_theirs(sqlite: Peer, path: &Path, figures: &mut Figures) -> Result<()> {
    let killed = path.with_file_name("killed.sqlite");
    fs::copy(path, &killed)?;
    fs::copy(path.with_extension("sqlite-wal"), killed.with_extension("sqlite-wal"))?;
    drop(sqlite);
    let open = |path: &Path| -> Result<Duration> {
        let begin = Instant::now();
        Peer::open(path)?.read_all()?;
        Ok(begin.elapsed())
    };
    figures.reopened = open(path)?;
    figures.reopened_after_a_kill = open(&killed)?;
    Ok(())
}
