//! A guild out of the cache, to be stored, and back into it.

use super::{World, on_shard};
use crate::{
    convert,
    session::{KeptChannel, KeptGuild, KeptMember},
};
use std::sync::PoisonError;
use twilight_model::{
    channel::{
        Channel, ChannelType,
        permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    },
    gateway::payload::incoming::{GuildCreate, GuildDelete},
    guild::{
        AfkTimeout, DefaultMessageNotificationLevel, ExplicitContentFilter, Guild, Member, MemberFlags, MfaLevel,
        NSFWLevel, Permissions, PremiumTier, Role, RoleColors, RoleFlags, SystemChannelFlags, VerificationLevel,
    },
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
    user::User,
    voice::VoiceState,
};

impl World {
    /// What is known of a guild, in an order that is always the same; `None` while it is not known.
    pub(crate) fn keep(&self, guild: Id<GuildMarker>) -> Option<KeptGuild> {
        if !self.knows(guild) {
            return None;
        }
        let (name, owner) = {
            let guild = self.cache.guild(guild)?;
            (guild.name().to_owned(), guild.owner_id())
        };
        let member = self.cache.member(guild, self.bot).map(|member| KeptMember {
            roles: member.roles().to_vec(),
            timed_out_until: member.communication_disabled_until(),
        });
        let (roles, channels) = (self.keep_roles(guild), self.keep_channels(guild));
        Some(KeptGuild { name, owner, roles, channels, member, voice: self.keep_voice(guild) })
    }

    fn keep_roles(&self, guild: Id<GuildMarker>) -> Vec<(Id<RoleMarker>, Permissions)> {
        let mut ids: Vec<_> =
            self.cache.guild_roles(guild).map(|ids| ids.iter().copied().collect()).unwrap_or_default();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| Some((id, self.cache.role(id)?.permissions))).collect()
    }

    fn keep_channels(&self, guild: Id<GuildMarker>) -> Vec<KeptChannel> {
        let ids = self.cache.guild_channels(guild);
        let mut ids: Vec<_> = ids.map(|ids| ids.iter().copied().collect()).unwrap_or_default();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.keep_channel(id)).collect()
    }

    fn keep_channel(&self, id: Id<ChannelMarker>) -> Option<KeptChannel> {
        let channel = self.cache.channel(id)?;
        if !matches!(channel.kind, ChannelType::GuildVoice | ChannelType::GuildStageVoice) {
            return None;
        }
        // Other members' rights are never asked for.
        let counts =
            |one: &&PermissionOverwrite| one.kind != PermissionOverwriteType::Member || one.id == self.bot.cast();
        let overwrites = channel.permission_overwrites.iter().flatten().filter(counts).copied().collect();
        let (user_limit, parent) = (channel.user_limit, channel.parent_id);
        Some(KeptChannel { id, kind: channel.kind, overwrites, user_limit, parent })
    }

    fn keep_voice(&self, guild: Id<GuildMarker>) -> Vec<(Id<UserMarker>, Id<ChannelMarker>, bool)> {
        let mut states = self.voice_states(guild);
        states.sort_unstable();
        let bots = self.bots.lock().unwrap_or_else(PoisonError::into_inner);
        states.into_iter().map(|(user, channel)| (user, channel, bots.contains(&user))).collect()
    }

    /// Takes in a guild as it was kept: as if Discord had told of it.
    pub(crate) fn revive(&self, id: Id<GuildMarker>, kept: KeptGuild) {
        let bots = kept.voice.iter().filter(|(.., bot)| *bot).map(|(user, ..)| *user);
        self.bots.lock().unwrap_or_else(PoisonError::into_inner).extend(bots);
        self.cache.update(&GuildCreate::Available(guild(id, self.bot, kept)));
    }

    /// The guilds of a shard that are known.
    pub(crate) fn known_on(&self, shard: u32, shards: u32) -> Vec<Id<GuildMarker>> {
        let mut known: Vec<_> = self.guilds_on(shard, shards);
        known.retain(|guild| self.knows(*guild));
        known
    }

    /// Forgets the guilds of a shard: a new session tells them anew, and does not tell which are gone.
    pub(crate) fn forget_shard(&self, shard: u32, shards: u32) {
        for id in self.guilds_on(shard, shards) {
            self.cache.update(&GuildDelete { id, unavailable: None });
        }
    }

    fn guilds_on(&self, shard: u32, shards: u32) -> Vec<Id<GuildMarker>> {
        let guilds = self.cache.iter().guilds().map(|guild| *guild.key());
        let mut guilds: Vec<_> = guilds.filter(|guild| on_shard(convert::guild(*guild), shard, shards)).collect();
        guilds.sort_unstable();
        guilds
    }
}

