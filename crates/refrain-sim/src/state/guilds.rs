//! What changes about guilds, channels and members while the simulator runs, and the events that tell of it.

use std::sync::Arc;

use serde_json::json;

use super::{
    Hub, State, json as shapes,
    sessions::{GUILD_MEMBERS, GUILDS},
};
use crate::{
    id::Id,
    world::{Channel, Guild, Member, Role},
};

/// Why something could not be changed.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is not there.
    Missing(String),
    /// It makes no sense.
    Bad(String),
}

impl Hub {
    /// Changes a channel; CHANNEL_UPDATE tells of it. A new voice region exchanges the voice server under those who are
    /// connected, where the region is one of the simulator's.
    pub(crate) fn change_channel(
        self: &Arc<Self>,
        guild: Id,
        channel: Id,
        change: impl FnOnce(&mut Channel),
    ) -> Result<(), Wrong> {
        let mut state = self.state();
        let before = self.known_channel(guild, channel)?.rtc_region;
        let found = |world: &mut crate::world::World| {
            let found = world.guild_mut(guild).and_then(|guild| guild.channel_mut(channel));
            let found = found.ok_or_else(|| format!("the guild {guild} has no channel {channel}"))?;
            change(found);
            Ok(found.rtc_region.clone())
        };
        let (world, region) = self.change_world(found).map_err(Wrong::Bad)?;
        let Some(guild) = world.guild(guild) else { return Ok(()) };
        if let Some(channel) = guild.channel(channel) {
            state.broadcast(guild, GUILDS, "CHANNEL_UPDATE", &shapes::channel(channel, guild));
        }
        if let Some(region) = region.filter(|region| before.as_ref() != Some(region)) {
            self.go_to_region(&mut state, guild, channel, &region);
        }
        self.events.publish("channel_update", json!({ "guild": guild.id, "channel": channel }));
        Ok(())
    }

    /// The old voice server ends the call (4022), the new one is announced.
    fn go_to_region(self: &Arc<Self>, state: &mut State, guild: &Guild, channel: Id, region: &str) {
        let place = self.voice.regions().iter().position(|known| *known == region);
        let Some(place) = place.filter(|place| *place != self.voice.server_of(guild.id.0)) else { return };
        self.voice.move_guild(guild.id.0, place);
        let world = self.world();
        let bots: Vec<Id> = state.in_channel(guild.id, channel).filter(|user| world.bot(*user).is_some()).collect();
        for bot in bots {
            self.voice.close(guild.id.0, bot.0, Some(4022), "Disconnected: call terminated.");
            // Refused only for who is not in voice.
            let _ = self.update_voice_server(state, guild.id, bot, super::voice_server::Halves::default());
        }
    }

    /// A new channel; CHANNEL_CREATE tells of it.
    pub(crate) fn create_channel(&self, guild: Id, channel: Channel) -> Result<(), Wrong> {
        let mut state = self.state();
        self.known_guild(guild)?;
        let id = channel.id;
        let added = |world: &mut crate::world::World| {
            world.guild_mut(guild).ok_or_else(|| format!("there is no guild {guild}"))?.channels.push(channel);
            Ok(())
        };
        let (world, ()) = self.change_world(added).map_err(Wrong::Bad)?;
        if let Some((guild, channel)) = world.channel(id) {
            state.broadcast(guild, GUILDS, "CHANNEL_CREATE", &shapes::channel(channel, guild));
        }
        self.events.publish("channel_create", json!({ "guild": guild, "channel": id }));
        Ok(())
    }

