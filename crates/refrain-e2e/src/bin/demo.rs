//! The binary `refrain-demo`; see the library's `demo`.

use clap::Parser as _;
use refrain_e2e::{
    demo::{Options, run},
    signals::{INTERRUPTED, interrupted},
};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Dropping the run ends the simulator and the bot, which a signal to this process alone would leave behind.
    tokio::select! {
        outcome = run(&options) => ExitCode::from(outcome.exit_code()),
        () = interrupted() => ExitCode::from(INTERRUPTED),
    }
}
