//! `refrain-bench`: what the programs cost, measured from outside. `cargo xtask bench` builds and runs it.
//!
//! A benchmark starts the real binary as a child, puts a load on it and reads what the system says it used. Figures are
//! medians over several runs; where there is something to compare with, it is measured in the same run. Nothing here
//! asserts a speed: what is asserted is that the work was really done.

mod music;
mod process;
mod sim;
mod table;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(version, about = "Refrain's benchmarks")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// The simulator with many guilds playing: processor time and memory, with decoding and without
    Sim(sim::Options),
    /// The least that receiving costs: reads and decrypts what `sim` sends (started by `sim` itself)
    #[command(hide = true)]
    Floor,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().benchmark {
        Benchmark::Sim(options) => sim::run(&options),
        Benchmark::Floor => sim::floor::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("refrain-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
