//! Who may be heard in voice: server mute and deafness, and on a stage the right to speak.
//!
//! Written from Discord's documentation of the voice state object and of *Modify Current User Voice State*, *Modify User
//! Voice State* and *Modify Guild Member*. What a member sends who is muted by the server, or suppressed, reaches nobody.

use super::{Hub, State, json, sessions::GUILD_VOICE_STATES, voice::VoiceState};
use crate::{
    clock::iso8601,
    id::{Id, Permissions},
    world::{Channel, ChannelKind, Guild},
};

/// A change of a voice state on a stage; `None` leaves what it is about as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageChange {
    pub(crate) suppress: Option<bool>,
    /// The moment of a request to speak, as ISO 8601, or its withdrawal.
    pub(crate) request_to_speak: Option<Option<String>>,
}

/// Why a voice state on a stage could not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotOnStage {
    /// The member is in no voice channel.
    NotInVoice,
    /// The channel that was named is not the one the member is in.
    Elsewhere,
    /// The channel is no stage.
    NoStage,
}

impl VoiceState {
    /// The state of a member that enters a channel, without its session. On a stage all enter as audience; elsewhere
    /// whoever has not the right to speak is suppressed. Who was there already stays as it was.
    pub(super) fn entering(guild: &Guild, channel: &Channel, user: Id, before: Option<&Self>) -> Self {
        let stays = before.filter(|before| before.channel == Some(channel.id));
        let suppress = match channel.kind {
            ChannelKind::Stage => true,
            ChannelKind::Voice | ChannelKind::Text => !guild.permissions_in(channel, user).contains(Permissions::SPEAK),
        };
        Self {
            channel: Some(channel.id),
            session_id: String::new(),
            self_mute: false,
            self_deaf: false,
            suppress: stays.map_or(suppress, |before| before.suppress),
            request_to_speak: stays.and_then(|before| before.request_to_speak.clone()),
        }
    }
}

impl Hub {
    /// Suppresses a member on a stage, lets it speak, or notes its request. VOICE_STATE_UPDATE tells of it. `channel` is
    /// the one that the caller believes the member to be in.
    pub(crate) fn change_on_stage(
        &self,
        guild: &Guild,
        user: Id,
        channel: Option<Id>,
        change: StageChange,
    ) -> Result<(), NotOnStage> {
        let mut state = self.state();
        let is_bot = self.world().bot(user).is_some();
        let now = iso8601(self.clock.unix_ms());
        let place = state.voice_states.get_mut(&(guild.id, user)).ok_or(NotOnStage::NotInVoice)?;
        if channel.is_some_and(|named| Some(named) != place.channel) {
            return Err(NotOnStage::Elsewhere);
        }
        let kind = place.channel.and_then(|channel| guild.channel(channel)).map(|channel| channel.kind);
        if kind != Some(ChannelKind::Stage) {
            return Err(NotOnStage::NoStage);
        }
        if let Some(request) = change.request_to_speak {
            place.request_to_speak = request;
        }
        if let Some(suppress) = change.suppress.filter(|suppress| *suppress != place.suppress) {
            place.suppress = suppress;
            // People who are let on to the stage are shown with the moment; bots and those who leave it with none.
            place.request_to_speak = (!suppress && !is_bot).then_some(now);
        }
        self.speaking_changed(&mut state, guild, user);
        Ok(())
    }

    /// Something about a member's right to be heard, or to hear, changed: the voice servers and the bots learn of it.
    pub(super) fn speaking_changed(&self, state: &mut State, guild: &Guild, user: Id) {
        let Some(place) = state.voice_states.get(&(guild.id, user)).cloned() else { return };
        self.tell_what_is_let_through(guild, user, &place);
        let data = json::voice_state(&self.world(), guild, user, Some(&place));
        state.broadcast(guild, GUILD_VOICE_STATES, "VOICE_STATE_UPDATE", &data);
        self.publish_voice_state(guild.id, user, place.channel);
    }

    /// What the voice servers let through from a member and to it.
    pub(super) fn tell_what_is_let_through(&self, guild: &Guild, user: Id, place: &VoiceState) {
        let member = guild.member(user);
        let (mute, deaf) = member.map_or((false, false), |member| (member.mute, member.deaf));
        self.voice.deafened(guild.id.0, user.0, place.self_deaf || deaf);
        self.voice.silenced(guild.id.0, user.0, place.suppress || mute);
    }
}
