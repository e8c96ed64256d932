//! The binary `refrain-conformance`; see the library's `conformance`.

use clap::Parser as _;
use refrain_e2e::conformance::{Options, run};
use std::{io::Write as _, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};

/// The exit code of a run that was interrupted, as shells tell it for SIGINT.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Dropping the run ends the simulator and the bots, which a signal to this process alone would leave behind.
    tokio::select! {
        report = run(&options) => match report {
            Ok(report) => {
                // A table that nobody reads any more is no reason to fail.
                let _closed = write!(std::io::stdout(), "{}", report.table());
                if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => {
                eprintln!("refrain-conformance: {error:#}");
                ExitCode::FAILURE
            }
        },
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
