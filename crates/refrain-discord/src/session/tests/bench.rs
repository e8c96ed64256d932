//! A shard's keeper on a clock that the test moves, a store that remembers the order, and the gateway's own JSON.

use crate::{
    session::{Keeper, Resumable, Terms, load::load, unix_ms},
    world::World,
};
use refrain::store::{Favorite, GatewaySession, Settled, Store, StoreError, StoreHealth};
use refrain_model::{ChannelId, GuildId, GuildRecord, Playhead};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use twilight_gateway::{Event, EventTypeFlags, Session, parse};
use twilight_model::id::{
    Id,
    marker::{GuildMarker, UserMarker},
};

pub(super) const BOT: Id<UserMarker> = Id::new(1);
pub(super) const TERMS: Terms = Terms { bot: BOT, intents: 129, shards: 1 };
pub(super) const GUILD: Id<GuildMarker> = Id::new(5 << 22);
pub(super) const OTHER: Id<GuildMarker> = Id::new(6 << 22);
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A store that remembers in which order it was given things.
#[derive(Default)]
pub(super) struct Notebook {
    pub(super) worlds: Mutex<BTreeMap<u64, Vec<u8>>>,
    pub(super) session: Mutex<Option<GatewaySession>>,
    pub(super) order: Mutex<Vec<String>>,
}

impl Notebook {
    pub(super) fn log(&self, what: String) {
        self.order.lock().unwrap().push(what);
    }

    pub(super) fn order(&self) -> Vec<String> {
        std::mem::take(&mut *self.order.lock().unwrap())
    }
}

impl Store for Notebook {
    fn guilds(&self) -> Result<Vec<GuildId>, StoreError> {
        Ok(Vec::new())
    }
    fn load(&self, _: GuildId) -> Result<Option<GuildRecord>, StoreError> {
        Ok(None)
    }
    fn save(&self, _: GuildId, _: GuildRecord) {}
    fn save_playhead(&self, _: GuildId, _: Playhead) {}
    fn forget(&self, _: GuildId) {}
    fn gone(&self) -> Result<BTreeMap<GuildId, u64>, StoreError> {
        Ok(BTreeMap::new())
    }
    fn set_gone(&self, _: GuildId, _: Option<u64>) {}
    fn settled(&self) -> Settled {
        Box::pin(std::future::ready(()))
    }
    fn health(&self) -> watch::Receiver<StoreHealth> {
        watch::channel(StoreHealth::Well).1
    }
    fn sessions(&self) -> Result<Vec<GatewaySession>, StoreError> {
        Ok(self.session.lock().unwrap().clone().into_iter().collect())
    }
    fn save_session(&self, session: GatewaySession) {
        self.log(format!("session at {}", session.sequence));
        *self.session.lock().unwrap() = Some(session);
    }
    fn forget_session(&self, shard: u32) {
        self.log(format!("no session of {shard}"));
        *self.session.lock().unwrap() = None;
    }
    fn world(&self, guild: GuildId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.worlds.lock().unwrap().get(&guild.get()).cloned())
    }
    fn save_world(&self, guild: GuildId, bytes: Vec<u8>) {
        let what = if guild.get() == 0 { "index".to_owned() } else { format!("guild {}", guild.get() >> 22) };
        self.log(if bytes.is_empty() { format!("no {what}") } else { what });
        self.worlds.lock().unwrap().insert(guild.get(), bytes);
    }
    fn favorites(&self, _: GuildId) -> Result<Vec<Favorite>, StoreError> {
        Ok(Vec::new())
    }
    fn save_favorite(&self, _: GuildId, _: Favorite) {}
    fn remove_favorite(&self, _: GuildId, _: &str) {}
}

/// A shard's keeper, fed as its reader feeds it, on a clock that the test moves.
pub(super) struct Bench {
    pub(super) store: Arc<Notebook>,
    pub(super) world: Arc<World>,
    pub(super) keeper: Keeper,
    pub(super) session: Option<Session>,
    pub(super) now: Instant,
}

impl Bench {
    pub(super) fn new() -> Self {
        let (store, world) = (Arc::new(Notebook::default()), Arc::new(World::new(BOT)));
        let keeper = Keeper::new(store.clone(), world.clone(), TERMS, 0);
        Self { store, world, keeper, session: None, now: Instant::now() }
    }

    /// With one guild known and stored, at the sequence number 2.
    pub(super) fn settled() -> Self {
        let mut bench = Self::new();
        bench.ready(&[GUILD]);
        bench.hear(guild_create(GUILD));
        bench.after(2 * SECOND);
        assert_eq!(bench.store.session.lock().unwrap().as_ref().unwrap().sequence, 2);
        bench.store.order();
        bench
    }

    pub(super) fn ready(&mut self, guilds: &[Id<GuildMarker>]) {
        self.session = Some(Session::new(0, "a session".into()));
        self.hear(ready(guilds));
    }

    pub(super) fn hear(&mut self, mut event: Event) {
        let sequence = self.session.as_ref().unwrap().sequence() + 1;
        self.session = Some(Session::new(sequence, "a session".into()));
        if matches!(event, Event::Ready(_)) {
            self.world.forget_shard(0, 1);
        }
        self.world.update(&mut event);
        self.keeper.note(&event);
        self.keeper.moved(sequence, self.now);
    }

