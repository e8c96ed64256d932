//! A stage with many guilds: one simulator, one bot, and in each guild two voice channels with a person in each.

use crate::{
    harness::{
        binaries::Binaries,
        control::{Control, Message, text_or_number},
        process::{Launch, Process},
        setting::{bot_environment, start_simulator},
        world::{ADA, APPLICATION, BEN, BOT, EVERYONE, TOKEN},
    },
    media::{MediaServer, Sound},
};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The first guild's id; the ids of a guild's channels follow its own.
const FIRST: u64 = 1_217_000_000_000_000_000;
/// From a guild's id to the next one's.
const APART: u64 = 1_000;
/// How often the simulator is asked.
const POLL: Duration = Duration::from_millis(200);
/// How long the bot may take to log in and to register its commands.
const READY: Duration = Duration::from_secs(120);
/// How long a killed bot may take to be gone.
const ENDING: Duration = Duration::from_secs(15);
/// Lines of the bot's log that an error shows.
const SHOWN_LINES: usize = 25;

/// What stands in yt-dlp's place: an address of a sound is its own page, named as its file. A look-up takes as long as the
/// file beside it says.
const STAND_IN: &str = r#"#!/bin/sh
for asked; do :; done
read -r seconds < "${0%/*}/look-up-seconds" && sleep "$seconds"
printf '{"title":"%s","webpage_url":"%s","url":"%s","acodec":"opus","vcodec":"none","duration":DURATION}\n' "${asked##*/}" "$asked" "$asked"
"#;

/// One guild's ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) guild: String,
    /// Where commands are given.
    pub(crate) text: String,
    /// Where the person is.
    pub(crate) music: String,
    /// Another voice channel.
    pub(crate) lounge: String,
}

impl Place {
    /// The guild with this number, from 0.
    pub(crate) fn new(number: usize) -> Self {
        let guild = FIRST + APART * (number as u64 + 1);
        let id = |more: u64| (guild + more).to_string();
        Self { guild: id(0), text: id(10), music: id(20), lounge: id(21) }
    }

    fn as_json(&self, number: usize) -> Value {
        json!({
            "id": self.guild,
            "name": format!("Guild {}", number + 1),
            "owner": BEN,
            "roles": [{ "id": self.guild, "name": "@everyone", "permissions": EVERYONE }],
            "channels": [
                { "id": self.text, "name": "requests", "type": "text" },
                { "id": self.music, "name": "Music", "type": "voice" },
                { "id": self.lounge, "name": "Lounge", "type": "voice" },
            ],
            "members": [{ "user": ADA }, { "user": BEN }, { "user": BOT }],
        })
    }
}

/// What to put on the stage.
#[derive(Debug)]
pub(crate) struct ManySetting {
    pub(crate) binaries: Binaries,
    pub(crate) sounds: Vec<(String, Sound)>,
    /// Where everything is kept.
    pub(crate) folder: PathBuf,
    pub(crate) guilds: usize,
    /// Guilds, by number, whose sound is decoded. Of the others only packets and gaps are known.
    pub(crate) decoded: Vec<usize>,
    /// How many voice servers there are.
    pub(crate) servers: usize,
}

/// A running stage.
pub(crate) struct Many {
    pub(crate) control: Control,
    pub(crate) media: MediaServer,
    pub(crate) places: Vec<Place>,
    pub(crate) bot: Process,
    sim: Process,
    launch: Launch,
    folder: PathBuf,
}

impl Many {
    /// Starts everything, waits until the bot knows all guilds, and puts a person into each voice channel.
    pub(crate) async fn start(setting: ManySetting) -> Result<Self> {
        let ManySetting { binaries, sounds, folder, guilds, decoded, servers } = setting;
        let places: Vec<Place> = (0..guilds).map(Place::new).collect();
        let all: Vec<Value> = places.iter().enumerate().map(|(number, place)| place.as_json(number)).collect();
        let except: Vec<&str> =
            decoded.iter().filter_map(|number| places.get(*number)).map(|place| place.guild.as_str()).collect();
        let world = json!({
            "voice": { "servers": servers },
            "listener": { "decode": false, "except": except },
            "users": [{ "id": ADA, "name": "ada" }, { "id": BEN, "name": "ben" }],
            "bots": [{ "id": BOT, "application_id": APPLICATION, "token": TOKEN, "name": "refrain" }],
            "guilds": all,
        });
        let media = MediaServer::start(sounds).await?;
        let (sim, ready) = start_simulator(&binaries.sim, &world, &folder).await?;
        let control = Control::new(ready["control"].as_str().context("the ready file names no control API")?)?;
        let environment = bot_environment(&folder, &ready, &media, &binaries)?;
        let launch = Launch {
            name: "the bot",
            program: binaries.bot.clone(),
            arguments: Vec::new(),
            environment,
            folder: folder.clone(),
            log_file: folder.join("bot.log"),
        };
        let bot = Process::start(&launch)?;
        let mut stage = Self { control, media, places, bot, sim, launch, folder };
        stage.wait_until_ready().await?;
        for place in &stage.places {
            // One in each channel: where the bot is moved to, there is a listener.
            stage.sit(place, ADA, &place.music).await?;
            stage.sit(place, BEN, &place.lounge).await?;
        }
        Ok(stage)
    }

    /// A person goes into a voice channel.
    async fn sit(&self, place: &Place, user: &str, channel: &str) -> Result<()> {
        let body = json!({ "guild": place.guild, "channel": channel });
        self.control.post(&format!("/sim/users/{user}/voice"), &body).await.map(drop)
    }

