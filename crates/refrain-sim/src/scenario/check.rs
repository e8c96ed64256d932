//! Whether a scenario's steps speak of what is there, before anything is started.

use std::collections::BTreeSet;

use super::{
    file::Scenario,
    step::{ExpectMessage, Step},
};
use crate::world::World;

/// The longest that a step may wait, in milliseconds: an hour.
const MAX_MS: u64 = 60 * 60 * 1000;

/// What is wrong, and with which step.
pub(super) struct Problem {
    pub(super) step: Option<usize>,
    pub(super) words: String,
}

/// What earlier steps have given names to.
#[derive(Default)]
struct Given {
    interactions: BTreeSet<String>,
    asked: bool,
    faults: BTreeSet<String>,
    marks: BTreeSet<String>,
}

pub(super) fn check(scenario: &Scenario) -> Result<(), Problem> {
    let world = &scenario.world;
    let whole = |words| Problem { step: None, words };
    world.bot_named(scenario.bot.login.as_deref()).map_err(|words| whole(format!("bot.login: {words}")))?;
    if scenario.within_ms > MAX_MS {
        return Err(whole(format!("within_ms: {MAX_MS} (an hour) at most")));
    }
    let mut given = Given::default();
    for (number, placed) in scenario.steps.iter().enumerate() {
        step(world, &mut given, &placed.step).map_err(|words| Problem { step: Some(number), words })?;
    }
    Ok(())
}

