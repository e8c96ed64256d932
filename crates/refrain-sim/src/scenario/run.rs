//! Carrying a scenario out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    bot::Bot,
    file::Scenario,
    result::{Outcome, StepResult, Verdict},
    step::Step,
};
use crate::{Addresses, Sim, SimOptions};

/// How often something is looked at that tells no event when it changes (the listener, the wire).
const TICK_MS: u64 = 100;

/// How a scenario is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The simulator's options.
    pub sim: SimOptions,
    /// The shell command of the bot under test, in place of the file's own. Without either, the bot is started by
    /// somebody else.
    pub bot_command: Option<String>,
    /// Where everything goes that the bot writes.
    pub bot_log: Option<PathBuf>,
}

/// What is told while a scenario runs.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The simulator listens.
    Listening(&'a Addresses),
    /// The bot's process was started with this command.
    BotStarted(&'a str),
    /// A step begins: its number, and what it does.
    Begins(usize, String),
    /// A step is over.
    Over(&'a StepResult),
}

/// Why a step did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be done, or what was expected did not come.
    Unmet(String),
    /// There is no bot (any more).
    NoBot(String),
}

/// What a look at the simulator found out about an expectation.
pub(super) enum Unmet {
    /// Not met yet.
    Yet(String),
    /// Nor can it ever be.
    Never(String),
}

impl From<String> for Unmet {
    fn from(words: String) -> Self {
        Self::Never(words)
    }
}

/// Runs a scenario against a simulator of its own.
///
/// # Errors
/// When the simulator or the bot's process cannot be started. What the scenario shows is in the outcome.
pub async fn run(
    scenario: &Scenario,
    options: RunOptions,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> anyhow::Result<Outcome> {
    let sim = Sim::start(scenario.world.clone(), options.sim).await.context("starting the simulator")?;
    tell(Progress::Listening(sim.addresses()));
    let command = options.bot_command.as_deref().or(scenario.bot_command.as_deref());
    let bot = match command {
        Some(command) => {
            let bot = Bot::start(command, &environment(scenario, sim.addresses())?, options.bot_log.as_deref())?;
            tell(Progress::BotStarted(command));
            Some(bot)
        }
        None => None,
    };
    let mut runner = Runner {
        scenario,
        sim: &sim,
        bot,
        seen: 0,
        last: None,
        named: BTreeMap::new(),
        faults: BTreeMap::new(),
        marks: BTreeMap::new(),
    };
    let outcome = runner.all(tell).await;
    if let Some(bot) = runner.bot.take() {
        bot.stop().await;
    }
    sim.stop().await;
    Ok(outcome)
}

/// What a bot under test finds in its environment.
fn environment(scenario: &Scenario, at: &Addresses) -> anyhow::Result<BTreeMap<String, String>> {
    let bot = scenario.world.bot_named(scenario.bot.login.as_deref()).map_err(anyhow::Error::msg)?;
    let path = |path: &Path| path.to_str().map(str::to_owned).context("the CA's path is no UTF-8 text");
    let ca = path(&at.ca)?;
    let mut all: BTreeMap<String, String> = [
        ("BOT_REST", at.rest.clone()),
        ("BOT_GATEWAY", at.gateway.clone()),
        ("BOT_TOKEN", bot.token.clone()),
        ("BOT_APPLICATION_ID", bot.application_id.to_string()),
        ("SIM_CONTROL", at.control.clone()),
        ("SSL_CERT_FILE", ca.clone()),
        ("NODE_EXTRA_CA_CERTS", ca),
        ("NO_PROXY", "127.0.0.1,localhost".into()),
        ("no_proxy", "127.0.0.1,localhost".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    all.extend(scenario.bot.env.clone());
    Ok(all)
}

/// A scenario under way.
pub(super) struct Runner<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) sim: &'a Sim,
    bot: Option<Bot>,
    /// The number of the last event seen.
    seen: u64,
    /// The latest interaction, and those that were given names.
    pub(super) last: Option<String>,
    pub(super) named: BTreeMap<String, String>,
    pub(super) faults: BTreeMap<String, String>,
    pub(super) marks: BTreeMap<String, f64>,
}

impl<'a> Runner<'a> {
    async fn all(&mut self, tell: &mut (dyn FnMut(Progress<'_>) + Send)) -> Outcome {
        let (mut steps, mut verdict) = (Vec::new(), Verdict::Passed);
        for (number, placed) in self.scenario.steps.iter().enumerate() {
            let text = placed.step.to_string();
            tell(Progress::Begins(number, text.clone()));
            let at_ms = self.sim.now_ms();
            let done = Box::pin(self.step(&placed.step)).await;
            let took_ms = self.sim.now_ms() - at_ms;
            let (found, failure) = match done {
                Ok(found) => (found, None),
                Err(Failure::Unmet(words)) => {
                    verdict = Verdict::Failed;
                    (Value::Null, Some(words))
                }
                Err(Failure::NoBot(words)) => {
                    verdict = Verdict::NoBot;
                    (Value::Null, Some(words))
                }
            };
            let result = StepResult { number, line: placed.line, text, at_ms, took_ms, found, failure };
            tell(Progress::Over(&result));
            steps.push(result);
            if verdict != Verdict::Passed {
                break;
            }
        }
        let mut listeners = Map::new();
        for guild in &self.scenario.world.guilds {
            if let Ok(report) = self.see(&format!("/sim/listeners/{}", guild.id)).await {
                listeners.insert(guild.id.to_string(), report);
            }
        }
        let bot_last_lines = match &mut self.bot {
            Some(bot) => bot.last_lines().await,
            None => Vec::new(),
        };
        Outcome {
            scenario: self.scenario.name.clone(),
            verdict,
            took_ms: self.sim.now_ms(),
            not_begun: self.scenario.steps.len() - steps.len(),
            steps,
            bot_ended: self.bot.as_mut().and_then(Bot::ended).map(|status| status.to_string()),
            bot_last_lines,
            listeners,
        }
    }

    async fn step(&mut self, step: &Step) -> Result<Value, Failure> {
        match step {
            Step::ExpectAnswer(_)
            | Step::ExpectMessage(_)
            | Step::ExpectVoice { .. }
            | Step::ExpectHeard(_)
            | Step::ExpectTrack(_)
            | Step::ExpectSilence { .. }
            | Step::ExpectListener { .. }
            | Step::ExpectFrames(_) => self.expect(step).await,
            Step::WaitForBot { .. }
            | Step::Join { .. }
            | Step::Leave { .. }
            | Step::Command(_)
            | Step::Autocomplete { .. }
            | Step::Click(_)
            | Step::Modal { .. }
            | Step::Fault { .. }
            | Step::EndFault { .. }
            | Step::Script { .. }
            | Step::RandomScript { .. }
            | Step::Wait { .. }
            | Step::Mark { .. } => self.act(step).await,
        }
    }

    /// Looks again and again, whenever something has happened, until what is looked for is there or the time is up.
    pub(super) async fn until<T>(
        &mut self,
        within: Duration,
        mut look: impl AsyncFnMut() -> Result<T, Unmet>,
    ) -> Result<T, Failure> {
        let deadline = Instant::now() + within;
        loop {
            let unmet = match look().await {
                Ok(found) => return Ok(found),
                Err(Unmet::Never(words)) => return Err(Failure::Unmet(words)),
                Err(Unmet::Yet(words)) => words,
            };
            if let Some(status) = self.bot.as_mut().and_then(Bot::ended) {
                return Err(Failure::NoBot(format!("the bot's process ended ({status}) before: {unmet}")));
            }
            if Instant::now() >= deadline {
                return Err(Failure::Unmet(format!("after {} ms: {unmet}", within.as_millis())));
            }
            let news = self.see(&format!("/sim/events?since={}&timeout_ms={TICK_MS}", self.seen)).await;
            self.seen = news.map_err(Failure::Unmet)?["last"].as_u64().unwrap_or(self.seen);
        }
    }

    /// How long a step waits that says so, or not.
    pub(super) fn patience(&self, within_ms: Option<u64>) -> Duration {
        Duration::from_millis(within_ms.unwrap_or(self.scenario.within_ms))
    }

    /// The moment that a mark names; else `otherwise`.
    pub(super) fn since(&self, mark: Option<&str>, otherwise: f64) -> f64 {
        mark.and_then(|mark| self.marks.get(mark)).copied().unwrap_or(otherwise)
    }

    pub(super) async fn see(&self, path: &str) -> Result<Value, String> {
        see(self.sim, path).await
    }

    pub(super) async fn order(&self, method: &str, path: &str, body: Value) -> Result<Value, Failure> {
        order(self.sim, method, path, body).await.map_err(Failure::Unmet)
    }
}

/// A call that reads.
pub(super) async fn see(sim: &Sim, path: &str) -> Result<Value, String> {
    order(sim, "GET", path, Value::Null).await
}

/// A call of the control API; an error is what it answered.
pub(super) async fn order(sim: &Sim, method: &str, path: &str, body: Value) -> Result<Value, String> {
    let (status, answer) = sim.control(method, path, &body).await;
    if status == 200 {
        return Ok(answer);
    }
    let words = answer["error"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
    Err(format!("the simulator answered {method} {path} with {status}: {words}"))
}

/// Something found, as a step tells it.
pub(super) fn found(name: &str, value: impl Into<Value>) -> Value {
    json!({ name: value.into() })
}
