//! The binary `refrain`: configuration, start, signals, exit code; nothing else.

mod app;
mod config;
mod exit;
mod logging;
mod replay;
mod signals;
mod store;

use clap::{Parser, Subcommand};
use config::Config;
use std::{io::Write as _, path::PathBuf, process::ExitCode};

/// A Discord music bot that comes back.
///
/// It is configured by environment variables and by refrain.toml (or the file named in REFRAIN_CONFIG); docs/operations.md
/// lists them. The one it needs is DISCORD_TOKEN.
#[derive(Parser)]
#[command(name = "refrain", version)]
struct Arguments {
    /// Print a configuration file with every default and what it means, and exit
    #[arg(long)]
    print_default_config: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Look into what outlives the bot, take it elsewhere, bring it from other bots
    #[command(subcommand)]
    Store(store::Command),
    /// Feed a recording of a guild to the guild again and print what goes in and what comes out
    Replay {
        /// A file from the directory that recording.dir names
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    if arguments.print_default_config {
        return print(config::DEFAULTS);
    }
    match arguments.command {
        Some(Command::Store(command)) => return store::run(command),
        Some(Command::Replay { file }) => return replay::run(&file),
        None => {}
    }
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => return fail(&error, exit::CONFIGURATION),
    };
    logging::start(&config.log);
    // Two providers are compiled in by dependencies, so TLS needs to be told which. Fails only if one is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format_args!("the runtime cannot be started: {error}"), exit::SOFTWARE),
    };
    let code = runtime.block_on(run(config));
    // Whatever still blocks a thread (a name look-up) must not keep the process.
    runtime.shutdown_background();
    code
}

async fn run(config: Config) -> ExitCode {
    let stop = match signals::watch() {
        Ok(stop) => stop,
        Err(error) => return fail(&format_args!("signals cannot be handled: {error}"), exit::SOFTWARE),
    };
    match app::run(config, stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, error.exit_code()),
    }
}

/// `--help` and `--version` go to stdout and succeed; a wrong argument is a matter of configuration.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody may be reading, and there is nobody else to tell.
    let _ = error.print();
    if error.use_stderr() { exit::CONFIGURATION.into() } else { ExitCode::SUCCESS }
}

fn print(text: &str) -> ExitCode {
    // As above.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// One clear line on stderr.
fn fail(error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    // As above.
    let _ = writeln!(std::io::stderr(), "refrain: {error}");
    code.into()
}
