//! The binary `refrain-crash`; see the library's `crash`.

use clap::Parser as _;
use refrain_e2e::{
    crash::{Options, run},
    signals::{INTERRUPTED, interrupted},
};
use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Dropping the run ends the simulators and the bots, which a signal to this process alone would leave behind.
    tokio::select! {
        report = run(&options) => match report {
            Ok(report) => {
                let _closed = write!(std::io::stdout(), "{}", report.table());
                if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => {
                eprintln!("refrain-crash: {error:#}");
                ExitCode::FAILURE
            }
        },
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}
