//! The binary `refrain-demo`; see the library's `demo`.

use clap::Parser as _;
use refrain_e2e::demo::{Options, run};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// The exit code of a run that was interrupted, as shells tell it for SIGINT.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Dropping the run ends the simulator and the bot, which a signal to this process alone would leave behind.
    tokio::select! {
        outcome = run(&options) => ExitCode::from(outcome.exit_code()),
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}

/// Returns at the first SIGINT or SIGTERM; never where signals cannot be awaited.
async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
