//! `refrain-sim`: the simulator as a program of its own, for bots in any language.

mod cli;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::{files, scenario, serve};

/// A Discord that runs on this machine: REST, gateway, voice, faults, a listener.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a world on ports of 127.0.0.1 until SIGTERM or SIGINT.
    Serve(serve::Serve),
    /// Carry out scenario files.
    #[command(subcommand)]
    Scenario(scenario::Scenario),
    /// Check world files (.json) and scenario files (.toml); exit code 2 if one is wrong.
    Check(files::Check),
    /// Write an example: of a world file (.json) or of a scenario file (.toml).
    Example(files::Example),
    /// Write a sound that tells where in which track it is, for a bot to play: WAV, or Ogg Opus.
    Timecode(files::Timecode),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Scenario(scenario) => scenario.run(),
        Command::Check(check) => check.run(),
        Command::Example(example) => example.run(),
        Command::Timecode(timecode) => timecode.run(),
    }
}
