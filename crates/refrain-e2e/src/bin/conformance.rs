//! The binary `refrain-conformance`; see the library's `conformance`.

use clap::Parser as _;
use refrain_e2e::{
    conformance::{Options, run},
    signals::{INTERRUPTED, interrupted},
};
use std::{io::Write as _, process::ExitCode};

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
