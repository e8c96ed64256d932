//! The binary `refrain-bench-recovery`; see the library's `bench`.

use clap::Parser as _;
use refrain_e2e::{
    bench::{Options, run},
    signals::{INTERRUPTED, interrupted},
};
use std::{io::Write as _, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Dropping the run ends the simulators and the bots, which a signal to this process alone would leave behind.
    tokio::select! {
        table = Box::pin(run(&options)) => match table {
            Ok(table) => {
                // A table that nobody reads any more is no reason to fail.
                let _closed = write!(std::io::stdout(), "{}", table.markdown());
                let behind: Vec<&str> = table.surprises().map(|line| line.title.as_str()).collect();
                if options.check && !behind.is_empty() {
                    eprintln!("refrain-bench-recovery: behind another client, and not known to be: {}", behind.join("; "));
                    return ExitCode::FAILURE;
                }
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("refrain-bench-recovery: {error:#}");
                ExitCode::FAILURE
            }
        },
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}
