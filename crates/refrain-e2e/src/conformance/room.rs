//! A guild as its people see it: commands, answers, seats, what is heard, and what is done to it.

use super::{client::Client, ground::Ground, position::Timecode, world::Place};
use crate::harness::{
    control::{Fault, Message, text_or_number},
    listener::Listener,
};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::{
    future::Future,
    path::Path,
    time::{Duration, Instant},
};

/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(100);
/// How long one thing may take: much longer than it should, for machines under load.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// The guild.
#[derive(Clone)]
pub(crate) struct Room<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) place: Place,
}

impl Room<'_> {
    /// Gives one bot a command, as the person; answers the interaction's id.
    pub(crate) async fn command(&self, client: Client, name: &str, options: Value) -> Result<String> {
        let body = json!({
            "guild": self.place.guild, "channel": self.place.text, "user": self.place.person, "bot": Place::bot(client),
            "name": name, "options": options,
        });
        let answer = self.ground.control.post("/sim/interactions", &body).await?;
        text_or_number(&answer["interaction"]).context("the simulator told no interaction id")
    }

    /// What has become of an interaction.
    pub(crate) async fn interaction(&self, id: &str) -> Result<Value> {
        self.ground.control.interaction(id).await
    }

    /// Waits for the words of the final answer.
    pub(crate) async fn answer(&self, id: &str) -> Result<String> {
        until("the answer to the command", PATIENCE, || async {
            let interaction = self.interaction(id).await?;
            if interaction["state"] == "expired" {
                bail!("the command was not acknowledged in time");
            }
            let words = Message::new(interaction["message"].clone()).words();
            Ok((interaction["state"] == "answered" && !words.is_empty()).then_some(words))
        })
        .await
    }

    /// Seats the person.
    pub(crate) async fn sit(&self, channel: Option<&str>) -> Result<()> {
        let body = json!({ "guild": self.place.guild, "channel": channel });
        self.ground.control.post(&format!("/sim/users/{}/voice", self.place.person), &body).await.map(drop)
    }

    /// Does something to one bot's voice.
    pub(crate) async fn fault(&self, client: Client, kind: &str, more: &Value) -> Result<Fault> {
        let mut body = json!({ "guild": self.place.guild, "bot": Place::bot(client), "kind": kind });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more.clone());
        }
        let answer = self.ground.control.post("/sim/faults", &body).await?;
        serde_json::from_value(answer).context("reading the simulator's answer to a fault")
    }

    /// What has been heard of one bot; nothing while none was in voice.
    pub(crate) async fn heard(&self, client: Client) -> Result<Listener> {
        let path = format!("/sim/listeners/{}?user={}", self.place.guild, Place::bot(client));
        let Some(report) = self.ground.control.get(&path).await? else { return Ok(Listener::default()) };
        let report: Listener = serde_json::from_value(report).context("reading the listener's report")?;
        Ok(report.with_silence_until_now())
    }

    /// Where in which track one bot was since `from_ms`.
    pub(crate) async fn timecode(&self, client: Client, from_ms: f64) -> Result<Timecode> {
        let path =
            format!("/sim/listeners/{}/timecode?user={}&from_ms={from_ms}", self.place.guild, Place::bot(client));
        let read = self.ground.control.get(&path).await?.context("the simulator reads no timecode")?;
        serde_json::from_value(read).context("reading the listener's timecode")
    }

    /// Keeps a picture of what was heard of one bot, for people.
    pub(crate) async fn keep_plot(&self, client: Client, path: &Path) -> Result<()> {
        let url = format!("/sim/listeners/{}/plot.svg?user={}", self.place.guild, Place::bot(client));
        let picture = self.ground.control.bytes(&url).await?;
        std::fs::write(path, picture).with_context(|| format!("writing {}", path.display()))
    }

    /// The voice channel that the bot is in.
    pub(crate) async fn seat(&self, client: Client) -> Result<Option<String>> {
        let states =
            self.ground.control.get(&format!("/sim/voice?guild={}", self.place.guild)).await?.unwrap_or_default();
        let bot = Place::bot(client);
        let own = states["voice_states"].as_array().into_iter().flatten().find(|state| state["user"] == bot.as_str());
        Ok(own.and_then(|state| text_or_number(&state["channel"])))
    }

    /// Waits until the bot is in `channel` (none: out of voice).
    pub(crate) async fn seated(&self, client: Client, channel: Option<&str>, limit: Duration) -> Result<()> {
        let what = if channel.is_some() { "the bot to be in the voice channel" } else { "the bot to be out of voice" };
        until(what, limit, || async { Ok((self.seat(client).await?.as_deref() == channel).then_some(())) }).await
    }
}

/// Asks again and again until `check` gives something.
pub(crate) async fn until<T, F>(what: &str, limit: Duration, check: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let start = Instant::now();
    loop {
        if let Some(found) = check().await? {
            return Ok(found);
        }
        if start.elapsed() > limit {
            bail!("waited {} s in vain for {what}", limit.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
}
