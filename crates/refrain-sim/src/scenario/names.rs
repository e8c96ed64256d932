//! People, bots, guilds and channels by name or id.

use serde_json::{Map, Value, json};

use crate::{
    id::Id,
    world::{Channel, ChannelKind, Guild, World},
};

/// What a fault's `guild` says where all of Discord is meant.
const EVERYWHERE: &str = "*";

/// The only thing of these that has this id or name.
fn only<'a, T>(
    all: impl Iterator<Item = &'a T> + Clone,
    what: &str,
    wanted: &str,
    parts: impl Fn(&T) -> (Id, String),
) -> Result<&'a T, String> {
    if let Some(found) = all.clone().find(|one| parts(one).0.to_string() == wanted) {
        return Ok(found);
    }
    let mut named = all.clone().filter(|one| parts(one).1 == wanted);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(format!("several {what}s are called `{wanted}`: give the id")),
        (None, _) => {
            let known = all.take(20).map(|one| parts(one).1).collect::<Vec<_>>().join(", ");
            Err(format!("no {what} has the name or id `{wanted}`; there are: {known}"))
        }
    }
}

impl World {
    pub(super) fn user_named(&self, wanted: &str) -> Result<Id, String> {
        only(self.users.iter(), "user", wanted, |user| (user.id, user.name.clone())).map(|user| user.id)
    }

    pub(super) fn bot_named(&self, wanted: Option<&str>) -> Result<&crate::world::Bot, String> {
        match wanted {
            Some(wanted) => only(self.bots.iter(), "bot", wanted, |bot| (bot.id, bot.name.clone())),
            None => self.bots.first().ok_or_else(|| "the world has no bot".into()),
        }
    }

    /// A guild; without a name the only one there is.
    pub(super) fn guild_named(&self, wanted: Option<&str>) -> Result<&Guild, String> {
        match (wanted, self.guilds.as_slice()) {
            (Some(wanted), guilds) => only(guilds.iter(), "guild", wanted, |guild| (guild.id, guild.name.clone())),
            (None, [guild]) => Ok(guild),
            (None, _) => Err("the world has several guilds: say which with `guild`".into()),
        }
    }

    pub(super) fn channel_named(&self, wanted: &str) -> Result<(&Guild, &Channel), String> {
        let all = self.guilds.iter().flat_map(|guild| &guild.channels);
        let found = only(all, "channel", wanted, |channel| (channel.id, channel.name.clone()))?;
        self.channel(found.id).ok_or_else(|| format!("no guild has the channel `{wanted}`"))
    }

    pub(super) fn voice_channel_named(&self, wanted: &str) -> Result<(&Guild, &Channel), String> {
        let (guild, channel) = self.channel_named(wanted)?;
        match channel.kind {
            ChannelKind::Voice | ChannelKind::Stage => Ok((guild, channel)),
            ChannelKind::Text => Err(format!("`{wanted}` is no voice channel")),
        }
    }

    /// A fault's body with ids in place of names. Without a `guild` the only guild is meant; `"*"` leaves it out.
    pub(super) fn fault_named(&self, fault: &Map<String, Value>) -> Result<Value, String> {
        let mut body = fault.clone();
        if body.get("kind").and_then(Value::as_str).is_none() {
            return Err("a fault needs a `kind`, such as \"close\"".into());
        }
        match (body.get("guild").and_then(Value::as_str).map(str::to_owned), self.guilds.as_slice()) {
            (Some(all), _) if all == EVERYWHERE => {
                body.remove("guild");
            }
            (Some(name), _) => {
                body.insert("guild".into(), json!(self.guild_named(Some(&name))?.id));
            }
            (None, [guild]) if !body.contains_key("guild") => {
                body.insert("guild".into(), json!(guild.id));
            }
            (None, _) => {}
        }
        if let Some(name) = body.get("bot").and_then(Value::as_str).map(str::to_owned) {
            body.insert("bot".into(), json!(self.bot_named(Some(&name))?.id));
        }
        if let Some(name) = body.get("channel").and_then(Value::as_str).map(str::to_owned) {
            body.insert("channel".into(), json!(self.channel_named(&name)?.1.id));
        }
        Ok(Value::Object(body))
    }
}
