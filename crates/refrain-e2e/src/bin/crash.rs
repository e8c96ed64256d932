//! The binary `refrain-crash`; see the library's `crash`.

use clap::Parser as _;
use refrain_e2e::{
    crash::{Options, run, run_guilds},
    signals::{INTERRUPTED, interrupted},
};
use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let running = async {
        match options.guilds {
            Some(guilds) => run_guilds(&options, guilds).await.map(|report| (report.table(), report.is_good())),
            None => run(&options).await.map(|report| (report.table(), report.is_good())),
        }
    };
    // Dropping the run ends the simulators and the bots, which a signal to this process alone would leave behind.
    tokio::select! {
        done = running => match done {
            Ok((table, is_good)) => {
                let _closed = write!(std::io::stdout(), "{table}");
                if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => {
                eprintln!("refrain-crash: {error:#}");
                ExitCode::FAILURE
            }
        },
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}