    /// The channel is gone: CHANNEL_DELETE, and the call in it ends for all (4022).
    pub(crate) fn delete_channel(&self, guild: Id, channel: Id) -> Result<(), Wrong> {
        let mut state = self.state();
        self.known_channel(guild, channel)?;
        let before = self.world();
        let removed = |world: &mut crate::world::World| {
            if let Some(guild) = world.guild_mut(guild) {
                guild.channels.retain(|one| one.id != channel);
            }
            Ok(())
        };
        self.change_world(removed).map_err(Wrong::Bad)?;
        if let Some((guild, channel)) = before.channel(channel) {
            state.broadcast(guild, GUILDS, "CHANNEL_DELETE", &shapes::channel(channel, guild));
        }
        self.end_call(&mut state, guild, channel);
        self.events.publish("channel_delete", json!({ "guild": guild, "channel": channel }));
        Ok(())
    }

    /// An outage of the guild begins or ends. Voice goes on: its servers are others.
    pub(crate) fn set_unavailable(&self, guild: &Guild, unavailable: bool) {
        let mut state = self.state();
        if unavailable {
            let gone = json!({ "id": guild.id, "unavailable": true });
            state.broadcast(guild, GUILDS, "GUILD_DELETE", &gone);
            state.unavailable.insert(guild.id);
        } else if state.unavailable.remove(&guild.id) {
            self.send_guild(&mut state, guild.id, None);
        }
    }

    /// A new member. A bot gets GUILD_CREATE, others hear GUILD_MEMBER_ADD.
    pub(crate) fn add_member(&self, guild: Id, member: Member) -> Result<(), Wrong> {
        let mut state = self.state();
        let user = member.user;
        if self.known_guild(guild)?.member(user).is_some() {
            return Err(Wrong::Bad(format!("{user} is a member of the guild {guild} already")));
        }
        let added = |world: &mut crate::world::World| {
            world.guild_mut(guild).ok_or_else(|| format!("there is no guild {guild}"))?.members.push(member);
            Ok(())
        };
        let (world, ()) = self.change_world(added).map_err(Wrong::Bad)?;
        if let Some((guild, member)) = world.guild(guild).and_then(|guild| Some((guild, guild.member(user)?))) {
            let mut data = shapes::member(&world, member);
            data["guild_id"] = json!(guild.id);
            state.broadcast(guild, GUILD_MEMBERS, "GUILD_MEMBER_ADD", &data);
        }
        if world.bot(user).is_some() {
            self.send_guild(&mut state, guild, Some(user));
        }
        self.events.publish("member_add", json!({ "guild": guild, "user": user }));
        Ok(())
    }

    /// A member is no longer one: out of voice, then GUILD_DELETE for a bot; others hear GUILD_MEMBER_REMOVE.
    pub(crate) fn remove_member(&self, guild: Id, user: Id) -> Result<(), Wrong> {
        let mut state = self.state();
        let before = self.world();
        let known = self.known_guild(guild)?;
        if known.member(user).is_none() {
            return Err(Wrong::Missing(format!("{user} is no member of the guild {guild}")));
        }
        if self.remove_from_voice(&mut state, guild, user) {
            self.voice.close(guild.0, user.0, Some(4014), "Disconnected.");
            self.voice.revoke(guild.0, user.0);
        }
        for session in state.sessions.values_mut().filter(|one| one.bot == user && one.covers(&known)) {
            if session.intents & GUILDS != 0 {
                session.push("GUILD_DELETE", json!({ "id": guild }), None);
            }
        }
        let removed = |world: &mut crate::world::World| {
            if let Some(guild) = world.guild_mut(guild) {
                guild.members.retain(|one| one.user != user);
            }
            Ok(())
        };
        let (world, ()) = self.change_world(removed).map_err(Wrong::Bad)?;
        if let Some(guild) = world.guild(guild) {
            let data = json!({ "guild_id": guild.id, "user": before.person(user).map(shapes::user) });
            state.broadcast(guild, GUILD_MEMBERS, "GUILD_MEMBER_REMOVE", &data);
        }
        self.events.publish("member_remove", json!({ "guild": guild, "user": user }));
        Ok(())
    }

