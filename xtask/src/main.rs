//! The project's chores, as `cargo xtask <chore>`. Each first sets up what the machine lacks.
//!
//! This is the first thing that a fresh clone builds, so it depends on little: clap, anyhow and the standard library.

mod bench;
mod ci;
mod command;
mod conformance;
mod crash;
mod demo;
mod faults;
mod fuzz;
mod layering;
mod run;
mod setup;
mod soak;
mod test;
mod workspace;

use clap::{Parser, Subcommand};
use setup::Extent;
use std::{ffi::OsString, process::ExitCode};
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Refrain's chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Finds or installs what building and running need; offline when all is there
    Setup,
    /// Plays in a simulated Discord, has the voice session closed with 4006, and shows the music coming back
    Demo(demo::Flags),
    /// Builds the bot for release and runs it (needs DISCORD_TOKEN)
    Run {
        /// Passed on to the bot
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Builds everything and runs the tests
    Test {
        /// Passed on to nextest (or `cargo test`); the doc tests are then left out
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Measures what a program costs, in release builds
    Bench {
        /// What is measured
        benchmark: bench::Benchmark,
        /// Passed on to the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Feeds the parsers that read from sockets and files with what libFuzzer invents
    Fuzz {
        /// The targets, by name; all where none is named
        targets: Vec<String>,
        /// How long each runs
        #[arg(long, default_value_t = 30)]
        seconds: u32,
    },
    /// Bots made with discord.py, discord.js and songbird judge the simulator; installs them on first use
    Conformance(conformance::Flags),
    /// Does to the bot everything that the simulator can: what it decides, what is heard, what people are told
    Faults(faults::Flags),
    /// Kills the bot with -9 at any moment and starts it again: nothing may be lost, and the music goes on where it was
    Crash(crash::Flags),
    /// Plays in many guilds while random faults happen, and accounts for every second of silence
    Soak(soak::Flags),
    /// All that a change must pass: formatting, lints, tests, documentation, licences, layering
    Ci,
    /// Checks that each crate depends on lower floors only
    Layering,
}

fn main() -> ExitCode {
    let done = Workspace::find().and_then(|workspace| match Arguments::parse().chore {
        Chore::Setup => setup::setup(&workspace, Extent::BuildAndRun).map(drop),
        Chore::Demo(flags) => demo::demo(&workspace, &flags),
        Chore::Run { rest } => run::run(&workspace, &rest),
        Chore::Test { rest } => test::test(&workspace, &rest),
        Chore::Bench { benchmark, rest } => bench::bench(&workspace, benchmark, &rest),
        Chore::Fuzz { targets, seconds } => fuzz::fuzz(&workspace, &targets, seconds),
        Chore::Conformance(flags) => conformance::conformance(&workspace, &flags),
        Chore::Faults(flags) => faults::faults(&workspace, &flags),
        Chore::Crash(flags) => crash::crash(&workspace, &flags),
        Chore::Soak(flags) => soak::soak(&workspace, &flags),
        Chore::Ci => ci::ci(&workspace),
        Chore::Layering => layering::check(&workspace),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
