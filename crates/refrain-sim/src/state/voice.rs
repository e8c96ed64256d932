//! Who is in which voice channel, and what op 4, people and moderators change about it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Hub, State,
    effects::Effect,
    json,
    sessions::GUILD_VOICE_STATES,
    voice_server::{Halves, voice_channel},
};
use crate::{
    id::{Id, Permissions},
    world::{Channel, Guild, SameChannel},
};

/// One member's voice state. Who is in no channel has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VoiceState {
    pub(crate) channel: Option<Id>,
    pub(crate) session_id: String,
    pub(crate) self_mute: bool,
    pub(crate) self_deaf: bool,
    /// Whether the member may not speak here: on a stage without the right to, or in a channel entered without SPEAK.
    pub(crate) suppress: bool,
    /// Since when the member asks to speak on a stage, as ISO 8601.
    pub(crate) request_to_speak: Option<String>,
}

/// An op 4.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) guild: Id,
    pub(crate) channel: Option<Id>,
    pub(crate) self_mute: bool,
    pub(crate) self_deaf: bool,
}

impl Hub {
    /// Op 4 of a bot. What it may not do is answered with nothing at all.
    pub(crate) fn update_voice_state(self: &Arc<Self>, session_id: &str, bot: Id, wish: Wish) {
        let (mut state, world) = (self.state(), self.world());
        let Some(guild) = world.guild(wish.guild).filter(|guild| guild.member(bot).is_some()) else { return };
        let effects = self.effects.of(guild.id, bot);
        if effects.contains(&Effect::Op4Unanswered) || state.unavailable.contains(&guild.id) {
            return;
        }
        let before = state.voice_states.get(&(guild.id, bot)).cloned();
        let Some(channel) = wish.channel else {
            if before.is_some() {
                self.remove_from_voice(&mut state, guild.id, bot);
                self.voice.revoke(guild.id.0, bot.0);
            }
            return;
        };
        let Some(channel) = guild.channel(channel).filter(|channel| self.may_enter(&state, guild, channel, bot)) else {
            return;
        };
        let same = |before: &VoiceState| before.channel == Some(channel.id) && before.session_id == session_id;
        let stays = before.as_ref().is_some_and(same);
        let after = VoiceState {
            channel: Some(channel.id),
            session_id: session_id.into(),
            self_mute: wish.self_mute,
            self_deaf: wish.self_deaf,
            ..VoiceState::entering(guild, channel, bot, before.as_ref())
        };
        let unanswered = stays && self.same_channel_op4(guild.id, bot) == SameChannel::Unanswered;
        if unanswered {
            if before.as_ref() != Some(&after) {
                self.enter(&mut state, guild, bot, after);
            }
            return;
        }
        if !stays && before.is_some() {
            self.voice.close(guild.id.0, bot.0, Some(4014), "Disconnected.");
        }
        self.connect(&mut state, guild, bot, after, self.halves_of_joins(guild.id, bot));
    }

    /// Puts a person into a channel or takes them out. Rights are not asked: the test decides.
    pub(crate) fn place_user(&self, guild: Id, user: Id, channel: Option<Id>) -> Result<(), String> {
        let world = self.world();
        let guild = world.guild(guild).ok_or_else(|| format!("there is no guild {guild}"))?;
        if guild.member(user).is_none() {
            return Err(format!("the user {user} is no member of the guild {}", guild.id));
        }
        if world.bot(user).is_some() {
            return Err(format!(
                "{user} is a bot: it joins by itself; to move it use the fault `move`, to remove it `kick`"
            ));
        }
        let mut state = self.state();
        let Some(channel) = channel else {
            self.remove_from_voice(&mut state, guild.id, user);
            return Ok(());
        };
        let channel = voice_channel(guild, channel)?;
        let session_id = self.secret(&mut state);
        let before = state.voice_states.get(&(guild.id, user)).cloned();
        let place = VoiceState { session_id, ..VoiceState::entering(guild, channel, user, before.as_ref()) };
        self.enter(&mut state, guild, user, place);
        Ok(())
    }

    /// A moderator moves a bot: the voice socket is closed with 4014, then both halves come.
    pub(crate) fn move_bot(
        self: &Arc<Self>,
        guild: &Guild,
        bot: Id,
        channel: Id,
        halves: Halves,
    ) -> Result<(), String> {
        let channel = voice_channel(guild, channel)?;
        let mut state = self.state();
        let before = state.voice_states.get(&(guild.id, bot)).cloned();
        let before = before.ok_or_else(|| format!("the bot {bot} is in no voice channel of the guild {}", guild.id))?;
        self.voice.close(guild.id.0, bot.0, Some(4014), "Disconnected.");
        let entering = VoiceState::entering(guild, channel, bot, Some(&before));
        let after = VoiceState { session_id: before.session_id, ..entering };
        let after = VoiceState { self_mute: before.self_mute, self_deaf: before.self_deaf, ..after };
        self.connect(&mut state, guild, bot, after, halves);
        Ok(())
    }

    /// A moderator disconnects a bot: 4014 in company, 4022 for who was alone, because the call ends with it. `alone`
    /// says which without looking.
    pub(crate) fn kick_bot(&self, guild: &Guild, bot: Id, alone: Option<bool>) -> Result<(), String> {
        let mut state = self.state();
        let channel = state.voice_states.get(&(guild.id, bot)).and_then(|place| place.channel);
        let Some(channel) = channel else {
            return Err(format!("the bot {bot} is in no voice channel of the guild {}", guild.id));
        };
        let alone = alone.unwrap_or_else(|| state.in_channel(guild.id, channel).count() == 1);
        self.remove_from_voice(&mut state, guild.id, bot);
        let (code, reason) = if alone { (4022, "Disconnected: call terminated.") } else { (4014, "Disconnected.") };
        self.voice.close(guild.id.0, bot.0, Some(code), reason);
        self.voice.revoke(guild.id.0, bot.0);
        Ok(())
    }

