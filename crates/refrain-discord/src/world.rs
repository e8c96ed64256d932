//! What the gateway has told about guilds, channels, roles and voice states: only what the checks need.

mod keep;

use crate::{
    access::{Facts, Room},
    convert,
};
use refrain::{AskerChannel, MissingPermission, Scene};
use refrain_model::{ChannelId, GuildId};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use twilight_cache_inmemory::{DefaultInMemoryCache, ResourceType};
use twilight_gateway::Event;
use twilight_model::{
    channel::{Channel, ChannelType},
    gateway::payload::incoming::GuildCreate,
    guild::{Member, Permissions},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

/// The cache, reduced: guilds, channels, roles, voice states, and of all members the bot itself.
pub(crate) struct World {
    cache: DefaultInMemoryCache,
    bot: Id<UserMarker>,
    /// Other bots seen in voice channels: they are no listeners.
    bots: Mutex<BTreeSet<Id<UserMarker>>>,
}

impl World {
    pub(crate) fn new(bot: Id<UserMarker>) -> Self {
        let wanted = ResourceType::GUILD
            | ResourceType::CHANNEL
            | ResourceType::ROLE
            | ResourceType::MEMBER
            | ResourceType::VOICE_STATE;
        let cache = DefaultInMemoryCache::builder().resource_types(wanted).build();
        Self { cache, bot, bots: Mutex::default() }
    }

    /// Takes in an event. Members other than the bot are taken out of it first: they would pile up for as long as the
    /// process runs, and nothing asks for them. Interactions are left out altogether for the same reason.
    pub(crate) fn update(&self, event: &mut Event) {
        if let Event::VoiceStateUpdate(state) = event {
            if let Some(member) = &state.member {
                self.note_bot(member);
            }
            if state.user_id != self.bot {
                state.member = None;
            }
        }
        if let Event::GuildCreate(guild) = event
            && let GuildCreate::Available(guild) = guild.as_mut()
        {
            guild.members.iter().for_each(|member| self.note_bot(member));
            guild.members.retain(|member| member.user.id == self.bot);
            guild.emojis.clear();
            guild.presences.clear();
            guild.stickers.clear();
            guild.threads.clear();
            guild.voice_states.iter_mut().for_each(|state| state.member = None);
        }
        if !matches!(event, Event::InteractionCreate(_)) {
            self.cache.update(&*event);
        }
    }

    fn note_bot(&self, member: &Member) {
        if member.user.bot {
            self.bots.lock().unwrap_or_else(PoisonError::into_inner).insert(member.user.id);
        }
    }

    /// Whether the guild's channels and roles are known: they come a moment after the start.
    pub(crate) fn knows(&self, guild: Id<GuildMarker>) -> bool {
        self.cache.guild(guild).is_some_and(|guild| guild.unavailable() != Some(true))
    }

    /// The last channel of `user`, which an outage may have made out of date: see `voice_states`.
    fn voice_channel(&self, guild: Id<GuildMarker>, user: Id<UserMarker>) -> Option<Id<ChannelMarker>> {
        self.cache.voice_state(user, guild).map(|state| state.channel_id())
    }

    /// What a command of `asker` meets in this guild. `bot` is where the guild's actor is, or is coming back to: after
    /// a crash Discord shows the bot in a channel for a while, where it plays nothing.
    pub(crate) fn facts(&self, guild: Id<GuildMarker>, asker: Id<UserMarker>, bot: Option<ChannelId>) -> Facts {
        let states = self.voice_states(guild);
        let room = states.iter().find(|(user, _)| *user == asker).map(|(_, channel)| self.room(*channel, &states));
        let bots = self.bots.lock().unwrap_or_else(PoisonError::into_inner);
        let listens = |user: Id<UserMarker>| user != self.bot && user != asker && !bots.contains(&user);
        let with_bot = |channel: Id<ChannelMarker>| bot == Some(convert::channel(channel));
        let listeners = states.iter().filter(|(user, channel)| with_bot(*channel) && listens(*user)).count();
        Facts { asker: room, bot, listeners, ..Facts::default() }
    }

    /// How many people listen in a voice channel: neither this bot nor another counts. `None` while the guild is not known.
    pub(crate) fn listeners(&self, guild: Id<GuildMarker>, channel: Id<ChannelMarker>) -> Option<usize> {
        if !self.knows(guild) {
            return None;
        }
        let states = self.voice_states(guild);
        let bots = self.bots.lock().unwrap_or_else(PoisonError::into_inner);
        let listens = |user: &Id<UserMarker>| *user != self.bot && !bots.contains(user);
        Some(states.iter().filter(|(user, at)| *at == channel && listens(user)).count())
    }

    /// Who is where. Read through the guild's own list, which a new `GUILD_CREATE` starts afresh: the list by channel
    /// keeps people who left while the shard was away. One lock at a time.
    fn voice_states(&self, guild: Id<GuildMarker>) -> Vec<(Id<UserMarker>, Id<ChannelMarker>)> {
        let users: Vec<_> = match self.cache.guild_voice_states(guild) {
            Some(users) => users.iter().copied().collect(),
            None => return Vec::new(),
        };
        users.into_iter().filter_map(|user| Some((user, self.voice_channel(guild, user)?))).collect()
    }

    fn room(&self, channel: Id<ChannelMarker>, states: &[(Id<UserMarker>, Id<ChannelMarker>)]) -> Room {
        let (kind, limit) = match self.cache.channel(channel) {
            Some(channel) => (Some(channel.kind), channel.user_limit),
            None => (None, None),
        };
        Room {
            channel: convert::channel(channel),
            stage: kind == Some(ChannelType::GuildStageVoice),
            permissions: self.permissions(channel),
            limit: limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0),
            occupants: states.iter().filter(|(_, at)| *at == channel).count(),
        }
    }

    fn permissions(&self, channel: Id<ChannelMarker>) -> Option<Permissions> {
        self.cache.permissions().in_channel(self.bot, channel).ok()
    }

    /// What the bot finds in a voice channel. What is not known is left to Discord to refuse.
    pub(crate) fn scene(&self, guild: Id<GuildMarker>, channel: Id<ChannelMarker>) -> Scene {
        let here = |channel: &Channel| channel.guild_id == Some(guild);
        if self.knows(guild) && !self.cache.channel(channel).is_some_and(|channel| here(&channel)) {
            return Scene::Gone;
        }
        if let Some(missing) = self.missing(channel) {
            return Scene::Forbidden { missing };
        }
        let listeners = self.listeners(guild, channel);
        Scene::Open { listeners: listeners.map(|listeners| u32::try_from(listeners).unwrap_or(u32::MAX)) }
    }

    /// The first permission that the bot lacks to join and speak in a channel; `None` also where that is not known.
    fn missing(&self, channel: Id<ChannelMarker>) -> Option<MissingPermission> {
        let needed = [
            (Permissions::VIEW_CHANNEL, MissingPermission::ViewChannel),
            (Permissions::CONNECT, MissingPermission::Connect),
            (Permissions::SPEAK, MissingPermission::Speak),
        ];
        let permissions = self.permissions(channel)?;
        needed.into_iter().find(|(needed, _)| !permissions.contains(*needed)).map(|(_, missing)| missing)
    }

    /// Where a member is. Nothing is known of a guild in an outage.
    pub(crate) fn asker_channel(&self, guild: Id<GuildMarker>, member: Id<UserMarker>) -> AskerChannel {
        if !self.knows(guild) {
            return AskerChannel::Unknown;
        }
        let states = self.voice_states(guild);
        match states.iter().find(|(user, _)| *user == member) {
            Some((_, channel)) => {
                AskerChannel::In { channel: convert::channel(*channel), open: self.missing(*channel).is_none() }
            }
            None => AskerChannel::Nowhere,
        }
    }

    /// Whether the bot may let itself speak in a stage channel.
    pub(crate) fn may_unsuppress(&self, channel: Id<ChannelMarker>) -> bool {
        self.permissions(channel).is_some_and(|permissions| permissions.contains(Permissions::MUTE_MEMBERS))
    }

    /// Whether an event may change what the bot finds in a voice channel of a guild: which guild, and which channels (none:
    /// any of them). Read before [`Self::update`] takes the event in.
    pub(crate) fn scene_change(&self, event: &Event) -> Option<(Id<GuildMarker>, Vec<Id<ChannelMarker>>)> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "of Discord's hundred events these concern a channel's scene"
        )]
        match event {
            Event::ChannelCreate(channel) => Some((channel.guild_id?, vec![channel.id])),
            Event::ChannelUpdate(channel) => Some((channel.guild_id?, vec![channel.id])),
            Event::RoleCreate(role) => Some((role.guild_id, Vec::new())),
            Event::RoleUpdate(role) => Some((role.guild_id, Vec::new())),
            Event::RoleDelete(role) => Some((role.guild_id, Vec::new())),
            Event::MemberUpdate(member) if member.user.id == self.bot => Some((member.guild_id, Vec::new())),
            Event::VoiceStateUpdate(state) if state.user_id != self.bot => {
                let guild = state.guild_id?;
                let before = self.voice_channel(guild, state.user_id);
                let moved = before != state.channel_id;
                let channels: Vec<_> = before.into_iter().chain(state.channel_id).collect();
                (moved && !channels.is_empty()).then_some((guild, channels))
            }
            _ => None,
        }
    }

    /// The bot's own voice state in a guild's list, for `GUILD_CREATE`.
    pub(crate) fn own_channel(&self, guild: Id<GuildMarker>) -> Option<ChannelId> {
        let states = self.voice_states(guild);
        states.into_iter().find(|(user, _)| *user == self.bot).map(|(_, channel)| convert::channel(channel))
    }

    pub(crate) fn is_bot(&self, user: Id<UserMarker>) -> bool {
        user == self.bot
    }
}

/// Whether `guild` is served by shard `shard` of `shards`.
pub(crate) fn on_shard(guild: GuildId, shard: u32, shards: u32) -> bool {
    shard_of(guild, shards) == shard
}

/// Discord's rule: which of `shards` shards serves a guild.
pub(crate) fn shard_of(guild: GuildId, shards: u32) -> u32 {
    let index = (guild.get() >> 22) % u64::from(shards.max(1));
    u32::try_from(index).unwrap_or_default()
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
