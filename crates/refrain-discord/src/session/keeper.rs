//! While a shard runs: its session and its guilds go to the store, not faster than they need to.

use super::{Index, Resumable, Terms, digest, index_key, kept, kept::MOST_BYTES, unix_ms};
use crate::{convert, world::World};
use refrain::store::{GatewaySession, Store};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;
use twilight_gateway::{Event, Session};
use twilight_model::{
    gateway::payload::incoming::GuildCreate,
    id::{Id, marker::GuildMarker},
};

/// From the beginning of one round of writing to the next: what changes ten times a second is written once.
const PAUSE: Duration = Duration::from_secs(1);
/// A shard that hears nothing has a session all the same: its age is renewed after this time.
const RENEW: Duration = Duration::from_secs(60);
/// So many guilds are read out of the cache at a time; each takes some ten microseconds, and the shard waits for them.
const AT_ONCE: usize = 100;
/// The rest of a round follows after a moment for other things.
const BREATH: Duration = Duration::from_millis(20);

/// A shard's keeper. It is told of every event and asked when it wants to write; it reads no clock and waits for nothing.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    world: Arc<World>,
    terms: Terms,
    shard: u32,
    /// Guilds that have changed since the round under way, or the last one, began.
    changed: BTreeSet<Id<GuildMarker>>,
    round: Option<Round>,
    /// The guilds that this session has told of and that are stored: the index.
    stored: BTreeSet<Id<GuildMarker>>,
    /// How the guilds were when they were last stored.
    digests: BTreeMap<Id<GuildMarker>, u64>,
    /// Whether the stored index is another.
    index_changed: bool,
    /// Guilds that are too large to be kept: as long as there are any, there is no session to go on with.
    too_large: BTreeSet<Id<GuildMarker>>,
    /// The number of the last event, and of the last one that was handed to the store.
    sequence: u64,
    handed: u64,
    /// When the last round began.
    began: Option<Instant>,
    due: Option<Instant>,
    /// A session of before is being resumed: until that is done, nothing is written.
    replaying: bool,
}

