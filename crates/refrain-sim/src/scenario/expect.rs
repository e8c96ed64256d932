//! Steps that expect something, except for frames on the wire.

use serde_json::{Map, Value, json};

use super::{
    heard::{self, Music},
    run::{Failure, Runner, Unmet, found, see},
    step::{ExpectAnswer, ExpectHeard, ExpectMessage, ExpectTrack, Step},
    text::{Wish, words},
};

impl Runner<'_> {
    pub(super) async fn expect(&mut self, step: &Step) -> Result<Value, Failure> {
        let world = &self.scenario.world;
        match step {
            Step::ExpectAnswer(one) => self.expect_answer(one).await,
            Step::ExpectMessage(one) => self.expect_message(one).await,
            Step::ExpectVoice { bot, user, channel, guild, within_ms } => {
                let who = match user {
                    Some(user) => world.user_named(user),
                    None => world.bot_named(bot.as_deref()).map(|bot| bot.id),
                };
                let who = json!(who.map_err(Failure::Unmet)?);
                let (guild, channel) = match channel {
                    Some(name) => world.voice_channel_named(name).map(|(guild, one)| (guild.id, json!(one.id))),
                    None => world.guild_named(guild.as_deref()).map(|guild| (guild.id, Value::Null)),
                }
                .map_err(Failure::Unmet)?;
                let (sim, path) = (self.sim, format!("/sim/voice?guild={guild}"));
                let there = self.until(self.patience(*within_ms), async || {
                    let report = see(sim, &path).await?;
                    let states = report["voice_states"].as_array().into_iter().flatten();
                    let own = states.clone().find(|state| state["user"] == who).cloned().unwrap_or_default();
                    if own["channel"] == channel { Ok(own) } else { Err(Unmet::Yet(format!("voice state: {own}"))) }
                });
                there.await
            }
            Step::ExpectHeard(one) => self.expect_heard(one).await,
            Step::ExpectTrack(one) => self.expect_track(one).await,
            Step::ExpectSilence { guild, bot, for_ms, within_ms } => {
                let path = self.listener(guild.as_deref(), bot.as_deref(), "")?;
                let (sim, start) = (self.sim, self.sim.now_ms());
                let within = self.patience(*within_ms) + std::time::Duration::from_millis(*for_ms);
                let quiet = self.until(within, async || {
                    let report = see(sim, &path).await.unwrap_or_default();
                    let quiet = heard::quiet_ms(&report, start, sim.now_ms());
                    if quiet >= *for_ms as f64 {
                        return Ok(found("silent_ms", quiet));
                    }
                    Err(Unmet::Yet(format!("it has been silent for {quiet:.0} ms")))
                });
                quiet.await
            }
            Step::ExpectListener { guild, bot, at_least, at_most, within_ms } => {
                let path = self.listener(guild.as_deref(), bot.as_deref(), "")?;
                self.expect_listener(&path, at_least, at_most, *within_ms).await
            }
            Step::ExpectFrames(one) => self.expect_frames(one).await,
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
            | Step::Mark { .. } => Err(Failure::Unmet("this step expects nothing".into())),
        }
    }

    async fn expect_answer(&mut self, expect: &ExpectAnswer) -> Result<Value, Failure> {
        let path = format!("/sim/interactions/{}", self.interaction(expect.interaction.as_deref())?);
        let sim = self.sim;
        let wish = Wish {
            contains: &expect.contains,
            lacks: &expect.lacks,
            embed: expect.embed.as_ref(),
            component: expect.component.as_deref(),
            ephemeral: expect.ephemeral,
        };
        let answered = self.until(self.patience(expect.within_ms), async || {
            let report = see(sim, &path).await?;
            match report["state"].as_str() {
                Some("answered") => {}
                Some("expired") => {
                    return Err(Unmet::Never(
                        "the bot did not acknowledge it in time: it failed for the person".into(),
                    ));
                }
                Some(_) | None => return Err(Unmet::Yet(format!("the interaction is {}", report["state"]))),
            }
            if let Some(form) = &expect.form {
                let shown = &report["result"]["custom_id"];
                let is_it = shown.as_str() == Some(form);
                return if is_it {
                    Ok(report)
                } else {
                    Err(Unmet::Never(format!("the form is {shown}, not {form:?}")))
                };
            }
            let mut shown = report["followups"].as_array().cloned().unwrap_or_default();
            shown.insert(0, report["message"].clone());
            let unmet: Vec<String> = shown.iter().filter_map(|message| wish.unmet(message)).collect();
            match unmet.first() {
                Some(first) if unmet.len() == shown.len() => {
                    Err(Unmet::Yet(format!("{first}; it says {:?}", words(&shown[0]))))
                }
                Some(_) | None => Ok(report),
            }
        });
        answered.await
    }

    async fn expect_message(&mut self, expect: &ExpectMessage) -> Result<Value, Failure> {
        let (_, channel) = self.scenario.world.channel_named(&expect.channel).map_err(Failure::Unmet)?;
        let (sim, path) = (self.sim, format!("/sim/messages?channel={}", channel.id));
        let since = self.since(expect.since.as_deref(), -1.0);
        let wish = Wish {
            contains: &expect.contains,
            lacks: &expect.lacks,
            embed: expect.embed.as_ref(),
            component: expect.component.as_deref(),
            ephemeral: expect.ephemeral,
        };
        let shown = self.until(self.patience(expect.within_ms), async || {
            let messages = see(sim, &path).await?;
            let there = messages.as_array().into_iter().flatten();
            let there: Vec<&Value> = there
                .filter(|one| one["deleted_ms"].is_null() && one["loading"] != json!(true) && touched_ms(one) >= since)
                .collect();
            let fitting: Vec<&Value> = there.iter().copied().filter(|one| wish.unmet(one).is_none()).collect();
            match (expect.count, fitting.last()) {
                (Some(count), _) if count == fitting.len() => Ok(json!({ "messages": fitting })),
                (Some(count), _) => Err(Unmet::Yet(format!("{} messages are so, {count} should be", fitting.len()))),
                (None, Some(message)) => Ok(found("message", (*message).clone())),
                (None, None) => {
                    let last = there.last().map_or_else(
                        || "the channel is empty".into(),
                        |one| {
                            let unmet = wish.unmet(one).unwrap_or_default();
                            format!("of the last message: {unmet}; it says {:?}", words(one))
                        },
                    );
                    Err(Unmet::Yet(last))
                }
            }
        });
        shown.await
    }

    async fn expect_heard(&mut self, expect: &ExpectHeard) -> Result<Value, Failure> {
        let (sim, path) = (self.sim, self.listener(expect.guild.as_deref(), expect.bot.as_deref(), "")?);
        let wish = Music {
            since_ms: self.since(expect.since.as_deref(), self.sim.now_ms()),
            for_ms: expect.for_ms as f64,
            gap_ms: expect.gap_ms as f64,
            silence_at_most_ms: expect.silence_at_most_ms.map(|most| most as f64),
        };
        let within = self.patience(expect.within_ms) + std::time::Duration::from_millis(expect.for_ms);
        let music = self.until(within, async || match see(sim, &path).await {
            Ok(report) => heard::music(&report, &wish),
            Err(_) => Err(Unmet::Yet("the bot was never in voice".into())),
        });
        music.await
    }

    async fn expect_track(&mut self, expect: &ExpectTrack) -> Result<Value, Failure> {
        let sim = self.sim;
        let mut path = self.listener(expect.guild.as_deref(), expect.bot.as_deref(), "/timecode")?;
        if expect.since.is_some() {
            let joint = if path.contains('?') { '&' } else { '?' };
            path.push_str(&format!("{joint}from_ms={}", self.since(expect.since.as_deref(), 0.0)));
        }
        let within = self.patience(expect.within_ms) + std::time::Duration::from_millis(expect.heard_ms);
        let played = self.until(within, async || match see(sim, &path).await {
            Ok(told) => heard::track(&told, expect),
            Err(words) => Err(Unmet::Yet(words)),
        });
        played.await
    }

    /// The path of a listener's report.
    fn listener(&self, guild: Option<&str>, bot: Option<&str>, part: &str) -> Result<String, Failure> {
        let world = &self.scenario.world;
        let guild = world.guild_named(guild).map_err(Failure::Unmet)?.id;
        let user = bot.map(|bot| world.bot_named(Some(bot)).map(|bot| format!("?user={}", bot.id)));
        let user = user.transpose().map_err(Failure::Unmet)?.unwrap_or_default();
        Ok(format!("/sim/listeners/{guild}{part}{user}"))
    }

    async fn expect_listener(
        &mut self,
        path: &str,
        at_least: &Map<String, Value>,
        at_most: &Map<String, Value>,
        within_ms: Option<u64>,
    ) -> Result<Value, Failure> {
        let sim = self.sim;
        let number = |report: &Value, name: &str| {
            let pointer = format!("/{}", name.replace('.', "/"));
            let found = report.pointer(&pointer).and_then(Value::as_f64);
            found.ok_or_else(|| Unmet::Never(format!("the listener's report has no number `{name}`")))
        };
        let figures = self.until(self.patience(within_ms), async || {
            let report = see(sim, path).await.map_err(Unmet::Yet)?;
            let mut figures = Map::new();
            for (name, most) in at_most {
                let found = number(&report, name)?;
                figures.insert(name.clone(), json!(found));
                if found > most.as_f64().unwrap_or(f64::INFINITY) {
                    return Err(Unmet::Never(format!("`{name}` is {found}, above {most}")));
                }
            }
            for (name, least) in at_least {
                let found = number(&report, name)?;
                figures.insert(name.clone(), json!(found));
                if found < least.as_f64().unwrap_or(f64::NEG_INFINITY) {
                    return Err(Unmet::Yet(format!("`{name}` is {found}, below {least}")));
                }
            }
            Ok(Value::Object(figures))
        });
        figures.await
    }
}

/// When a message was written or last edited.
fn touched_ms(message: &Value) -> f64 {
    let edited = message["edits"].as_array().and_then(|edits| edits.last()).and_then(|edit| edit["at_ms"].as_f64());
    edited.or(message["at_ms"].as_f64()).unwrap_or(0.0)
}
