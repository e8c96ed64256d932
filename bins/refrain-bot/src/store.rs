//! `refrain store`: looking into what outlives the bot, taking it elsewhere, bringing it from other bots.

use crate::{config::Config, exit};
use clap::{Args, Subcommand};
use refrain::{
    GuildId,
    store::{CheckError, OpenError, Opening, RedbStore, Store as _, StoreHealth, StoreOptions, check},
};
use std::{
    fmt::Display,
    fs::File,
    io::{self, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is done with the store.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Read everything and say what is there and whether it is in order; nothing is changed
    Check(Place),
    /// Write everything but secrets as JSON lines, to keep or to move
    Export {
        #[command(flatten)]
        place: Place,
        /// Where to; stdout if left out
        file: Option<PathBuf>,
    },
    /// Forget everything that is kept of a guild: its record, its favorites; the bot must not be running
    Forget {
        #[command(flatten)]
        place: Place,
        /// The guild's id
        guild: u64,
    },
    /// Bring in what was exported, or another bot's data; the bot must not be running
    Import(Import),
}

/// Where the store is.
#[derive(Args)]
pub(crate) struct Place {
    /// The data directory; what the configuration says (DATA_DIR) if left out
    #[arg(long)]
    data: Option<PathBuf>,
}

/// What is brought in.
#[derive(Args)]
pub(crate) struct Import {
    #[command(flatten)]
    place: Place,
    /// A file that `refrain store export` wrote
    #[arg(required_unless_present_any = ["jmusicbot", "muse"], conflicts_with_all = ["jmusicbot", "muse"])]
    file: Option<PathBuf>,
    /// JMusicBot's Playlists folder: each file becomes a favorite of the guild named with --guild
    #[arg(long, requires = "guild", conflicts_with = "muse")]
    jmusicbot: Option<PathBuf>,
    /// The id of the guild that JMusicBot's playlists are for
    #[arg(long)]
    guild: Option<u64>,
    /// Muse's db.sqlite: settings and favorites of all its guilds
    #[arg(long)]
    muse: Option<PathBuf>,
}

/// Carries it out. Blocks; no runtime is needed.
pub(crate) fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Check(place) => place.existing().and_then(|file| look_over(&file)),
        Command::Export { place, file } => place.existing().and_then(|store| export(&store, file.as_deref())),
        Command::Forget { place, guild } => place.existing().and_then(|store| forget(&store, GuildId::new(guild))),
        Command::Import(import) => bring_in(&import),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            // Nobody may be reading, and there is nobody else to tell.
            let _ = writeln!(io::stderr(), "refrain: {}", failed.words);
            failed.code.into()
        }
    }
}

/// What to say, and the exit code.
struct Failed {
    words: String,
    code: u8,
}

/// Something has to be put right before it can work.
fn wrong(words: impl Display) -> Failed {
    Failed { words: words.to_string(), code: exit::CONFIGURATION }
}

/// The disk, or what reads the output, does not do its part.
fn broken(words: impl Display) -> Failed {
    Failed { words: words.to_string(), code: exit::UNAVAILABLE }
}

impl Place {
    fn path(&self) -> Result<PathBuf, Failed> {
        match &self.data {
            Some(data) => Ok(data.clone()),
            None => Config::data_dir().map_err(wrong),
        }
    }

    /// A store that is there: otherwise a wrong directory would look like an empty store.
    fn existing(&self) -> Result<PathBuf, Failed> {
        let path = self.path()?;
        let file = if path.extension().is_some_and(|kind| kind == "redb") { path } else { path.join("refrain.redb") };
        if file.is_file() {
            return Ok(file);
        }
        Err(wrong(format_args!(
            "there is no store at {}; name the bot's data directory with --data, or set DATA_DIR",
            file.display()
        )))
    }
}

fn look_over(file: &Path) -> Result<(), Failed> {
    let report = check(file).map_err(|error| match error {
        CheckError::Locked(_) => wrong(error),
        CheckError::Unreadable(_) => broken(error),
    })?;
    print(&report)?;
    if report.problems.is_empty() { Ok(()) } else { Err(broken(format_args!("{} is not in order", file.display()))) }
}

fn export(store: &Path, to: Option<&Path>) -> Result<(), Failed> {
    let store = open(store)?;
    let guilds = match to {
        None => store.export(io::stdout().lock()).map_err(broken)?,
        Some(path) => {
            let doing = |error| broken(format_args!("writing {}: {error}", path.display()));
            let mut out = BufWriter::new(File::create(path).map_err(doing)?);
            let guilds = store.export(&mut out).map_err(broken)?;
            out.into_inner().map_err(|error| doing(error.into_error()))?.sync_all().map_err(doing)?;
            guilds
        }
    };
    store.close();
    // Stdout may be the export itself.
    let _ = writeln!(io::stderr(), "{guilds} guilds were exported");
    Ok(())
}

fn forget(store: &Path, guild: GuildId) -> Result<(), Failed> {
    let store = open(store)?;
    let known = store.load(guild).map_err(broken)?.is_some()
        || !store.favorites(guild).map_err(broken)?.is_empty()
        || store.world(guild).map_err(broken)?.is_some()
        || store.gone().map_err(broken)?.contains_key(&guild);
    if known {
        store.forget(guild);
    }
    store.close();
    written(&store)?;
    if known {
        print(&format_args!("guild {guild} is forgotten"))
    } else {
        print(&format_args!("nothing is kept of guild {guild}"))
    }
}

/// What was handed over is on the disk, or the reason why not.
fn written(store: &RedbStore) -> Result<(), Failed> {
    match &*store.health().borrow() {
        StoreHealth::Well => Ok(()),
        StoreHealth::Failing { reason, .. } => Err(broken(reason)),
    }
}

fn bring_in(import: &Import) -> Result<(), Failed> {
    let store = open(&import.place.path()?)?;
    let report = match (&import.jmusicbot, import.guild, &import.muse, &import.file) {
        (Some(folder), Some(guild), _, _) => store.import_jmusicbot(folder, GuildId::new(guild)).map_err(wrong)?,
        (_, _, Some(file), _) => store.import_muse(file).map_err(wrong)?,
        (_, _, _, Some(file)) => {
            let doing = |error| wrong(format_args!("reading {}: {error}", file.display()));
            store.import(BufReader::new(File::open(file).map_err(doing)?)).map_err(wrong)?
        }
        _ => return Err(wrong("name a file, --jmusicbot or --muse")),
    };
    store.close();
    written(&store)?;
    print(&report)
}

fn open(path: &Path) -> Result<RedbStore, Failed> {
    let (store, opening) = RedbStore::open(path, StoreOptions::default()).map_err(|error| match error {
        OpenError::Locked { .. } => wrong(error),
        OpenError::Thread(_) | OpenError::NoMemory(_) => broken(error),
    })?;
    match opening {
        Opening::InMemory { .. } => Err(broken(opening)),
        Opening::Opened | Opening::Created => Ok(store),
        Opening::Migrated { .. } | Opening::SetAside { .. } => {
            // News for whoever runs this, beside the output.
            let _ = writeln!(io::stderr(), "refrain: {opening}");
            Ok(store)
        }
    }
}

fn print(words: &dyn Display) -> Result<(), Failed> {
    writeln!(io::stdout(), "{words}").map_err(broken)
}
