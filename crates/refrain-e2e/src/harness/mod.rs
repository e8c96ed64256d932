//! A stage: the simulator, the unmodified bot, a media server, and the people in front of them.
//!
//! Everything is awaited by asking the simulator, with a deadline; nothing sleeps and hopes. Dropping the stage kills both
//! process groups. What the bot logs at ERROR fails [`Stage::finish`] unless the test said that it expects it.

pub mod binaries;
pub mod control;
pub mod listener;
pub mod process;
pub(crate) mod setting;
pub mod timecode;
pub mod world;

pub use setting::Setting;

use crate::media::MediaServer;
use anyhow::{Context as _, Result, bail, ensure};
use control::Control;
use listener::Listener;
use process::{Launch, Process, error_lines};
use serde_json::{Value, json};
use setting::{bot_environment, install_plugin, open_to, start_simulator};
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long one thing may take before a test gives up: much longer than it should, for machines under load.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(50);
/// The bot must end within this time of a SIGTERM: it promises 5 s.
const ENDING: Duration = Duration::from_secs(15);
/// Lines of the bot's log that an error shows.
const SHOWN_LINES: usize = 25;

/// A running stage.
pub struct Stage {
    /// The simulator's control API.
    pub control: Control,
    /// The media server.
    pub media: MediaServer,
    bot: Process,
    sim: Process,
    launch: Launch,
    expected: Vec<String>,
    folder: PathBuf,
    _temporary: Option<TempDir>,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The words of the final answer.
    pub words: String,
    /// The interaction as the simulator tells it.
    pub interaction: Value,
}

impl Answer {
    /// When the interaction reached the bot, in milliseconds of the simulator's clock.
    #[must_use]
    pub fn delivered_ms(&self) -> Option<f64> {
        self.interaction["delivered_ms"].as_f64()
    }
}

impl Stage {
    /// Starts everything and waits until the bot has logged in and registered its commands.
    ///
    /// # Errors
    /// When something does not start; the message holds the last lines of the bot's log.
    pub async fn start(setting: Setting) -> Result<Self> {
        Self::start_with(setting, []).await
    }

