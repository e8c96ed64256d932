//! What is kept while a shard runs, and what a start makes of it.

use super::{kept, load::load, *};
use crate::world::World;
use refrain::{
    Scene,
    store::{Favorite, GatewaySession, Settled, Store, StoreError, StoreHealth},
};
use refrain_model::{ChannelId, GuildRecord, Playhead};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::{sync::watch, time::Instant};
use twilight_gateway::{Event, EventTypeFlags, Session, parse};
use twilight_model::id::marker::GuildMarker;

const BOT: Id<UserMarker> = Id::new(1);
const TERMS: Terms = Terms { bot: BOT, intents: 129, shards: 1 };
const GUILD: Id<GuildMarker> = Id::new(5 << 22);
const OTHER: Id<GuildMarker> = Id::new(6 << 22);
const SECOND: Duration = Duration::from_secs(1);

/// A store that remembers in which order it was given things.
#[derive(Default)]
struct Notebook {
    worlds: Mutex<BTreeMap<u64, Vec<u8>>>,
    session: Mutex<Option<GatewaySession>>,
    order: Mutex<Vec<String>>,
}

impl Notebook {
    fn log(&self, what: String) {
        self.order.lock().unwrap().push(what);
    }

    fn order(&self) -> Vec<String> {
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
struct Bench {
    store: Arc<Notebook>,
    world: Arc<World>,
    keeper: Keeper,
    session: Option<Session>,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let (store, world) = (Arc::new(Notebook::default()), Arc::new(World::new(BOT)));
        let keeper = Keeper::new(store.clone(), world.clone(), TERMS, 0);
        Self { store, world, keeper, session: None, now: Instant::now() }
    }

    /// With one guild known and stored, at the sequence number 2.
    fn settled() -> Self {
        let mut bench = Self::new();
        bench.ready(&[GUILD]);
        bench.hear(guild_create(GUILD));
        bench.after(2 * SECOND);
        assert_eq!(bench.store.session.lock().unwrap().as_ref().unwrap().sequence, 2);
        bench.store.order();
        bench
    }

    fn ready(&mut self, guilds: &[Id<GuildMarker>]) {
        self.session = Some(Session::new(0, "a session".into()));
        self.hear(ready(guilds));
    }

    fn hear(&mut self, mut event: Event) {
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
    fn after(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.keeper.due().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.keeper.write(self.session.as_ref(), Some("wss://resume.example"), self.now);
        }
        self.now = end;
    }

    /// What the next process finds.
    async fn restart(&self) -> Vec<Resumable> {
        load(self.store.clone(), TERMS, unix_ms()).await
    }
}

fn event(kind: &str, data: Value) -> Event {
    let text = json!({"op": 0, "s": 1, "t": kind, "d": data}).to_string();
    match parse(text, EventTypeFlags::all()) {
        Ok(event) => event.expect("an event that is wanted").into(),
        Err(error) => panic!("{:?}", error.into_source()),
    }
}

fn ready(guilds: &[Id<GuildMarker>]) -> Event {
    let guilds: Vec<_> = guilds.iter().map(|id| json!({"id": id, "unavailable": true})).collect();
    event(
        "READY",
        json!({"v": 10, "session_id": "a session", "resume_gateway_url": "wss://resume.example", "guilds": guilds,
            "application": {"id": "9", "flags": 0}, "user": {"id": BOT, "username": "refrain", "discriminator": "0",
                "avatar": null, "bot": true, "mfa_enabled": false, "verified": true}}),
    )
}

fn channel(guild: Id<GuildMarker>, number: u64) -> ChannelId {
    ChannelId::new(guild.get() + number)
}

/// Two voice channels, the second of which the bot may not enter, and a text channel.
fn guild_create(guild: Id<GuildMarker>) -> Event {
    guild_with(guild, json!([overwrites(guild)]), 1)
}

fn overwrites(guild: Id<GuildMarker>) -> Value {
    json!({"id": guild, "type": 0, "allow": "0", "deny": "1048576"})
}

fn guild_with(guild: Id<GuildMarker>, locked: Value, voice_channels: u64) -> Event {
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

fn moves(guild: Id<GuildMarker>, user: u64, to: Option<ChannelId>) -> Event {
    event(
        "VOICE_STATE_UPDATE",
        json!({"guild_id": guild, "user_id": user.to_string(), "channel_id": to.map(|to| to.to_string()),
            "session_id": "s", "deaf": false, "mute": false, "self_deaf": false, "self_mute": false,
            "self_video": false, "suppress": false, "request_to_speak_timestamp": null}),
    )
}

fn scene(world: &World, number: u64) -> Scene {
    world.scene(GUILD, Id::new(channel(GUILD, number).get()))
}

#[test]
fn the_session_is_stored_after_what_was_known_when_it_had_come_so_far() {
    let mut bench = Bench::new();
    bench.ready(&[GUILD, OTHER]);
    bench.after(Duration::ZERO);
    assert_eq!(bench.store.order(), ["index", "session at 1"], "READY is stored at once");
    bench.hear(guild_create(GUILD));
    bench.hear(guild_create(OTHER));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 5", "guild 6", "index", "session at 3"]);
    bench.hear(moves(OTHER, 2, None));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 6", "session at 4"], "only what has changed");
    bench.after(10 * SECOND);
    assert_eq!(bench.store.order(), Vec::<String>::new());
}

#[test]
fn what_changes_ten_times_a_second_is_stored_once_a_second() {
    let mut bench = Bench::settled();
    for number in 0..50 {
        bench.hear(moves(GUILD, 2, Some(channel(GUILD, 1 + number % 3))));
        bench.after(SECOND / 10);
    }
    let order = bench.store.order();
    let times = |what: &str| order.iter().filter(|line| line.starts_with(what)).count();
    assert!((4..=6).contains(&times("guild")) && (4..=6).contains(&times("session")), "{order:?}");
}

#[test]
fn an_event_that_changes_nothing_that_is_kept_stores_the_session_alone() {
    let mut bench = Bench::settled();
    bench.hear(moves(GUILD, 2, Some(channel(GUILD, 1))));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["session at 3"]);
}

#[test]
fn a_command_is_stored_as_done_before_it_is_done() {
    let mut bench = Bench::settled();
    for sequence in 3..6 {
        bench.hear(moves(GUILD, 2, (sequence % 2 == 0).then_some(channel(GUILD, 1))));
        bench.keeper.write_now(bench.session.as_ref(), None, bench.now);
        assert_eq!(bench.store.order(), ["guild 5".to_owned(), format!("session at {sequence}")]);
    }
}

#[test]
fn a_shard_that_hears_nothing_does_not_seem_old() {
    let mut bench = Bench::settled();
    for _ in 0..5 {
        bench.after(41 * SECOND);
        bench.keeper.alive(bench.now);
    }
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["session at 2"; 2], "at most once a minute");
}

