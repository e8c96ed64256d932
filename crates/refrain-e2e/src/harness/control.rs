//! A typed client of the simulator's control API (docs/simulator.md).

use super::{listener::Listener, timecode::Timecode};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long one call may take: the simulator answers from memory.
const CALL_LIMIT: Duration = Duration::from_secs(20);

/// A fault that was ordered.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// Its id.
    pub id: Value,
    /// When it happened, on the simulator's clock.
    pub at_ms: f64,
}

/// A message, with what a person sees of it.
#[derive(Clone, Debug)]
pub struct Message {
    raw: Value,
}

impl Message {
    /// Takes a message as the simulator gives it.
    #[must_use]
    pub const fn new(raw: Value) -> Self {
        Self { raw }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.raw["id"].as_str().unwrap_or_default()
    }

    /// All the words in it: content, then each embed's title, description, fields, footer and author.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = vec![self.raw["content"].as_str().unwrap_or_default().to_owned()];
        for embed in self.raw["embeds"].as_array().into_iter().flatten() {
            let fields = embed["fields"].as_array().into_iter().flatten();
            let fields = fields.flat_map(|field| [&field["name"], &field["value"]]);
            let parts = [&embed["author"]["name"], &embed["title"], &embed["description"]].into_iter().chain(fields);
            let parts = parts.chain([&embed["footer"]["text"]]);
            words.extend(parts.filter_map(Value::as_str).map(str::to_owned));
        }
        words.retain(|part| !part.is_empty());
        words.join("\n")
    }

    /// Its buttons as people see them: label and custom id, row by row.
    #[must_use]
    pub fn buttons(&self) -> Vec<(String, String)> {
        let rows = self.raw["components"].as_array().into_iter().flatten();
        let buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        buttons.map(|button| (text(&button["label"]), text(&button["custom_id"]))).collect()
    }

    /// As the simulator gives it.
    #[must_use]
    pub const fn raw(&self) -> &Value {
        &self.raw
    }
}

/// The client.
#[derive(Clone, Debug)]
pub struct Control {
    base: String,
    http: reqwest::Client,
}

impl Control {
    /// A client of the API at `base` (`http://127.0.0.1:PORT`).
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(base: &str) -> Result<Self> {
        let http =
            reqwest::Client::builder().no_proxy().timeout(CALL_LIMIT).build().context("building an HTTP client")?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    /// Gives a command as a person does; answers the interaction's id.
    ///
    /// # Errors
    /// When the simulator refuses or cannot be reached, as for all calls here.
    pub async fn command(&self, channel: &str, user: &str, name: &str, options: Value) -> Result<String> {
        let guild = super::world::GUILD;
        let body = json!({ "guild": guild, "channel": channel, "user": user, "name": name, "options": options });
        let answer = self.post("/sim/interactions", &body).await?;
        text_or_number(&answer["interaction"]).context("the simulator told no interaction id")
    }

    /// Presses a button of a message as a person does; answers the interaction's id.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn press(&self, user: &str, message: &str, custom_id: &str) -> Result<String> {
        let body = json!({ "message": message, "user": user, "custom_id": custom_id });
        let answer = self.post("/sim/components", &body).await?;
        text_or_number(&answer["interaction"]).context("the simulator told no interaction id")
    }

