//! `cargo xtask run`: the bot on the real Discord.

use crate::{
    command,
    setup::{Extent, setup},
    workspace::Workspace,
};
use anyhow::Result;
use std::{env, ffi::OsString, process::Command};

pub(crate) fn run(workspace: &Workspace, rest: &[OsString]) -> Result<()> {
    let ready = setup(workspace, Extent::BuildAndRun)?;
    command::run(&mut workspace.cargo(["build", "--release", "--package", "refrain-bot", "--bin", "refrain"]))?;
    let mut bot = Command::new(workspace.target().join("release/refrain"));
    // Somebody who names a yt-dlp of their own means it.
    if env::var_os("YT_DLP_PATH").is_none() {
        bot.env("YT_DLP_PATH", ready.yt_dlp);
    }
    command::become_it(bot.args(rest))
}