    /// The same, with more documented variables in the bot's environment.
    ///
    /// # Errors
    /// See [`Self::start`].
    pub async fn start_with(setting: Setting, more: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let temporary =
            if setting.folder.is_none() { Some(tempfile::tempdir().context("making a folder")?) } else { None };
        let folder = setting.folder.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()));
        let folder = folder.context("there is no folder to work in")?;
        let media = MediaServer::start(setting.sounds.clone()).await?;
        let (sim, ready) = start_simulator(&setting.binaries.sim, &world::world(setting.latency_ms), &folder).await?;
        let control = Control::new(ready["control"].as_str().context("the ready file names no control API")?)?;
        let plugins = install_plugin(&folder, &media)?;
        let mut environment = bot_environment(&folder, &ready, &media, &setting.binaries)?;
        match &setting.elsewhere {
            Some(url) => open_to(url, &folder, &mut environment)?,
            None => drop(environment.insert("YT_DLP_PLUGIN_DIRS".to_owned(), plugins.into())),
        }
        environment.extend(more.into_iter().map(|(name, value)| (name, value.into())));
        let launch = Launch {
            name: "the bot",
            program: setting.binaries.bot.clone(),
            arguments: Vec::new(),
            environment,
            folder: folder.clone(),
            log_file: folder.join("bot.log"),
        };
        let bot = Process::start(&launch)?;
        let mut stage = Self { control, media, bot, sim, launch, expected: Vec::new(), folder, _temporary: temporary };
        stage.wait_until_ready().await?;
        Ok(stage)
    }

    /// Where the logs are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the bot logged so far.
    #[must_use]
    pub fn bot_log(&self) -> Vec<String> {
        self.bot.lines()
    }

    /// What the bot logged from line `from` on, counted from 0.
    #[must_use]
    pub fn bot_log_from(&self, from: usize) -> Vec<String> {
        self.bot.lines_from(from)
    }

    /// The bot's process id while it runs.
    #[must_use]
    pub fn bot_id(&self) -> Option<u32> {
        self.bot.id()
    }

    /// From here on an ERROR in the bot's log that contains `text` is what the test wants.
    pub fn expect_error(&mut self, text: &str) {
        self.expected.push(text.to_owned());
    }

    /// Asks again and again until `check` gives something.
    ///
    /// # Errors
    /// When it has not within `limit`, when it fails, or when a process has ended meanwhile.
    pub async fn wait_for<T, F>(&mut self, what: &str, limit: Duration, check: impl Fn(Control) -> F) -> Result<T>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        let start = Instant::now();
        loop {
            if let Some(found) = check(self.control.clone()).await.with_context(|| format!("waiting for {what}"))? {
                return Ok(found);
            }
            self.check_alive(what)?;
            if start.elapsed() > limit {
                bail!("waited {} s in vain for {what}{}", limit.as_secs(), self.last_words());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Checks that neither process has ended while `what` was waited for.
    ///
    /// # Errors
    /// When one has; the message holds what it said last.
    pub fn check_alive(&mut self, what: &str) -> Result<()> {
        if let Some(status) = self.bot.ended()? {
            bail!("the bot ended ({status}) while waiting for {what}{}", self.last_words());
        }
        if let Some(status) = self.sim.ended()? {
            bail!("the simulator ended ({status}) while waiting for {what}: {}", self.sim.lines().join("\n"));
        }
        Ok(())
    }

    /// Puts a person into a voice channel.
    ///
    /// # Errors
    /// When the simulator refuses.
    pub async fn sit(&self, user: &str, channel: &str) -> Result<()> {
        self.control.sit(user, Some(channel)).await
    }

    /// Gives a command as Ada does, and waits for its final answer.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn ask(&mut self, name: &str, options: Value) -> Result<Answer> {
        let id = self.control.command(world::TEXT, world::ADA, name, options).await?;
        self.answer(&id, name).await
    }

    /// Waits for the final answer to an interaction.
    ///
    /// # Errors
    /// When none comes.
    pub async fn answer(&mut self, id: &str, name: &str) -> Result<Answer> {
        self.wait_for(&format!("the answer to /{name}"), PATIENCE, |control| async move {
            let interaction = control.interaction(id).await?;
            let message = control::Message::new(interaction["message"].clone());
            let answered = interaction["state"] == "answered" && !message.words().is_empty();
            Ok(answered.then(|| Answer { words: message.words(), interaction }))
        })
        .await
    }

    /// `/play`.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn play(&mut self, query: &str) -> Result<Answer> {
        self.ask("play", json!({ "query": query })).await
    }

    /// Waits until the listener's report satisfies `check`.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn listen(&mut self, what: &str, check: impl Fn(&Listener) -> bool + Copy) -> Result<Listener> {
        self.wait_for(
            what,
            PATIENCE,
            |control| async move { Ok(control.listener().await?.filter(|report| check(report))) },
        )
        .await
    }

    /// Waits until `ms` more milliseconds of music have been heard.
    ///
    /// # Errors
    /// When they are not in time.
    pub async fn hear_music(&mut self, ms: f64) -> Result<Listener> {
        let steps = (ms / 100.0).ceil() as usize;
        let start = self.control.listener().await?.unwrap_or_default().level.len();
        let music = |report: &Listener| {
            report.level.iter().skip(start).filter(|&&level| level > crate::measure::SILENT_DBFS).count()
        };
        self.listen("music at the listener", |report| music(report) >= steps).await
    }

    /// Waits until the bot's voice state says `channel` (none: out of voice).
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn bot_is_in(&mut self, channel: Option<&str>) -> Result<()> {
        let what =
            channel.map_or("the bot to be out of voice".to_owned(), |channel| format!("the bot to be in {channel}"));
        self.wait_for(&what, PATIENCE, |control| async move {
            Ok((control.seat(world::BOT).await?.as_deref() == channel).then_some(()))
        })
        .await
    }

    /// Waits for a message in the text channel whose words, in lower case, satisfy `check`.
    ///
    /// # Errors
    /// When none comes.
    pub async fn said(&mut self, what: &str, check: impl Fn(&str) -> bool + Copy) -> Result<String> {
        self.wait_for(what, PATIENCE, |control| async move {
            let messages = control.messages(world::TEXT).await?;
            Ok(messages.iter().map(control::Message::words).find(|words| check(&words.to_lowercase())))
        })
        .await
    }

    /// Waits until the bot has logged a line that contains `text`.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn logs(&mut self, text: &str) -> Result<()> {
        let start = Instant::now();
        while !self.bot.lines().iter().any(|line| line.contains(text)) {
            if let Some(status) = self.bot.ended()? {
                bail!("the bot ended ({status}) before it logged \"{text}\"{}", self.last_words());
            }
            ensure!(start.elapsed() < PATIENCE, "the bot never logged \"{text}\"{}", self.last_words());
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Deletes a message, as a moderator does: the bot, which has no intent for messages, is not told.
    ///
    /// # Errors
    /// When the simulator refuses or cannot be reached.
    pub async fn delete_message(&self, channel: &str, message: &str) -> Result<()> {
        let rest = self.launch.environment.get("REFRAIN_DISCORD_API").and_then(|rest| rest.to_str());
        let rest = rest.context("the bot's environment names no REST API")?.trim_end_matches('/');
        let request = reqwest::Client::builder().no_proxy().build().context("building an HTTP client")?;
        let request = request.delete(format!("{rest}/api/v10/channels/{channel}/messages/{message}"));
        let answer = request.header("Authorization", format!("Bot {}", world::TOKEN)).send().await;
        answer.and_then(reqwest::Response::error_for_status).map(drop).context("deleting a message")
    }

    /// Sends the bot a SIGTERM and waits for its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn terminate_bot(&mut self) -> Result<ExitStatus> {
        self.bot.terminate(ENDING).await
    }

    /// Kills the bot and its children with SIGKILL, as a machine that loses its power does, and waits for its end.
    ///
    /// # Errors
    /// When it had ended already.
    pub async fn kill_bot(&mut self) -> Result<()> {
        self.bot.kill(ENDING).await
    }

    /// As [`Self::bot_is_in`], while no bot runs.
    ///
    /// # Errors
    /// When it is not within the time.
    pub async fn bot_is_in_while_it_is_away(&mut self, channel: Option<&str>) -> Result<()> {
        let start = Instant::now();
        while self.control.seat(world::BOT).await?.as_deref() != channel {
            ensure!(start.elapsed() < PATIENCE, "the bot's seat is not {channel:?}");
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Starts another bot with the same settings beside the one that runs, and waits for its end: its exit code and what it
    /// said.
    ///
    /// # Errors
    /// When it does not start, or does not end by itself.
    pub async fn start_another_bot(&self) -> Result<(Option<i32>, Vec<String>)> {
        self.run_bot([]).await
    }

    /// The same with arguments, as for `refrain store check`.
    ///
    /// # Errors
    /// When it does not start, or does not end by itself.
    pub async fn run_bot<const N: usize>(&self, arguments: [&str; N]) -> Result<(Option<i32>, Vec<String>)> {
        let Launch { name, program, environment, folder, .. } = &self.launch;
        let launch = Launch {
            name,
            program: program.clone(),
            arguments: arguments.map(Into::into).into(),
            environment: environment.clone(),
            folder: folder.clone(),
            log_file: folder.join("another-bot.log"),
        };
        let mut another = Process::start(&launch)?;
        let status = another.wait(PATIENCE).await?;
        Ok((status.code(), another.lines()))
    }

    /// Starts the bot again, after it has ended.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart_bot(&mut self) -> Result<()> {
        self.launch_bot()?;
        self.wait_until_ready().await
    }

    /// Starts the bot again, after it has ended, and does not wait for it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch_bot(&mut self) -> Result<()> {
        self.bot = Process::start(&self.launch)?;
        Ok(())
    }

    /// Ends the bot and checks that all was well: exit code 0, and no ERROR that was not expected.
    ///
    /// # Errors
    /// When something was not.
    pub async fn finish(mut self) -> Result<()> {
        if self.bot.ended()?.is_none() {
            let status = self.terminate_bot().await?;
            ensure!(status.success(), "the bot ended with {status}{}", self.last_words());
        }
        let mut errors = error_lines(&self.bot.lines());
        errors.retain(|error| !self.expected.iter().any(|expected| error.contains(expected)));
        ensure!(errors.is_empty(), "the bot logged errors that nobody expected:\n{}", errors.join("\n"));
        self.check_log().await
    }

    /// Checks what the bot has logged since it was started last: each line is JSON, and none holds a token.
    ///
    /// # Errors
    /// With the first line that is wrong.
    pub async fn check_log(&self) -> Result<()> {
        let secrets = self.control.get("/sim/secrets").await?.unwrap_or_default();
        let secrets: Vec<&str> = secrets.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        ensure!(!secrets.is_empty(), "the simulator tells of no token");
        for line in self.bot.lines() {
            if let Some(secret) = secrets.iter().find(|secret| line.contains(**secret)) {
                bail!("the bot logged a token: {}", line.replace(*secret, "{TOKEN}"));
            }
            // The one line on the other stream, for the person who starts the bot.
            let for_people = line.starts_with("Invite the bot: ");
            let json = serde_json::from_str::<Value>(&line).is_ok_and(|line| line.is_object());
            ensure!(json || for_people, "no JSON line: {line}");
        }
        Ok(())
    }

    /// Waits until the bot has logged in and been told of the guild.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn wait_until_ready(&mut self) -> Result<()> {
        self.wait_for("the bot to log in and register its commands", PATIENCE, |control| async move {
            let bots = control.get("/sim/bots").await?.unwrap_or_default();
            let commands = control.get("/sim/commands").await?.unwrap_or_default();
            Ok((is_connected(&bots) && commands.to_string().contains("\"play\"")).then_some(()))
        })
        .await
    }

    /// The last lines of the bot's log, to end an error with.
    pub(crate) fn last_words(&self) -> String {
        let lines = self.bot.lines();
        let last = lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES));
        format!("; its last lines:\n{}", last.cloned().collect::<Vec<_>>().join("\n"))
    }
}

/// Whether a bot has logged in and has been told of the guild.
fn is_connected(bots: &Value) -> bool {
    let ready =
        |bot: &Value| bot["guilds_ready"].as_array().is_some_and(|guilds| guilds.contains(&json!(world::GUILD)));
    bots.as_array().into_iter().flatten().any(ready)
}
