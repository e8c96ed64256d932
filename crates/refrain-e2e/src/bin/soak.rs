//! The binary `refrain-soak`; see the library's `soak`.

use clap::Parser as _;
use refrain_e2e::{
    signals::{INTERRUPTED, interrupted},
    soak::{Options, run},
};
use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Dropping the run ends the simulator and the bot, which a signal to this process alone would leave behind.
    tokio::select! {
        report = run(&options) => match report {
            Ok(report) => {
                let _closed = write!(std::io::stdout(), "{}", report.table());
                if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => {
                eprintln!("refrain-soak: {error:#}");
                ExitCode::FAILURE
            }
        },
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}
