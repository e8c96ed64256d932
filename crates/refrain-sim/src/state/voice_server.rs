//! The second half of a join: VOICE_SERVER_UPDATE, in its place and out of it.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{Hub, State, effects::Effect, voice::VoiceState};
use crate::{id::Id, world::Guild};

/// How the two halves of a join or a move are sent. The default is Discord's way on a good day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Halves {
    /// The server update goes before the state update.
    pub(crate) server_first: bool,
    /// The server update goes later by this.
    pub(crate) delay: Duration,
    /// The server update goes twice.
    pub(crate) doubled: bool,
    /// The server update holds the credentials of before, which earn a 4006.
    pub(crate) stale: bool,
    /// The endpoint is null: there is no server for now.
    pub(crate) no_endpoint: bool,
    /// There is no server update at all.
    pub(crate) missing: bool,
}

impl Hub {
    /// How a bot's join of its own is answered in a guild.
    pub(super) fn halves_of_joins(&self, guild: Id, bot: Id) -> Halves {
        let mut halves = Halves::default();
        for effect in self.effects.of(guild, bot) {
            match effect {
                Effect::ServerFirst => halves.server_first = true,
                Effect::ServerLate(time) => halves.delay = halves.delay.max(time),
                Effect::ServerDoubled => halves.doubled = true,
                Effect::ServerMissing => halves.missing = true,
                Effect::Freeze
                | Effect::Blackhole
                | Effect::Slow(_)
                | Effect::Refuse(..)
                | Effect::AckWithheld
                | Effect::AckLate(_)
                | Effect::Op4Unanswered
                | Effect::Op4Late(_)
                | Effect::SameChannel(_)
                | Effect::Full(_) => {}
            }
        }
        halves
    }

    /// Puts a bot into a channel and sends both halves.
    pub(super) fn connect(
        self: &Arc<Self>,
        state: &mut State,
        guild: &Guild,
        bot: Id,
        place: VoiceState,
        halves: Halves,
    ) {
        if halves.server_first {
            self.send_voice_server(state, guild.id, bot, &place, halves);
            self.enter(state, guild, bot, place);
        } else if halves.delay.is_zero() {
            self.enter(state, guild, bot, place.clone());
            self.send_voice_server(state, guild.id, bot, &place, halves);
        } else {
            self.enter(state, guild, bot, place.clone());
            self.send_voice_server_later(guild.id, bot, place, halves);
        }
    }

    /// The voice server of a bot's connection changes: new credentials, or (`available` false) no server for now.
    pub(crate) fn change_voice_server(self: &Arc<Self>, guild: &Guild, bot: Id, available: bool) -> Result<(), String> {
        let halves = Halves { no_endpoint: !available, ..Halves::default() };
        self.update_voice_server(&mut self.state(), guild.id, bot, halves)
    }

    /// VOICE_SERVER_UPDATE for a bot that is in voice, without a move.
    pub(crate) fn update_voice_server(
        self: &Arc<Self>,
        state: &mut State,
        guild: Id,
        bot: Id,
        halves: Halves,
    ) -> Result<(), String> {
        let place = state.voice_states.get(&(guild, bot)).cloned();
        let place = place.ok_or_else(|| format!("the bot {bot} is in no voice channel of the guild {guild}"))?;
        if halves.delay.is_zero() {
            self.send_voice_server(state, guild, bot, &place, halves);
        } else {
            self.send_voice_server_later(guild, bot, place, halves);
        }
        Ok(())
    }

    /// Ends the call of a channel for all who are in it: their voice states end, the sockets are closed with 4022.
    pub(super) fn end_call(&self, state: &mut State, guild: Id, channel: Id) {
        let users: Vec<Id> = state.in_channel(guild, channel).collect();
        for user in users {
            self.remove_from_voice(state, guild, user);
            self.voice.close(guild.0, user.0, Some(4022), "Disconnected: call terminated.");
            self.voice.revoke(guild.0, user.0);
        }
    }

    fn send_voice_server_later(self: &Arc<Self>, guild: Id, bot: Id, place: VoiceState, halves: Halves) {
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(halves.delay).await;
            let Some(hub) = weak.upgrade() else { return };
            let mut state = hub.state();
            // Who has left or gone elsewhere meanwhile is not told of this server any more.
            let still = |now: &VoiceState| now.channel == place.channel && now.session_id == place.session_id;
            if state.voice_states.get(&(guild, bot)).is_some_and(still) {
                hub.send_voice_server(&mut state, guild, bot, &place, halves);
            }
        });
    }

    fn send_voice_server(&self, state: &mut State, guild: Id, bot: Id, place: &VoiceState, halves: Halves) {
        let Some(channel) = place.channel.filter(|_| !halves.missing) else { return };
        let before = state.voice_tokens.get(&(guild, bot)).cloned();
        let token = match before.filter(|_| halves.stale) {
            Some(before) => before,
            None => self.voice.grant(guild.0, channel.0, bot.0, &place.session_id),
        };
        state.give_out(&token);
        state.voice_tokens.insert((guild, bot), token.clone());
        let endpoint = (!halves.no_endpoint).then(|| self.voice.endpoint_of(guild.0));
        let data = json!({ "token": token, "guild_id": guild, "endpoint": endpoint });
        for _ in 0..if halves.doubled { 2 } else { 1 } {
            state.dispatch(&place.session_id, "VOICE_SERVER_UPDATE", data.clone(), None);
        }
    }
}

/// The voice channel of this id, or why there is none.
pub(super) fn voice_channel(guild: &Guild, channel: Id) -> Result<&crate::world::Channel, String> {
    match guild.channel(channel) {
        None => Err(format!("the guild {} has no channel {channel}", guild.id)),
        Some(found) if !found.kind.is_voice() => Err(format!("the channel {channel} is no voice channel")),
        Some(found) => Ok(found),
    }
}