    /// The voice state of somebody in voice, once more and unchanged.
    pub(crate) fn repeat_voice_state(&self, state: &mut State, guild: &Guild, user: Id) {
        if let Some(place) = state.voice_states.get(&(guild.id, user)) {
            let data = json::voice_state(&self.world(), guild, user, Some(place));
            state.broadcast(guild, GUILD_VOICE_STATES, "VOICE_STATE_UPDATE", &data);
        }
    }

    /// What an op 4 for the channel one is already in brings: the newest fault's word, or the world's.
    fn same_channel_op4(&self, guild: Id, bot: Id) -> SameChannel {
        let mut found = self.world().voice.same_channel_op4;
        for effect in self.effects.of(guild, bot) {
            if let Effect::SameChannel(same) = effect {
                found = same;
            }
        }
        found
    }

    pub(super) fn enter(&self, state: &mut State, guild: &Guild, user: Id, place: VoiceState) {
        let before = state.voice_states.insert((guild.id, user), place.clone());
        self.tell_what_is_let_through(guild, user, &place);
        let left = before.and_then(|before| before.channel).filter(|left| Some(*left) != place.channel);
        let data = json::voice_state(&self.world(), guild, user, Some(&place));
        state.broadcast(guild, GUILD_VOICE_STATES, "VOICE_STATE_UPDATE", &data);
        for channel in left.into_iter().chain(place.channel) {
            self.tell_voice_server(state, guild.id, channel);
        }
        self.publish_voice_state(guild.id, user, place.channel);
    }

    /// Takes somebody out of voice; false when they were in no channel.
    pub(crate) fn remove_from_voice(&self, state: &mut State, guild: Id, user: Id) -> bool {
        let Some(before) = state.voice_states.remove(&(guild, user)) else { return false };
        let world = self.world();
        if let Some(guild) = world.guild(guild) {
            let gone = VoiceState { channel: None, ..before.clone() };
            let data = json::voice_state(&world, guild, user, Some(&gone));
            state.broadcast(guild, GUILD_VOICE_STATES, "VOICE_STATE_UPDATE", &data);
        }
        if let Some(channel) = before.channel {
            self.tell_voice_server(state, guild, channel);
        }
        self.publish_voice_state(guild, user, None);
        true
    }

    pub(super) fn publish_voice_state(&self, guild: Id, user: Id, channel: Option<Id>) {
        self.events.publish("voice_state", json!({ "guild": guild, "user": user, "channel": channel }));
    }

    fn tell_voice_server(&self, state: &State, guild: Id, channel: Id) {
        let users: Vec<u64> = state.in_channel(guild, channel).map(|user| user.0).collect();
        self.voice.members_changed(guild.0, channel.0, &users);
        let world = self.world();
        let people: Vec<u64> = users.into_iter().filter(|user| world.bot(Id(*user)).is_none()).collect();
        self.voice.people_changed(guild.0, channel.0, &people);
    }

    /// Whether a bot can go into a channel: it may, and there is room. Who is in it already need not enter.
    fn may_enter(&self, state: &State, guild: &Guild, channel: &Channel, bot: Id) -> bool {
        let inside = state.voice_states.get(&(guild.id, bot)).is_some_and(|place| place.channel == Some(channel.id));
        let rights = guild.permissions_in(channel, bot);
        let others = state.in_channel(guild.id, channel.id).filter(|user| *user != bot).count();
        let room = u32::try_from(others).is_ok_and(|others| channel.user_limit == 0 || others < channel.user_limit);
        let full = !room || self.effects.of(guild.id, bot).contains(&Effect::Full(channel.id));
        let may = rights.contains(Permissions::VIEW_CHANNEL | Permissions::CONNECT);
        channel.kind.is_voice() && (inside || may && (!full || rights.contains(Permissions::MOVE_MEMBERS)))
    }

    /// All voice states of a guild, for the control API.
    pub(crate) fn voice_report(&self, guild: &Guild) -> Value {
        let (state, world) = (self.state(), self.world());
        let states = state.voice_states.range((guild.id, Id(0))..=(guild.id, Id(u64::MAX)));
        let states = states.map(|((_, user), one)| {
            let member = guild.member(*user);
            json!({
                "user": user, "channel": one.channel, "bot": world.bot(*user).is_some(),
                "self_mute": one.self_mute, "self_deaf": one.self_deaf,
                "mute": member.is_some_and(|member| member.mute), "deaf": member.is_some_and(|member| member.deaf),
                "suppress": one.suppress, "request_to_speak": one.request_to_speak,
            })
        });
        let regions = self.voice.regions();
        json!({
            "guild": guild.id, "voice_states": states.collect::<Value>(),
            "region": regions.get(self.voice.server_of(guild.id.0)), "endpoint": self.voice.endpoint_of(guild.id.0),
            "regions": regions,
        })
    }
}

impl State {
    /// Who is in a channel.
    pub(crate) fn in_channel(&self, guild: Id, channel: Id) -> impl Iterator<Item = Id> + '_ {
        let of_guild = self.voice_states.range((guild, Id(0))..=(guild, Id(u64::MAX)));
        of_guild.filter(move |(_, one)| one.channel == Some(channel)).map(|((_, user), _)| *user)
    }
}