    /// Lets time pass, and the keeper write whenever it wants to.
    pub(super) fn after(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.keeper.due().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.keeper.write(self.session.as_ref(), Some("wss://resume.example"), self.now);
        }
        self.now = end;
    }

    /// What the next process finds.
    pub(super) async fn restart(&self) -> Vec<Resumable> {
        load(self.store.clone(), TERMS, unix_ms()).await
    }
}

pub(super) fn event(kind: &str, data: Value) -> Event {
    let text = json!({"op": 0, "s": 1, "t": kind, "d": data}).to_string();
    match parse(text, EventTypeFlags::all()) {
        Ok(event) => event.expect("an event that is wanted").into(),
        Err(error) => panic!("{:?}", error.into_source()),
    }
}

pub(super) fn ready(guilds: &[Id<GuildMarker>]) -> Event {
    let guilds: Vec<_> = guilds.iter().map(|id| json!({"id": id, "unavailable": true})).collect();
    event(
        "READY",
        json!({"v": 10, "session_id": "a session", "resume_gateway_url": "wss://resume.example", "guilds": guilds,
            "application": {"id": "9", "flags": 0}, "user": {"id": BOT, "username": "refrain", "discriminator": "0",
                "avatar": null, "bot": true, "mfa_enabled": false, "verified": true}}),
    )
}

pub(super) fn channel(guild: Id<GuildMarker>, number: u64) -> ChannelId {
    ChannelId::new(guild.get() + number)
}

/// Two voice channels, the second of which the bot may not enter, and a text channel.
pub(super) fn guild_create(guild: Id<GuildMarker>) -> Event {
    guild_with(guild, json!([overwrites(guild)]), 1)
}

pub(super) fn overwrites(guild: Id<GuildMarker>) -> Value {
    json!({"id": guild, "type": 0, "allow": "0", "deny": "1048576"})
}

pub(super) fn guild_with(guild: Id<GuildMarker>, locked: Value, voice_channels: u64) -> Event {
    let id = |number: u64| (guild.get() + number).to_string();
    let channel = |number: u64, kind: u8, overwrites: &Value| {
        json!({"id": id(number), "type": kind, "name": "a channel", "position": 0, "bitrate": 64000, "user_limit": 3,
            "parent_id": null, "permission_overwrites": overwrites})
    };
    let role = |id: String, permissions: &str| {
        json!({"id": id, "name": "a role", "permissions": permissions, "color": 0, "hoist": false, "managed": false,
            "mentionable": false, "position": 0, "flags": 0,
            "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null}})
    };
    let member = |user: u64, bot: bool, roles: Value| {
        json!({"user": {"id": user.to_string(), "username": "u", "discriminator": "0", "avatar": null, "bot": bot,
            "global_name": null}, "roles": roles, "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false,
            "mute": false, "flags": 0, "nick": null, "communication_disabled_until": null})
    };
    let state = |user: u64| {
        json!({"user_id": user.to_string(), "channel_id": id(1), "session_id": "s", "deaf": false, "mute": false,
            "self_deaf": false, "self_mute": false, "self_video": false, "suppress": false,
            "request_to_speak_timestamp": null})
    };
    let mut channels = vec![channel(1, 2, &json!([])), channel(2, 2, &locked), channel(3, 0, &json!([]))];
    channels.extend((0..voice_channels - 1).map(|number| channel(10 + number, 2, &locked)));
    event(
        "GUILD_CREATE",
        json!({
            "id": guild, "name": "guild", "owner_id": "999", "unavailable": false, "large": false, "member_count": 4,
            // View Channel, Connect and Speak.
            "roles": [role(id(0), "1024"), role(id(9), "3146752")], "emojis": [], "features": [], "presences": [],
            "threads": [], "stickers": [], "stage_instances": [], "guild_scheduled_events": [], "channels": channels,
            "members": [member(1, true, json!([id(9)])), member(2, false, json!([])), member(4, true, json!([]))],
            "voice_states": [state(1), state(2), state(4)],
            "afk_channel_id": null, "afk_timeout": 300, "application_id": null, "banner": null, "description": null,
            "default_message_notifications": 0, "discovery_splash": null, "explicit_content_filter": 0, "icon": null,
            "mfa_level": 0, "nsfw_level": 0, "preferred_locale": "en-US", "premium_progress_bar_enabled": false,
            "premium_tier": 0, "public_updates_channel_id": null, "rules_channel_id": null, "splash": null,
            "system_channel_flags": 0, "system_channel_id": null, "vanity_url_code": null, "verification_level": 0,
        }),
    )
}

pub(super) fn moves(guild: Id<GuildMarker>, user: u64, to: Option<ChannelId>) -> Event {
    event(
        "VOICE_STATE_UPDATE",
        json!({"guild_id": guild, "user_id": user.to_string(), "channel_id": to.map(|to| to.to_string()),
            "session_id": "s", "deaf": false, "mute": false, "self_deaf": false, "self_mute": false,
            "self_video": false, "suppress": false, "request_to_speak_timestamp": null}),
    )
}