    /// Changes a member (name, roles, server mute, server deaf); GUILD_MEMBER_UPDATE tells of it, and a voice state where
    /// voice is concerned.
    pub(crate) fn change_member(&self, guild: Id, user: Id, change: impl FnOnce(&mut Member)) -> Result<(), Wrong> {
        let mut state = self.state();
        let missing = || Wrong::Missing(format!("{user} is no member of the guild {guild}"));
        let before = self.known_guild(guild)?.member(user).cloned().ok_or_else(missing)?;
        let changed = |world: &mut crate::world::World| {
            let found = world.guild_mut(guild).and_then(|guild| guild.members.iter_mut().find(|one| one.user == user));
            change(found.ok_or_else(|| format!("{user} is no member of the guild {guild}"))?);
            Ok(())
        };
        let (world, ()) = self.change_world(changed).map_err(Wrong::Bad)?;
        let Some((guild, member)) = world.guild(guild).and_then(|guild| Some((guild, guild.member(user)?))) else {
            return Err(missing());
        };
        let mut data = shapes::member(&world, member);
        data["guild_id"] = json!(guild.id);
        state.broadcast_member(guild, user, &data);
        if (before.mute, before.deaf) != (member.mute, member.deaf) {
            self.speaking_changed(&mut state, guild, user);
        }
        self.events.publish("member_update", json!({ "guild": guild.id, "user": user }));
        Ok(())
    }

    /// Changes a role; GUILD_ROLE_UPDATE tells of it. Who is in voice stays there, and keeps what was said of its right to
    /// speak when it entered.
    pub(crate) fn change_role(&self, guild: Id, role: Id, change: impl FnOnce(&mut Role)) -> Result<(), Wrong> {
        let mut state = self.state();
        let known = self.known_guild(guild)?;
        if !known.roles.iter().any(|one| one.id == role) {
            return Err(Wrong::Missing(format!("the guild {guild} has no role {role}")));
        }
        let changed = |world: &mut crate::world::World| {
            let found = world.guild_mut(guild).and_then(|guild| guild.roles.iter_mut().find(|one| one.id == role));
            change(found.ok_or_else(|| format!("the guild {guild} has no role {role}"))?);
            Ok(())
        };
        let (world, ()) = self.change_world(changed).map_err(Wrong::Bad)?;
        let Some(guild) = world.guild(guild) else { return Ok(()) };
        if let Some(role) = guild.roles.iter().find(|one| one.id == role) {
            let data = json!({ "guild_id": guild.id, "role": shapes::role(role, guild) });
            state.broadcast(guild, GUILDS, "GUILD_ROLE_UPDATE", &data);
        }
        self.events.publish("role_update", json!({ "guild": guild.id, "role": role }));
        Ok(())
    }

    /// GUILD_CREATE to the sessions that cover the guild, or to those of one bot.
    fn send_guild(&self, state: &mut State, guild: Id, bot: Option<Id>) {
        let world = self.world();
        let Some(guild) = world.guild(guild).filter(|guild| !state.unavailable.contains(&guild.id)) else { return };
        let hears = |one: &super::sessions::Session| {
            one.covers(guild) && one.intents & GUILDS != 0 && bot.is_none_or(|bot| bot == one.bot)
        };
        let told: Vec<_> = state.sessions.iter().filter(|(_, one)| hears(one)).collect();
        let told: Vec<_> =
            told.into_iter().map(|(id, one)| (id.clone(), shapes::guild_create(&world, state, guild, one))).collect();
        for (session, data) in told {
            state.dispatch(&session, "GUILD_CREATE", data, None);
        }
    }

    fn known_guild(&self, guild: Id) -> Result<Guild, Wrong> {
        self.world().guild(guild).cloned().ok_or_else(|| Wrong::Missing(format!("there is no guild {guild}")))
    }

    fn known_channel(&self, guild: Id, channel: Id) -> Result<Channel, Wrong> {
        let found = self.known_guild(guild)?;
        let found = found.channel(channel).cloned();
        found.ok_or_else(|| Wrong::Missing(format!("the guild {guild} has no channel {channel}")))
    }
}