#[test]
fn a_guild_that_is_gone_or_in_an_outage_is_not_kept() {
    let mut bench = Bench::settled();
    bench.hear(event("GUILD_DELETE", json!({"id": GUILD, "unavailable": true})));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["no guild 5", "index", "session at 3"]);
    bench.hear(guild_create(GUILD));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 5", "index", "session at 4"]);
}

#[test]
fn many_guilds_are_stored_a_few_at_a_time_and_the_session_last() {
    let mut bench = Bench::new();
    let guilds: Vec<_> = (10..260).map(|number: u64| Id::new(number << 22)).collect();
    bench.ready(&guilds);
    bench.after(Duration::ZERO);
    guilds.iter().for_each(|guild| bench.hear(guild_create(*guild)));
    bench.keeper.write_now(bench.session.as_ref(), None, bench.now);
    bench.store.order();
    bench.after(SECOND);
    assert_eq!(bench.store.order().len(), 100, "the shard waits for no more than these");
    bench.hear(moves(guilds[0], 2, None));
    bench.after(SECOND / 10);
    let order = bench.store.order();
    assert_eq!(order.len(), 152, "and the index and the session: {order:?}");
    let stored = bench.store.session.lock().unwrap().as_ref().unwrap().sequence;
    assert_eq!(stored, 251, "not what came meanwhile: it is not stored yet");
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 10", "session at 252"]);
}

#[test]
fn as_long_as_a_guild_is_too_large_there_is_no_session_to_go_on_with() {
    let mut bench = Bench::settled();
    let many: Vec<_> = (0..500).map(|_| overwrites(GUILD)).collect();
    bench.hear(guild_with(GUILD, json!(many), 60));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["no guild 5", "no session of 0", "index"]);
    bench.hear(guild_create(GUILD));
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["guild 5", "index", "session at 4"]);
}

#[test]
fn what_discord_has_ended_is_forgotten_and_the_next_session_begins_with_nothing() {
    let mut bench = Bench::settled();
    bench.keeper.forget();
    assert_eq!(bench.store.order(), ["no session of 0"]);
    bench.ready(&[]);
    bench.after(SECOND);
    assert_eq!(bench.store.order(), ["no guild 5", "index", "session at 1"], "the bot was removed meanwhile");
}

