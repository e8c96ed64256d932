//! Steps that do something.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    run::{Failure, Runner, Unmet, found, order, see},
    step::{Click, Step},
    text::{Wanted, component},
};
use crate::id::Id;

impl Runner<'_> {
    pub(super) async fn act(&mut self, step: &Step) -> Result<Value, Failure> {
        let world = &self.scenario.world;
        match step {
            Step::WaitForBot { bot, commands, within_ms } => {
                let bot = world.bot_named(bot.as_deref()).map_err(Failure::Unmet)?.id;
                self.wait_for_bot(bot, commands, *within_ms).await
            }
            Step::Join { user, channel } => {
                let (guild, channel) = world.voice_channel_named(channel).map_err(Failure::Unmet)?;
                self.place(user, guild.id, Some(channel.id)).await
            }
            Step::Leave { user, guild } => {
                let guild = world.guild_named(guild.as_deref()).map_err(Failure::Unmet)?.id;
                self.place(user, guild, None).await
            }
            Step::Command(one) => {
                let body = self.typed(&one.user, &one.channel, &one.name, &one.options, one.bot.as_deref())?;
                self.ask("/sim/interactions", body, one.r#as.as_deref()).await
            }
            Step::Autocomplete { user, channel, name, options, focused, bot, contains } => {
                let mut body = self.typed(user, channel, name, options, bot.as_deref())?;
                body["focused"] = json!(focused);
                let answer = self.order("POST", "/sim/autocomplete", body).await?;
                let choices = answer["choices"].as_array().cloned().unwrap_or_default();
                let offered = |text: &String| choices.iter().any(|one| one["name"].as_str() == Some(text));
                match contains.0.iter().find(|text| !offered(text)) {
                    Some(missing) => {
                        Err(Failure::Unmet(format!("{missing:?} is not among the choices: {}", answer["choices"])))
                    }
                    None => Ok(found("choices", choices)),
                }
            }
            Step::Click(click) => self.click(click).await,
            Step::Modal { values, interaction, r#as } => {
                let asked = self.interaction(interaction.as_deref())?;
                let body = json!({ "interaction": asked, "values": values });
                self.ask("/sim/modals", body, r#as.as_deref()).await
            }
            Step::Fault { fault, r#as } => {
                let body = world.fault_named(fault).map_err(Failure::Unmet)?;
                let answer = self.order("POST", "/sim/faults", body).await?;
                if let (Some(name), Some(id)) = (r#as, answer["id"].as_str()) {
                    self.faults.insert(name.clone(), id.to_owned());
                }
                Ok(answer)
            }
            Step::EndFault { fault } => {
                let id = self.faults.get(fault).cloned();
                let id = id.ok_or_else(|| Failure::Unmet(format!("no fault was called `{fault}`")))?;
                self.order("DELETE", &format!("/sim/faults/{id}"), Value::Null).await
            }
            Step::Script { steps, repeat, wait } => {
                let timed = steps.iter().map(|one| {
                    let fault = world.fault_named(&one.fault)?;
                    Ok::<_, String>(json!({ "at_ms": one.at_ms, "fault": fault }))
                });
                let steps = timed.collect::<Result<Vec<_>, _>>().map_err(Failure::Unmet)?;
                let mut body = json!({ "steps": steps });
                if let Some(repeat) = repeat {
                    body["repeat"] = repeat.clone();
                }
                self.script("/sim/scripts", body, *wait).await
            }
            Step::RandomScript { seed, for_ms, rate_per_minute, kinds, guilds, wait } => {
                let guilds = guilds.iter().map(|name| world.guild_named(Some(name)).map(|guild| guild.id));
                let guilds = guilds.collect::<Result<Vec<Id>, _>>().map_err(Failure::Unmet)?;
                let mut body = json!({ "seed": seed, "for_ms": for_ms, "kinds": kinds, "guilds": guilds });
                if let Some(rate) = rate_per_minute {
                    body["rate_per_minute"] = json!(rate);
                }
                self.script("/sim/scripts/random", body, *wait).await
            }
            Step::Wait { ms } => {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
                Ok(Value::Null)
            }
            Step::Mark { name } => {
                self.marks.insert(name.clone(), self.sim.now_ms());
                Ok(Value::Null)
            }
            Step::ExpectAnswer(_)
            | Step::ExpectMessage(_)
            | Step::ExpectVoice { .. }
            | Step::ExpectHeard(_)
            | Step::ExpectTrack(_)
            | Step::ExpectSilence { .. }
            | Step::ExpectListener { .. }
            | Step::ExpectFrames(_) => Err(Failure::Unmet("this step expects, it does nothing".into())),
        }
    }

    async fn wait_for_bot(&mut self, bot: Id, commands: &[String], within_ms: Option<u64>) -> Result<Value, Failure> {
        let sim = self.sim;
        let members = self.scenario.world.guilds.iter().filter(|guild| guild.member(bot).is_some()).count();
        let came = self.until(self.patience(within_ms), async || {
            let bots = see(sim, "/sim/bots").await?;
            let mine = bots.as_array().into_iter().flatten().find(|one| one["id"] == json!(bot));
            let mine = mine.ok_or_else(|| Unmet::Never(format!("the world has no bot {bot}")))?;
            let ready = mine["guilds_ready"].as_array().map_or(0, Vec::len);
            if mine["connected"] != json!(true) || ready < members {
                return Err(Unmet::Yet("the bot is not logged in with all its guilds".into()));
            }
            let registered = see(sim, "/sim/commands").await?;
            let has = |name: &String| {
                let of_bot = registered.as_array().into_iter().flatten();
                let of_bot = of_bot.filter(|one| one["application"] == mine["application_id"]);
                let mut all = of_bot.flat_map(|one| one["commands"].as_array().into_iter().flatten());
                all.any(|one| one["name"].as_str() == Some(name))
            };
            match commands.iter().find(|name| !has(name)) {
                Some(missing) => Err(Unmet::Yet(format!("the bot has not registered /{missing}"))),
                None => Ok(mine.clone()),
            }
        });
        came.await.map_err(|failure| match failure {
            Failure::Unmet(words) | Failure::NoBot(words) => Failure::NoBot(words),
        })
    }

    async fn place(&self, user: &str, guild: Id, channel: Option<Id>) -> Result<Value, Failure> {
        let user = self.scenario.world.user_named(user).map_err(Failure::Unmet)?;
        let body = json!({ "guild": guild, "channel": channel });
        self.order("POST", &format!("/sim/users/{user}/voice"), body).await
    }

    fn typed(
        &self,
        user: &str,
        channel: &str,
        name: &str,
        options: &Map<String, Value>,
        bot: Option<&str>,
    ) -> Result<Value, Failure> {
        let world = &self.scenario.world;
        let (guild, channel) = world.channel_named(channel).map_err(Failure::Unmet)?;
        let user = world.user_named(user).map_err(Failure::Unmet)?;
        let mut body =
            json!({ "guild": guild.id, "channel": channel.id, "user": user, "name": name, "options": options });
        if let Some(bot) = bot {
            body["bot"] = json!(world.bot_named(Some(bot)).map_err(Failure::Unmet)?.id);
        }
        Ok(body)
    }

    /// Makes an interaction and remembers it.
    async fn ask(&mut self, path: &str, body: Value, name: Option<&str>) -> Result<Value, Failure> {
        let answer = self.order("POST", path, body).await?;
        self.last = answer["interaction"].as_str().map(str::to_owned);
        if let (Some(name), Some(id)) = (name, &self.last) {
            self.named.insert(name.to_owned(), id.clone());
        }
        Ok(answer)
    }

    /// The interaction of this name, or the latest.
    pub(super) fn interaction(&self, name: Option<&str>) -> Result<String, Failure> {
        let known = match name {
            Some(name) => self.named.get(name).cloned(),
            None => self.last.clone(),
        };
        known.ok_or_else(|| Failure::Unmet("no such interaction was made".into()))
    }

    async fn click(&mut self, click: &Click) -> Result<Value, Failure> {
        let (sim, world) = (self.sim, &self.scenario.world);
        let user = world.user_named(&click.user).map_err(Failure::Unmet)?;
        let place = click.channel.as_deref().map(|name| world.channel_named(name)).transpose();
        let place = place.map_err(Failure::Unmet)?.map(|(_, channel)| format!("?channel={}", channel.id));
        let path = format!("/sim/messages{}", place.unwrap_or_default());
        let wanted = match (&click.custom_id, &click.label) {
            (Some(id), _) => Wanted::CustomId(id),
            (None, Some(label)) => Wanted::Label(label),
            (None, None) => return Err(Failure::Unmet("`custom_id` or `label` is missing".into())),
        };
        let seen = |message: &&Value| {
            let only = &message["ephemeral_for"];
            message["deleted_ms"].is_null() && (only.is_null() || *only == json!(user))
        };
        let body = self.until(self.patience(click.within_ms), async || {
            let messages = see(sim, &path).await?;
            let newest_first = messages.as_array().into_iter().flatten().rev().filter(seen);
            let mut fitting = newest_first.filter_map(|one| Some((one, component(&one["components"], &wanted)?)));
            let (message, one) = fitting.next().ok_or_else(|| Unmet::Yet("no message has such a component".into()))?;
            if one["disabled"] == json!(true) {
                return Err(Unmet::Yet("the component is disabled".into()));
            }
            Ok(json!({
                "message": message["id"], "user": user, "custom_id": one["custom_id"], "values": click.values,
            }))
        });
        let body = body.await?;
        self.ask("/sim/components", body, click.r#as.as_deref()).await
    }

    async fn script(&mut self, path: &str, body: Value, wait: bool) -> Result<Value, Failure> {
        let sim = self.sim;
        let script = self.order("POST", path, body).await?;
        if !wait {
            return Ok(script);
        }
        let path = format!("/sim/scripts/{}", script["id"].as_str().unwrap_or_default());
        let last = script["steps"].as_array().and_then(|steps| steps.last()).and_then(|step| step["at_ms"].as_u64());
        let rounds = script["repeat"]["times"]
            .as_u64()
            .unwrap_or(0)
            .saturating_mul(script["repeat"]["every_ms"].as_u64().unwrap_or(0));
        let within = Duration::from_millis(last.unwrap_or(0).saturating_add(rounds)) + self.patience(None);
        let over = self.until(within, async || {
            let report = order(sim, "GET", &path, Value::Null).await?;
            if report["state"] == "running" { Err(Unmet::Yet("the script still runs".into())) } else { Ok(report) }
        });
        over.await
    }
}