/// What was not kept is made up: nothing asks for it.
fn guild(id: Id<GuildMarker>, bot: Id<UserMarker>, kept: KeptGuild) -> Guild {
    let voice_states = kept.voice.into_iter().map(|(user, channel, _)| voice_state(id, user, channel)).collect();
    Guild {
        afk_channel_id: None,
        afk_timeout: AfkTimeout::FIVE_MINUTES,
        application_id: None,
        approximate_member_count: None,
        approximate_presence_count: None,
        banner: None,
        channels: kept.channels.into_iter().map(|channel| self::channel(id, channel)).collect(),
        default_message_notifications: DefaultMessageNotificationLevel::Mentions,
        description: None,
        discovery_splash: None,
        emojis: Vec::new(),
        explicit_content_filter: ExplicitContentFilter::None,
        features: Vec::new(),
        guild_scheduled_events: Vec::new(),
        icon: None,
        id,
        joined_at: None,
        large: false,
        max_members: None,
        max_presences: None,
        max_stage_video_channel_users: None,
        max_video_channel_users: None,
        member_count: None,
        members: kept.member.into_iter().map(|member| self::member(bot, member)).collect(),
        mfa_level: MfaLevel::None,
        name: kept.name,
        nsfw_level: NSFWLevel::Default,
        owner: None,
        owner_id: kept.owner,
        permissions: None,
        preferred_locale: String::new(),
        premium_progress_bar_enabled: false,
        premium_subscription_count: None,
        premium_tier: PremiumTier::None,
        presences: Vec::new(),
        public_updates_channel_id: None,
        roles: kept.roles.into_iter().map(role).collect(),
        rules_channel_id: None,
        safety_alerts_channel_id: None,
        splash: None,
        stage_instances: Vec::new(),
        stickers: Vec::new(),
        system_channel_flags: SystemChannelFlags::empty(),
        system_channel_id: None,
        threads: Vec::new(),
        unavailable: Some(false),
        vanity_url_code: None,
        verification_level: VerificationLevel::None,
        voice_states,
        widget_channel_id: None,
        widget_enabled: None,
    }
}

fn channel(guild: Id<GuildMarker>, kept: KeptChannel) -> Channel {
    Channel {
        application_id: None,
        applied_tags: None,
        available_tags: None,
        bitrate: None,
        default_auto_archive_duration: None,
        default_forum_layout: None,
        default_reaction_emoji: None,
        default_sort_order: None,
        default_thread_rate_limit_per_user: None,
        flags: None,
        guild_id: Some(guild),
        icon: None,
        id: kept.id,
        invitable: None,
        kind: kept.kind,
        last_message_id: None,
        last_pin_timestamp: None,
        managed: None,
        member: None,
        member_count: None,
        message_count: None,
        name: None,
        newly_created: None,
        nsfw: None,
        owner_id: None,
        parent_id: kept.parent,
        permission_overwrites: Some(kept.overwrites),
        position: None,
        rate_limit_per_user: None,
        recipients: None,
        rtc_region: None,
        thread_metadata: None,
        topic: None,
        total_message_sent: None,
        user_limit: kept.user_limit,
        video_quality_mode: None,
    }
}

#[expect(deprecated, reason = "a role has a field that Discord has deprecated")]
fn role((id, permissions): (Id<RoleMarker>, Permissions)) -> Role {
    Role {
        color: 0,
        colors: RoleColors { primary_color: 0, secondary_color: None, tertiary_color: None },
        hoist: false,
        icon: None,
        id,
        managed: false,
        mentionable: false,
        name: String::new(),
        permissions,
        position: 0,
        flags: RoleFlags::empty(),
        tags: None,
        unicode_emoji: None,
    }
}

fn member(bot: Id<UserMarker>, kept: KeptMember) -> Member {
    Member {
        avatar: None,
        avatar_decoration_data: None,
        banner: None,
        communication_disabled_until: kept.timed_out_until,
        deaf: false,
        flags: MemberFlags::empty(),
        joined_at: None,
        mute: false,
        nick: None,
        pending: false,
        premium_since: None,
        roles: kept.roles,
        user: user(bot),
    }
}

fn user(bot: Id<UserMarker>) -> User {
    User {
        accent_color: None,
        avatar: None,
        avatar_decoration: None,
        avatar_decoration_data: None,
        banner: None,
        bot: true,
        discriminator: 0,
        email: None,
        flags: None,
        global_name: None,
        id: bot,
        locale: None,
        mfa_enabled: None,
        name: String::new(),
        premium_type: None,
        primary_guild: None,
        public_flags: None,
        system: None,
        verified: None,
    }
}

fn voice_state(guild: Id<GuildMarker>, user: Id<UserMarker>, channel: Id<ChannelMarker>) -> VoiceState {
    VoiceState {
        channel_id: Some(channel),
        deaf: false,
        guild_id: Some(guild),
        member: None,
        mute: false,
        self_deaf: false,
        self_mute: false,
        self_stream: false,
        self_video: false,
        session_id: String::new(),
        suppress: false,
        user_id: user,
        request_to_speak_timestamp: None,
    }
}
