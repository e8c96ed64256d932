//! The binary `refrain-demo`; see the library's `demo`.

use clap::Parser as _;
use refrain_e2e::demo::{Options, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ExitCode::from(run(&Options::parse()).await.exit_code())
}