fn step(world: &World, given: &mut Given, step: &Step) -> Result<(), String> {
    match step {
        Step::WaitForBot { bot, within_ms, .. } => {
            world.bot_named(bot.as_deref())?;
            bounded(*within_ms)
        }
        Step::Join { user, channel } => {
            world.user_named(user)?;
            world.voice_channel_named(channel).map(drop)
        }
        Step::Leave { user, guild } => {
            world.user_named(user)?;
            world.guild_named(guild.as_deref()).map(drop)
        }
        Step::Command(command) => {
            world.user_named(&command.user)?;
            world.channel_named(&command.channel)?;
            command.bot.as_deref().map_or(Ok(()), |bot| world.bot_named(Some(bot)).map(drop))?;
            given.interaction(command.r#as.as_deref())
        }
        Step::Autocomplete { user, channel, bot, .. } => {
            world.user_named(user)?;
            world.channel_named(channel)?;
            bot.as_deref().map_or(Ok(()), |bot| world.bot_named(Some(bot)).map(drop))
        }
        Step::Click(click) => {
            world.user_named(&click.user)?;
            click.channel.as_deref().map_or(Ok(()), |channel| world.channel_named(channel).map(drop))?;
            if click.custom_id.is_some() == click.label.is_some() {
                return Err("one of `custom_id` and `label` says what is clicked".into());
            }
            bounded(click.within_ms)?;
            given.interaction(click.r#as.as_deref())
        }
        Step::Modal { interaction, r#as, .. } => {
            given.asked(interaction.as_deref())?;
            given.interaction(r#as.as_deref())
        }
        Step::Fault { fault, r#as } => {
            known(&world.fault_named(fault)?)?;
            given.faults.extend(r#as.clone());
            Ok(())
        }
        Step::EndFault { fault } if given.faults.contains(fault) => Ok(()),
        Step::EndFault { fault } => Err(format!("no earlier fault was given the name `{fault}` (with `as`)")),
        Step::Script { steps, .. } => {
            for (number, timed) in steps.iter().enumerate() {
                let body = world.fault_named(&timed.fault).and_then(|body| known(&body));
                body.map_err(|problem| format!("steps[{number}]: {problem}"))?;
            }
            Ok(())
        }
        Step::RandomScript { guilds, for_ms, .. } => {
            for guild in guilds {
                world.guild_named(Some(guild))?;
            }
            bounded(Some(*for_ms))
        }
        Step::Wait { ms } => bounded(Some(*ms)),
        Step::Mark { name } => {
            given.marks.insert(name.clone());
            Ok(())
        }
        Step::ExpectAnswer(expect) => {
            given.asked(expect.interaction.as_deref())?;
            bounded(expect.within_ms)
        }
        Step::ExpectMessage(ExpectMessage { channel, since, within_ms, .. }) => {
            world.channel_named(channel)?;
            given.marked(since.as_deref())?;
            bounded(*within_ms)
        }
        Step::ExpectVoice { bot, user, channel, guild, within_ms } => {
            if bot.is_some() && user.is_some() {
                return Err("`bot` or `user`, not both".into());
            }
            world.bot_named(bot.as_deref())?;
            user.as_deref().map_or(Ok(()), |user| world.user_named(user).map(drop))?;
            match channel {
                Some(channel) => world.voice_channel_named(channel).map(drop)?,
                None => world.guild_named(guild.as_deref()).map(drop)?,
            }
            bounded(*within_ms)
        }
        Step::ExpectHeard(expect) => {
            world.guild_named(expect.guild.as_deref())?;
            world.bot_named(expect.bot.as_deref())?;
            given.marked(expect.since.as_deref())?;
            bounded(Some(expect.for_ms))?;
            bounded(expect.within_ms)
        }
        Step::ExpectTrack(expect) => {
            world.guild_named(expect.guild.as_deref())?;
            world.bot_named(expect.bot.as_deref())?;
            given.marked(expect.since.as_deref())?;
            bounded(Some(expect.heard_ms))?;
            bounded(expect.within_ms)
        }
        Step::ExpectSilence { guild, bot, for_ms, within_ms } => {
            world.guild_named(guild.as_deref())?;
            world.bot_named(bot.as_deref())?;
            bounded(Some(*for_ms))?;
            bounded(*within_ms)
        }
        Step::ExpectListener { guild, bot, at_least, at_most, within_ms } => {
            world.guild_named(guild.as_deref())?;
            world.bot_named(bot.as_deref())?;
            if let Some((name, _)) = at_least.iter().chain(at_most).find(|(_, value)| !value.is_number()) {
                return Err(format!("`{name}` is compared with a number"));
            }
            bounded(*within_ms)
        }
        Step::ExpectFrames(expect) => {
            let connection = expect.connection.as_deref();
            if connection.is_some_and(|name| !["gateway", "voice", "rest"].contains(&name)) {
                return Err("`connection` is \"gateway\", \"voice\" or \"rest\"".into());
            }
            if expect.at_most.is_some_and(|most| most < expect.at_least) {
                return Err("`at_most` is below `at_least` (which is 1 where it is not given)".into());
            }
            given.marked(expect.since.as_deref())?;
            bounded(Some(expect.for_ms))?;
            bounded(expect.within_ms)
        }
    }
}

fn known(fault: &serde_json::Value) -> Result<(), String> {
    let kind = fault["kind"].as_str().unwrap_or_default();
    crate::faults::check_kind(kind)
}

fn bounded(ms: Option<u64>) -> Result<(), String> {
    match ms {
        Some(ms) if ms > MAX_MS => Err(format!("{ms} ms are more than {MAX_MS} (an hour)")),
        Some(_) | None => Ok(()),
    }
}

impl Given {
    fn interaction(&mut self, name: Option<&str>) -> Result<(), String> {
        self.asked = true;
        self.interactions.extend(name.map(str::to_owned));
        Ok(())
    }

    fn asked(&self, name: Option<&str>) -> Result<(), String> {
        match name {
            Some(name) if !self.interactions.contains(name) => {
                Err(format!("no earlier step was given the name `{name}` (with `as`)"))
            }
            None if !self.asked => Err("no earlier step asked the bot for anything".into()),
            Some(_) | None => Ok(()),
        }
    }

    fn marked(&self, name: Option<&str>) -> Result<(), String> {
        match name {
            Some(name) if !self.marks.contains(name) => {
                Err(format!("`since`: no earlier step `mark` has the name `{name}`"))
            }
            Some(_) | None => Ok(()),
        }
    }
}