/// One round of writing: guilds first, then the index, then how far the session had come when the round began.
struct Round {
    rest: BTreeSet<Id<GuildMarker>>,
    session: Option<GatewaySession>,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn Store>, world: Arc<World>, terms: Terms, shard: u32) -> Self {
        Self {
            store,
            world,
            terms,
            shard,
            changed: BTreeSet::new(),
            round: None,
            stored: BTreeSet::new(),
            digests: BTreeMap::new(),
            index_changed: true,
            too_large: BTreeSet::new(),
            sequence: 0,
            handed: 0,
            began: None,
            due: None,
            replaying: false,
        }
    }

    /// The shard goes on with a session of before, and its guilds are known.
    pub(crate) fn resuming(mut self, from: &Resumable) -> Self {
        self.digests = from.guilds.iter().map(|guild| (guild.id, guild.digest)).collect();
        self.stored = self.digests.keys().copied().collect();
        self.index_changed = false;
        self.replaying = true;
        self
    }

    /// Whether a session of before is being resumed, and what was missed is still coming in.
    pub(crate) fn is_replaying(&self) -> bool {
        self.replaying
    }

    /// What was missed is in.
    pub(crate) fn replayed(&mut self) {
        self.replaying = false;
    }

    /// When [`Self::write`] should be called; `None`: nothing has to be written.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes note of what an event changes. The cache has taken it in.
    pub(crate) fn note(&mut self, event: &Event) {
        if let Event::Ready(ready) = event {
            self.begin_session();
            // The bot may have been removed from guilds without being told.
            let mut gone = self.digests.keys().copied().collect::<BTreeSet<_>>();
            for guild in &ready.guilds {
                gone.remove(&guild.id);
            }
            self.changed.extend(gone);
        }
        self.changed.extend(changes(event));
    }

    /// The shard has come to `sequence`.
    pub(crate) fn moved(&mut self, sequence: u64, now: Instant) {
        self.sequence = sequence;
        if self.handed != sequence {
            self.want(now);
        }
    }

    /// The connection lives: the session must not seem old because nothing happens.
    pub(crate) fn alive(&mut self, now: Instant) {
        if self.began.is_some_and(|began| now.saturating_duration_since(began) >= RENEW) {
            self.want(now);
        }
    }

    /// Writes what is due, or a part of it.
    pub(crate) fn write(&mut self, session: Option<&Session>, resume_url: Option<&str>, now: Instant) {
        if self.replaying {
            self.due = None;
            return;
        }
        if self.round.is_none() {
            self.begin(session, resume_url, now);
        }
        self.step(now);
    }

    /// Writes at once, before something is done that a replay would do again: whatever comes of it is stored later than
    /// this. While very much is to be written (after a start) this is left out.
    pub(crate) fn write_now(&mut self, session: Option<&Session>, resume_url: Option<&str>, now: Instant) {
        let rest = self.round.as_ref().map_or(0, |round| round.rest.len());
        if self.replaying || self.changed.len() + rest > AT_ONCE {
            return;
        }
        self.begin(session, resume_url, now);
        self.step(now);
    }

    /// There is no session to go on with any more: it was closed, or Discord does not accept it.
    pub(crate) fn forget(&mut self) {
        self.replaying = false;
        self.end_round();
        self.handed = 0;
        self.store.forget_session(self.shard);
    }

    /// A new session tells all guilds anew. What is stored of them stays until it does.
    fn begin_session(&mut self) {
        self.replaying = false;
        self.end_round();
        self.stored.clear();
        self.too_large.clear();
        self.index_changed = true;
        self.handed = 0;
    }

    /// What was not written yet is written in another round; the session that it was for does not count any more.
    fn end_round(&mut self) {
        if let Some(round) = self.round.take() {
            self.changed.extend(round.rest);
        }
    }

    fn want(&mut self, now: Instant) {
        if self.due.is_none() && !self.replaying {
            self.due = Some(self.began.map_or(now, |began| (began + PAUSE).max(now)));
        }
    }

    fn begin(&mut self, session: Option<&Session>, resume_url: Option<&str>, now: Instant) {
        self.end_round();
        let session = session.map(|session| GatewaySession {
            shard: self.shard,
            shards: self.terms.shards,
            session_id: session.id().to_owned(),
            sequence: session.sequence(),
            resume_url: resume_url.map(str::to_owned),
            at_unix_ms: unix_ms(),
        });
        self.began = Some(now);
        self.round = Some(Round { rest: std::mem::take(&mut self.changed), session });
    }

    fn step(&mut self, now: Instant) {
        let Some(mut round) = self.round.take() else { return };
        for _ in 0..AT_ONCE {
            let Some(guild) = round.rest.pop_first() else { break };
            self.keep(guild);
        }
        if round.rest.is_empty() {
            self.finish(round.session, now);
        } else {
            self.round = Some(round);
            self.due = Some(now + BREATH);
        }
    }

    fn finish(&mut self, session: Option<GatewaySession>, now: Instant) {
        if std::mem::take(&mut self.index_changed) {
            let guilds = self.stored.iter().copied().collect();
            let index = Index { bot: self.terms.bot, intents: self.terms.intents, guilds };
            self.store.save_world(index_key(self.shard), kept::write(index));
        }
        self.due = None;
        let Some(session) = session else { return };
        self.handed = session.sequence;
        if self.too_large.is_empty() {
            self.store.save_session(session);
        }
        if !self.changed.is_empty() || self.handed != self.sequence {
            self.want(now);
        }
    }

    fn keep(&mut self, guild: Id<GuildMarker>) {
        let Some(kept) = self.world.keep(guild) else { return self.drop_guild(guild) };
        let bytes = kept::write(kept);
        if bytes.len() > MOST_BYTES {
            return self.is_too_large(guild, bytes.len());
        }
        self.too_large.remove(&guild);
        self.index_changed |= self.stored.insert(guild);
        let digest = digest(&bytes);
        if self.digests.insert(guild, digest) != Some(digest) {
            self.store.save_world(convert::guild(guild), bytes);
        }
    }

    /// The guild is gone, or in an outage: when it comes back, all of it is told.
    fn drop_guild(&mut self, guild: Id<GuildMarker>) {
        self.too_large.remove(&guild);
        self.index_changed |= self.stored.remove(&guild);
        if self.digests.remove(&guild).is_some() {
            self.store.save_world(convert::guild(guild), Vec::new());
        }
    }

    fn is_too_large(&mut self, guild: Id<GuildMarker>, bytes: usize) {
        self.drop_guild(guild);
        if self.too_large.insert(guild) {
            tracing::warn!(guild_id = %guild, bytes, "too much to be kept of a guild; its shard will identify at a restart");
            self.store.forget_session(self.shard);
        }
    }
}

/// The guild of which an event changes what is kept.
fn changes(event: &Event) -> Option<Id<GuildMarker>> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "of Discord's hundred events these change what is kept")]
    match event {
        Event::GuildCreate(guild) => match guild.as_ref() {
            GuildCreate::Available(guild) => Some(guild.id),
            GuildCreate::Unavailable(guild) => Some(guild.id),
        },
        Event::GuildUpdate(guild) => Some(guild.id),
        Event::GuildDelete(guild) => Some(guild.id),
        Event::ChannelCreate(channel) => channel.guild_id,
        Event::ChannelUpdate(channel) => channel.guild_id,
        Event::ChannelDelete(channel) => channel.guild_id,
        Event::RoleCreate(role) => Some(role.guild_id),
        Event::RoleUpdate(role) => Some(role.guild_id),
        Event::RoleDelete(role) => Some(role.guild_id),
        Event::MemberUpdate(member) => Some(member.guild_id),
        Event::VoiceStateUpdate(state) => state.guild_id,
        _ => None,
    }
}
