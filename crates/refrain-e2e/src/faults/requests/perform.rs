//! One case: the request goes wrong, and what members read and hear.

use super::case::{Hit, RequestCase};
use crate::{
    faults::{ground::Ground, heard::plays, report::Row},
    harness::{Stage, control::Message, process::error_lines, world},
};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(200);
/// How long everything must stay as it should be.
const WATCH: Duration = Duration::from_secs(3);
/// The songs, which are one sound under three names.
pub(in crate::faults) const SONGS: [&str; 3] = ["one.ogg", "two.ogg", "three.ogg"];

/// What there was to see in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestSeen {
    /// What is not as it should be.
    pub(crate) complaints: Vec<String>,
    /// How long it took until all was as it should be, in milliseconds.
    pub(crate) took_ms: Option<f64>,
    /// Requests that came, and those that came too early.
    pub(crate) requests: u64,
}

/// Carries a case out, in a folder of its own.
pub(crate) async fn perform(ground: &Ground, case: &RequestCase) -> Row {
    let begun = Instant::now();
    let outcome = match ground.stage_for_requests(&case.name).await {
        Ok(stage) => Performance { case, stage, asked: None }.go().await,
        Err(error) => Err(error),
    };
    Row::of_request(case, outcome, begun.elapsed())
}

struct Performance<'a> {
    case: &'a RequestCase,
    stage: Stage,
    /// The interaction whose answer should be there in the end.
    asked: Option<String>,
}

impl Performance<'_> {
    async fn go(mut self) -> Result<RequestSeen> {
        match self.case.hit {
            Hit::Callback | Hit::Answer => {
                self.order().await?;
                self.asked = Some(self.play(SONGS[0]).await?);
            }
            Hit::Press => {
                self.begin(&SONGS).await?;
                let panel = self.panel().await?.context("there is no panel")?;
                let skip = panel.buttons().into_iter().find(|(_, id)| id.ends_with(":skip"));
                let (_, skip) = skip.context("the panel has no Skip")?;
                self.order().await?;
                self.stage.control.press(world::ADA, panel.id(), &skip).await?;
            }
            Hit::Panel => {
                self.begin(&SONGS[..1]).await?;
                self.order().await?;
                self.stage.ask("pause", json!({})).await?;
            }
            Hit::Message => {
                self.begin(&SONGS[..1]).await?;
                self.order().await?;
                self.stage.control.fault("kick", json!({})).await?;
            }
            Hit::Registration | Hit::Start => {
                self.begin(&SONGS[..1]).await?;
                self.stage.kill_bot().await?;
                self.order().await?;
                self.stage.launch_bot()?;
                if self.case.hit == Hit::Registration {
                    self.stage.hear_music(500.0).await?;
                    self.asked = Some(self.stage.control.command(world::TEXT, world::ADA, "queue", json!({})).await?);
                }
            }
        }
        self.watch().await
    }

    async fn order(&self) -> Result<()> {
        let (method, route) = self.case.hit.aim();
        for order in &self.case.faults {
            let mut body = order.body();
            if let Some(fields) = body.as_object_mut() {
                fields.entry("route").or_insert_with(|| route.into());
                fields.entry("method").or_insert_with(|| method.into());
                // What is asked at the start is of no guild.
                fields.entry("guild").or_insert(Value::Null);
            }
            self.stage.control.fault(&order.kind, body).await?;
        }
        Ok(())
    }

    async fn play(&self, song: &str) -> Result<String> {
        let query = json!({ "query": self.stage.media.url(song) });
        self.stage.control.command(world::TEXT, world::ADA, "play", query).await
    }

    /// Music, before anything goes wrong.
    async fn begin(&mut self, songs: &[&str]) -> Result<()> {
        for song in songs {
            let asked = self.play(song).await?;
            self.stage.answer(&asked, "play").await?;
        }
        self.stage.hear_music(1_000.0).await.map(drop)
    }

    /// Watches until all is as it should be for a while, or the time is up.
    async fn watch(&mut self) -> Result<RequestSeen> {
        let (start, limit) = (Instant::now(), Duration::from_secs(self.case.within_s));
        let mut good: Option<Instant> = None;
        loop {
            let complaints = self.complaints().await?;
            good = if complaints.is_empty() { good.or_else(|| Some(Instant::now())) } else { None };
            let settled = good.is_some_and(|since| since.elapsed() >= WATCH);
            if settled || start.elapsed() > limit {
                let rest = self.stage.control.get("/sim/rest").await?.unwrap_or_default();
                let took_ms = good.map(|since| since.duration_since(start).as_secs_f64() * 1_000.0);
                return Ok(RequestSeen {
                    complaints,
                    took_ms,
                    requests: rest["requests"].as_u64().unwrap_or_default(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// What is not as it should be now.
    async fn complaints(&mut self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        if let Err(error) = self.stage.check_alive("the outcome") {
            bail!("{error:#}");
        }
        let mut complain = |bad: bool, words: String| {
            if bad {
                found.push(words);
            }
        };
        let rest = self.stage.control.get("/sim/rest").await?.unwrap_or_default();
        complain(rest["too_early"] != 0, format!("requests came before their time: {}", rest["examples"]));
        let mut errors = error_lines(&self.stage.bot_log());
        errors.retain(|error| !self.case.errors.iter().any(|expected| error.contains(expected)));
        complain(!errors.is_empty(), format!("errors in the log: {}", errors.join("; ")));
        if let Some(asked) = &self.asked {
            let interaction = self.stage.control.interaction(asked).await?;
            let answered = interaction["state"] == "answered";
            complain(answered != self.case.answered, format!("the command's state is {}", interaction["state"]));
        }
        let (panels, others) = self.messages().await?;
        let heard = plays(&self.stage.control.listener().await?.unwrap_or_default());
        let words = panels.iter().map(Message::words).collect::<Vec<_>>().join(" // ");
        match self.case.hit {
            Hit::Callback | Hit::Answer | Hit::Registration | Hit::Start => {
                complain(!heard, "no music".to_owned());
                complain(panels.len() != 1, format!("{} panels: {words}", panels.len()));
                complain(!others.is_empty(), format!("members read {}", others.join(" // ")));
            }
            Hit::Press => {
                complain(!heard, "no music".to_owned());
                complain(panels.len() != 1 || !words.contains(SONGS[1]), format!("the panel shows {words}"));
            }
            Hit::Panel => {
                complain(panels.len() != 1 || !words.contains("Paused"), format!("the panel shows {words}"));
            }
            Hit::Message => {
                complain(others.len() != 1, format!("{} messages: {}", others.len(), others.join(" // ")));
            }
        }
        Ok(found)
    }

    async fn panel(&self) -> Result<Option<Message>> {
        Ok(self.messages().await?.0.pop())
    }

    /// The bot's messages with buttons, and the words of those that never had any and answer no command.
    async fn messages(&self) -> Result<(Vec<Message>, Vec<String>)> {
        let messages = self.stage.control.messages(world::TEXT).await?;
        let (mut panels, mut others) = (Vec::new(), Vec::new());
        for message in messages {
            let raw = message.raw();
            if raw["author"]["id"] != world::BOT || !raw["deleted_ms"].is_null() {
                continue;
            }
            let had_buttons = |value: &Value| value["components"].as_array().is_some_and(|rows| !rows.is_empty());
            let edits = raw["edits"].as_array().into_iter().flatten();
            if had_buttons(raw) {
                panels.push(message);
            } else if raw["interaction"].is_null() && !edits.into_iter().any(had_buttons) {
                others.push(message.words());
            }
        }
        Ok((panels, others))
    }
}