#[tokio::test]
async fn the_next_process_knows_what_this_one_knew() {
    let bench = Bench::settled();
    let [found] = bench.restart().await.try_into().unwrap();
    assert_eq!(found.session, Session::new(2, "a session".into()));
    assert_eq!(found.resume_url.as_deref(), Some("wss://resume.example"));
    let world = World::new(BOT);
    for guild in found.guilds {
        world.revive(guild.id, guild.kept);
    }
    assert_eq!(world.known_on(0, 1), [GUILD]);
    assert_eq!(world.own_channel(GUILD), Some(channel(GUILD, 1)));
    assert_eq!(scene(&world, 1), Scene::Open { listeners: Some(1) }, "neither this bot nor another listens");
    assert_eq!(scene(&world, 2), Scene::Forbidden);
    assert_eq!(scene(&world, 4), Scene::Gone);
    assert_eq!(world.keep(GUILD), bench.world.keep(GUILD));
    let facts = world.facts(GUILD, Id::new(2), None);
    let room = facts.asker.unwrap();
    assert_eq!((room.channel, room.limit, room.occupants), (channel(GUILD, 1), Some(3), 3));
}

#[tokio::test]
async fn going_on_stores_nothing_that_is_stored_already() {
    let bench = Bench::settled();
    let [found] = bench.restart().await.try_into().unwrap();
    let world = Arc::new(World::new(BOT));
    let keeper = Keeper::new(bench.store.clone(), world.clone(), TERMS, 0).resuming(&found);
    for guild in found.guilds {
        world.revive(guild.id, guild.kept);
    }
    let mut next = Bench { world, keeper, session: Some(found.session), ..bench };
    next.hear(moves(GUILD, 2, None));
    next.after(5 * SECOND);
    assert_eq!(next.store.order(), Vec::<String>::new(), "not before all that was missed is in");
    next.keeper.replayed();
    next.hear(event("RESUMED", json!({"_trace": []})));
    next.after(SECOND);
    assert_eq!(next.store.order(), ["guild 5", "session at 4"]);
}

#[tokio::test]
async fn a_session_that_is_of_no_use_is_forgotten() {
    let limit = u64::try_from(MOST_AGE.as_millis()).unwrap();
    let (now, later) = (unix_ms(), unix_ms() + limit + 60_000);
    let cases: [(&str, Terms, u64); 4] = [
        ("too old", TERMS, later),
        ("another number of shards", Terms { shards: 2, ..TERMS }, now),
        ("another bot", Terms { bot: Id::new(7), ..TERMS }, now),
        ("other intents", Terms { intents: 1, ..TERMS }, now),
    ];
    for (name, terms, at) in cases {
        let bench = Bench::settled();
        assert!(load(bench.store.clone(), terms, at).await.is_empty(), "{name}");
        assert_eq!(bench.store.order(), ["no session of 0"], "{name}");
    }
}

#[tokio::test]
async fn where_a_guild_cannot_be_read_the_shard_identifies() {
    for bad in [&b""[..], b"{", b"{\"v\":1}", b"{\"v\":2,\"name\":\"from a later version\"}"] {
        for key in [GUILD.get(), 0] {
            let bench = Bench::settled();
            bench.store.worlds.lock().unwrap().insert(key, bad.to_vec());
            assert!(bench.restart().await.is_empty(), "{}", String::from_utf8_lossy(bad));
        }
        let bench = Bench::settled();
        bench.store.worlds.lock().unwrap().remove(&GUILD.get());
        assert!(bench.restart().await.is_empty());
    }
}

#[test]
fn a_guild_as_it_is_stored() {
    let bench = Bench::settled();
    let bytes = kept::write(bench.world.keep(GUILD).unwrap());
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

/// The figures in docs/operations.md come from here (`--no-capture`).
#[test]
fn an_ordinary_guild_takes_a_few_kilobytes() {
    let world = World::new(BOT);
    let overwrites: Vec<_> = (0..3).map(|_| overwrites(GUILD)).collect();
    world.update(&mut guild_with(GUILD, json!(overwrites), 12));
    let start = std::time::Instant::now();
    let mut size = 0;
    for _ in 0..1_000 {
        size = kept::write(world.keep(GUILD).unwrap()).len();
    }
    eprintln!("13 voice channels with 3 overwrites each: {size} bytes, {:?} for 1,000", start.elapsed());
    assert!(size < 8_192, "{size}");
}