    /// Gives a command in a guild; answers the interaction's id.
    pub(crate) async fn command(&self, number: usize, name: &str, options: Value) -> Result<String> {
        let place = &self.places[number];
        let body =
            json!({ "guild": place.guild, "channel": place.text, "user": ADA, "name": name, "options": options });
        let answer = self.control.post("/sim/interactions", &body).await?;
        text_or_number(&answer["interaction"]).context("the simulator told no interaction id")
    }

    /// The words of an interaction's final answer, once there is one.
    pub(crate) async fn answer(&self, id: &str) -> Result<Option<String>> {
        let interaction = self.control.interaction(id).await?;
        let words = Message::new(interaction["message"].clone()).words();
        Ok((interaction["state"] == "answered" && !words.is_empty()).then_some(words))
    }

    /// The simulator's clock, in milliseconds, and the same moment since the Unix epoch.
    pub(crate) async fn clock(&self) -> Result<(f64, f64)> {
        let clock = self.control.get("/sim/clock").await?.unwrap_or_default();
        let read = |key: &str| clock[key].as_f64().with_context(|| format!("the simulator's clock tells no {key}"));
        Ok((read("now_ms")?, read("unix_ms")?))
    }

    /// What the listener of this guild tells; null before the bot was in voice.
    pub(crate) async fn listener(&self, number: usize) -> Result<Value> {
        let path = format!("/sim/listeners/{}", self.places[number].guild);
        Ok(self.control.get(&path).await?.unwrap_or_default())
    }

    /// Asks again and again until `check` says so.
    pub(crate) async fn wait_for(
        &mut self,
        what: &str,
        limit: Duration,
        check: impl AsyncFn(&Self) -> Result<bool>,
    ) -> Result<()> {
        let start = Instant::now();
        while !check(self).await.with_context(|| format!("waiting for {what}"))? {
            self.check_alive(what)?;
            ensure!(start.elapsed() < limit, "waited {} s in vain for {what}{}", limit.as_secs(), self.last_words());
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Checks that both processes run.
    pub(crate) fn check_alive(&mut self, what: &str) -> Result<()> {
        if let Some(status) = self.bot.ended()? {
            bail!("the bot ended ({status}) while waiting for {what}{}", self.last_words());
        }
        if let Some(status) = self.sim.ended()? {
            bail!("the simulator ended ({status}) while waiting for {what}: {}", self.sim.lines().join("\n"));
        }
        Ok(())
    }

    /// Kills the bot and its children with SIGKILL.
    pub(crate) async fn kill_bot(&mut self) -> Result<()> {
        self.bot.kill(ENDING).await
    }

    /// Starts the bot again. What it says goes into another file.
    pub(crate) fn restart_bot(&mut self) -> Result<()> {
        self.launch.log_file = self.folder.join("bot-restarted.log");
        self.bot = Process::start(&self.launch)?;
        Ok(())
    }

    /// The process ids of the bot and of the simulator.
    pub(crate) fn processes(&self) -> [Option<u32>; 2] {
        [self.bot.id(), self.sim.id()]
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let guilds = self.places.len();
        self.wait_for("the bot to log in and register its commands", READY, async |stage| {
            let bots = stage.control.get("/sim/bots").await?.unwrap_or_default();
            let commands = stage.control.get("/sim/commands").await?.unwrap_or_default();
            let known = bots[0]["guilds_ready"].as_array().map_or(0, Vec::len);
            Ok(known == guilds && commands.to_string().contains("\"play\""))
        })
        .await
    }

    fn last_words(&self) -> String {
        let lines = self.bot.lines();
        let last = lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES));
        format!("; the bot's last lines:\n{}", last.cloned().collect::<Vec<_>>().join("\n"))
    }
}

/// Writes a stand-in for yt-dlp into `folder`, which tells this length of all sounds. Look-ups take no time until
/// [`look_ups_take`] says otherwise.
pub(crate) fn stand_in(folder: &Path, duration_s: u32) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("yt-dlp");
    look_ups_take(folder, 0)?;
    let script = STAND_IN.replace("DURATION", &duration_s.to_string());
    std::fs::write(&path, script).context("writing the stand-in for yt-dlp")?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .context("making the stand-in for yt-dlp executable")?;
    Ok(path)
}

/// From now on each look-up takes so many seconds.
pub(crate) fn look_ups_take(folder: &Path, seconds: u64) -> Result<()> {
    // Renamed into place, so that no look-up reads half of it.
    let (new, path) = (folder.join("look-up-seconds.new"), folder.join("look-up-seconds"));
    std::fs::write(&new, format!("{seconds}\n")).context("writing how long a look-up takes")?;
    std::fs::rename(&new, &path).context("writing how long a look-up takes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_guilds_do_not_meet() {
        let ids: Vec<String> =
            (0..200).map(Place::new).flat_map(|place| [place.guild, place.text, place.music, place.lounge]).collect();
        let once: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!(once.len(), ids.len());
    }

    #[tokio::test]
    async fn the_stand_in_tells_the_address_that_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = stand_in(folder.path(), 17).unwrap();
        let output = tokio::process::Command::new(path).args(["--dump-json", "http://x/a.ogg"]).output().await.unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&told["title"], &told["url"]), (&json!("a.ogg"), &json!("http://x/a.ogg")));
        assert_eq!(told["duration"], 17);
    }
}
