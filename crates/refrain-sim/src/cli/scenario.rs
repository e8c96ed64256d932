//! `refrain-sim scenario run`: exit code 0 passed, 1 failed, 2 a wrong file, 3 no bot, 4 the simulator or the bot's
//! process could not be started, 130 interrupted.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use refrain_sim::{
    SimOptions,
    scenario::{self, Outcome, Progress, RunOptions, Verdict},
};
use tokio::signal::unix::{SignalKind, signal};

use super::{PortOptions, WRONG_FILE, fail, read_world, start_log, write_ready_file};

const NO_START: u8 = 4;
const INTERRUPTED: u8 = 130;
/// Lines of the bot that are shown when a scenario fails.
const LAST_LINES: usize = 20;

/// Scenario files.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Carry one out: exit code 0 passed, 1 failed, 2 a wrong file, 3 no bot, 4 nothing could be started.
    Run(Run),
}

/// Carry a scenario out.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The scenario file (TOML, described in docs/simulator.md).
    file: PathBuf,
    /// A world file in place of the scenario's own world.
    #[arg(long)]
    world: Option<PathBuf>,
    /// The shell command that starts the bot under test, in place of the file's own. Its environment has BOT_REST,
    /// BOT_GATEWAY, BOT_TOKEN, BOT_APPLICATION_ID, SIM_CONTROL, SSL_CERT_FILE and NODE_EXTRA_CA_CERTS.
    #[arg(long)]
    bot: Option<String>,
    /// Where to write everything that the bot writes.
    #[arg(long)]
    bot_log: Option<PathBuf>,
    /// Where to write the result as JSON; `-` is stdout.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where to write, once everything listens, where everything is: for a bot that is started by other means.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    #[command(flatten)]
    ports: PortOptions,
    /// What the simulator logs to stderr: a tracing filter such as `info` or `refrain_sim=debug`.
    #[arg(long, default_value = "error")]
    log_level: String,
}

impl Scenario {
    pub(crate) fn run(&self) -> ExitCode {
        match self {
            Self::Run(run) => run.run(),
        }
    }
}

impl Run {
    fn run(&self) -> ExitCode {
        if let Err(error) = start_log(&self.log_level) {
            return fail(&error, WRONG_FILE);
        }
        let scenario = match self.read() {
            Ok(scenario) => scenario,
            Err(error) => return fail(&error, WRONG_FILE),
        };
        match self.carry_out(&scenario) {
            Ok(Some(outcome)) => {
                self.sum_up(&outcome);
                match self.json.as_deref().map_or(Ok(()), |path| write_json(path, &outcome)) {
                    Ok(()) => ExitCode::from(outcome.verdict.exit_code()),
                    Err(error) => fail(&error, NO_START),
                }
            }
            Ok(None) => {
                eprintln!("interrupted");
                ExitCode::from(INTERRUPTED)
            }
            Err(error) => fail(&error, NO_START),
        }
    }

    fn read(&self) -> anyhow::Result<scenario::Scenario> {
        Ok(match &self.world {
            Some(world) => scenario::Scenario::read_in(&self.file, read_world(world)?)?,
            None => scenario::Scenario::read(&self.file)?,
        })
    }

    fn carry_out(&self, scenario: &scenario::Scenario) -> anyhow::Result<Option<Outcome>> {
        let ca = tempfile::Builder::new().prefix("refrain-sim-").tempdir().context("making a directory for the CA")?;
        let mut sim = SimOptions::new(ca.path());
        sim.ports = self.ports.ports();
        let options = RunOptions { sim, bot_command: self.bot.clone(), bot_log: self.bot_log.clone() };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
        eprintln!("{}: {}", self.file.display(), scenario.name);
        let mut ready = Ok(());
        let mut tell = |progress: Progress<'_>| match progress {
            Progress::Listening(at) => {
                eprintln!("  REST {}, gateway {}, control {}", at.rest, at.gateway, at.control);
                if let Some(path) = &self.ready_file {
                    ready = write_ready_file(path, at);
                }
                if self.bot.is_none() && scenario.bot_command.is_none() {
                    eprintln!("  no bot is started (--bot): it is waited for; the CA is {}", at.ca.display());
                }
            }
            Progress::BotStarted(command) => eprintln!("  bot: {command}"),
            Progress::Begins(number, words) => eprint!("  {:>3}  {words:<60} ", number + 1),
            Progress::Over(step) if step.failure.is_none() => eprintln!("{:>7.1} s", step.took_ms / 1000.0),
            Progress::Over(step) => eprintln!("{:>7.1} s  FAILED", step.took_ms / 1000.0),
        };
        let outcome = runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
            let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
            tokio::select! {
                outcome = scenario::run(scenario, options, &mut tell) => outcome.map(Some),
                _ = terminate.recv() => Ok(None),
                _ = interrupt.recv() => Ok(None),
            }
        })?;
        ready?;
        Ok(outcome)
    }

    fn sum_up(&self, outcome: &Outcome) {
        let seconds = outcome.took_ms / 1000.0;
        let failed = outcome.steps.iter().find_map(|step| step.failure.as_ref().map(|words| (step, words)));
        let Some((step, words)) = failed else {
            return eprintln!("passed: {} steps in {seconds:.1} s", outcome.steps.len());
        };
        eprintln!("       {}:{}: {words}", self.file.display(), step.line);
        if let Some(ended) = &outcome.bot_ended {
            eprintln!("       the bot's process has ended: {ended}");
        }
        let first = outcome.bot_last_lines.len().saturating_sub(LAST_LINES);
        for line in outcome.bot_last_lines.iter().skip(first) {
            eprintln!("       bot| {line}");
        }
        let verdict = match outcome.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NoBot => "no bot",
        };
        eprintln!(
            "{verdict}: step {} of {}, after {seconds:.1} s",
            step.number + 1,
            outcome.steps.len() + outcome.not_begun
        );
    }
}

fn write_json(path: &Path, outcome: &Outcome) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(outcome).context("writing the result as JSON")? + "\n";
    let wrote =
        if path.as_os_str() == "-" { std::io::stdout().write_all(text.as_bytes()) } else { std::fs::write(path, text) };
    wrote.with_context(|| format!("writing the result to {}", path.display()))
}