    /// What became of an interaction.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn interaction(&self, id: &str) -> Result<Value> {
        self.get(&format!("/sim/interactions/{id}")).await?.with_context(|| format!("there is no interaction {id}"))
    }

    /// The messages of a channel, oldest first.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn messages(&self, channel: &str) -> Result<Vec<Message>> {
        let answer =
            self.get(&format!("/sim/messages?channel={channel}")).await?.context("there is no such channel")?;
        let list = if answer.is_array() { answer } else { answer["messages"].clone() };
        let Value::Array(list) = list else { bail!("the simulator's messages are no list: {list}") };
        Ok(list.into_iter().map(Message::new).collect())
    }

    /// Puts a person into a voice channel, or out of it.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn sit(&self, user: &str, channel: Option<&str>) -> Result<()> {
        let body = json!({ "guild": super::world::GUILD, "channel": channel });
        self.post(&format!("/sim/users/{user}/voice"), &body).await.map(drop)
    }

    /// Orders a fault; `more` holds what its kind needs (`{"code": 4006}`).
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn fault(&self, kind: &str, more: Value) -> Result<Fault> {
        let mut body =
            Map::from_iter([("guild".to_owned(), super::world::GUILD.into()), ("kind".to_owned(), kind.into())]);
        if let Value::Object(more) = more {
            body.extend(more);
        }
        let answer = self.post("/sim/faults", &Value::Object(body)).await?;
        serde_json::from_value(answer).context("reading the simulator's answer to a fault")
    }

    /// What the guild's listener has heard; `None` while the bot has not been in voice.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn listener(&self) -> Result<Option<Listener>> {
        let report = self.get(&format!("/sim/listeners/{}", super::world::GUILD)).await?;
        let report =
            report.map(serde_json::from_value::<Listener>).transpose().context("reading the listener's report")?;
        Ok(report.map(Listener::with_silence_until_now))
    }

    /// Where in which track the bot was heard; empty while it has not been in voice.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn timecode(&self) -> Result<Timecode> {
        let read = self.get(&format!("/sim/listeners/{}/timecode", super::world::GUILD)).await?;
        let read = read.map(serde_json::from_value).transpose().context("reading the listener's timecode")?;
        Ok(read.unwrap_or_default())
    }

    /// The recording as a WAV file.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn recording(&self) -> Result<Vec<u8>> {
        self.bytes(&format!("/sim/listeners/{}/recording.wav", super::world::GUILD)).await
    }

    /// A call that answers with something other than JSON.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let fetching = || format!("fetching {path} from the simulator");
        let response = self.http.get(format!("{}{path}", self.base)).send().await.with_context(fetching)?;
        let response = response.error_for_status().with_context(fetching)?;
        Ok(response.bytes().await.with_context(fetching)?.to_vec())
    }

    /// The channel that the voice states put `user` in.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn seat(&self, user: &str) -> Result<Option<String>> {
        let answer = self.get(&format!("/sim/voice?guild={}", super::world::GUILD)).await?.unwrap_or_default();
        let list = if answer.is_array() { &answer } else { &answer["voice_states"] };
        let own = list.as_array().into_iter().flatten().find(|state| {
            let id = text_or_number(&state["user"]).or_else(|| text_or_number(&state["user_id"]));
            id.as_deref() == Some(user)
        });
        Ok(own.and_then(|state| text_or_number(&state["channel"]).or_else(|| text_or_number(&state["channel_id"]))))
    }

    /// The frames that went either way since `since_ms`, as the simulator logged them.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn log(&self, since_ms: f64) -> Result<Vec<Value>> {
        let response = self.http.get(format!("{}/sim/log?since={since_ms}", self.base)).send().await;
        let response =
            response.and_then(reqwest::Response::error_for_status).context("fetching the simulator's log")?;
        let lines = response.text().await.context("fetching the simulator's log")?;
        let frames =
            lines.lines().map(|line| serde_json::from_str(line).context("reading a line of the simulator's log"));
        frames.collect()
    }

    /// A call that reads; `None` for a 404.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn get(&self, path: &str) -> Result<Option<Value>> {
        let response = self.http.get(format!("{}{path}", self.base)).send().await;
        let response = response.with_context(|| format!("asking the simulator for {path}"))?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        read(path, response).await.map(Some)
    }

    /// Ends a lasting fault; fails where it is over already.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn end_fault(&self, id: &str) -> Result<()> {
        let path = format!("/sim/faults/{id}");
        let response = self.http.delete(format!("{}{path}", self.base)).send().await;
        read(&path, response.with_context(|| format!("calling the simulator's {path}"))?).await.map(drop)
    }

    /// A call that changes something.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        let response = self.http.patch(format!("{}{path}", self.base)).json(body).send().await;
        read(path, response.with_context(|| format!("calling the simulator's {path}"))?).await
    }

    /// A call that does something.
    ///
    /// # Errors
    /// See [`Self::command`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let response = self.http.post(format!("{}{path}", self.base)).json(body).send().await;
        read(path, response.with_context(|| format!("calling the simulator's {path}"))?).await
    }
}

async fn read(path: &str, response: reqwest::Response) -> Result<Value> {
    let status = response.status();
    let text = response.text().await.with_context(|| format!("reading the simulator's answer to {path}"))?;
    if !status.is_success() {
        bail!("the simulator answered {path} with {status}: {text}");
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("the simulator's answer to {path} is no JSON: {text:.200}"))
}

/// Ids are texts on Discord's wire; a number does as well.
pub(crate) fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_messages_buttons_are_read_row_by_row() {
        let button = |label: &str| json!({ "type": 2, "style": 2, "label": label, "custom_id": label.to_lowercase() });
        let rows = json!([{ "type": 1, "components": [button("Back"), button("Skip")] }]);
        let buttons = Message::new(json!({ "components": rows })).buttons();
        assert_eq!(buttons, [("Back".into(), "back".into()), ("Skip".into(), "skip".into())]);
        assert!(Message::new(json!({})).buttons().is_empty());
    }

    #[test]
    fn a_messages_words_are_all_that_a_person_reads() {
        let raw = json!({ "id": "1", "content": "", "embeds": [{ "title": "First Light", "description": "by ada",
            "fields": [{ "name": "Length", "value": "1:00" }], "footer": { "text": "1 track" } }] });
        assert_eq!(Message::new(raw).words(), "First Light\nby ada\nLength\n1:00\n1 track");
        assert_eq!(Message::new(json!({ "content": "No." })).words(), "No.");
        assert_eq!(Message::new(json!(17)).words(), "");
    }
}
