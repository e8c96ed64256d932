//! The binary `refrain-faults`; see the library's `faults`.

use clap::Parser as _;
use refrain_e2e::{
    faults::{Options, names, run},
    signals::{INTERRUPTED, interrupted},
};
use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.list {
        return match names(&options) {
            // Names that nobody reads any more are no reason to fail.
            Ok(names) => {
                let _closed = writeln!(std::io::stdout(), "{}", names.join("\n"));
                ExitCode::SUCCESS
            }
            Err(error) => failed(&error),
        };
    }
    // Dropping the run ends the simulators and the bots, which a signal to this process alone would leave behind.
    tokio::select! {
        report = run(&options) => match report {
            Ok(report) => {
                let _closed = write!(std::io::stdout(), "{}", report.table());
                if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => failed(&error),
        },
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("refrain-faults: {error:#}");
    ExitCode::FAILURE
}
