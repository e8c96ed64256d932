//! What is asked for over the gateway: members, soundboards, channel information.

use serde_json::{Value, json};

use super::{connection::Connection, frame::MembersRequest};
use crate::{
    id::Id,
    state::{
        json as shapes,
        sessions::{GUILD_MEMBERS, GUILD_PRESENCES},
    },
    world::{Guild, Member, Person},
};

/// All members of a guild may be asked for once in so many milliseconds.
const ALL_MEMBERS_MS: f64 = 30_000.0;
/// The most members that a prefix or a list of ids finds.
const MOST_FOUND: usize = 100;
const CHUNK: usize = 1000;

impl Connection {
    /// Op 8: one chunk, or as many as a thousand members each need.
    pub(super) fn send_members(&self, id: &str, request: &MembersRequest) {
        let (hub, world) = (&self.hub, self.hub.world());
        let mut state = hub.state();
        let Some(session) = state.sessions.get_mut(id) else { return };
        let Some(guild) = world.guild(request.guild).filter(|guild| session.covers(guild)) else { return };
        let all = request.users.is_none() && request.query.as_deref() == Some("") && request.limit == 0;
        if all && session.intents & GUILD_MEMBERS == 0 {
            return;
        }
        if all {
            let now = hub.clock.now_ms();
            let again = session.members_asked.get(&guild.id).map_or(0.0, |last| last + ALL_MEMBERS_MS - now);
            if again > 0.0 {
                let mut meta = json!({ "guild_id": guild.id });
                if !request.nonce.is_null() {
                    meta["nonce"] = request.nonce.clone();
                }
                let limited = json!({ "opcode": 8, "retry_after": again / 1000.0, "meta": meta });
                state.dispatch(id, "RATE_LIMITED", limited, None);
                return;
            }
            session.members_asked.insert(guild.id, now);
        }
        let presences = request.presences && session.intents & GUILD_PRESENCES != 0;
        let (found, missing) = find(guild, request, all, |user| world.person(user));
        let found: Vec<Value> = found.iter().map(|one| shapes::member(&world, one)).collect();
        let count = found.len().div_ceil(CHUNK).max(1);
        for index in 0..count {
            let members: Vec<&Value> = found.iter().skip(index * CHUNK).take(CHUNK).collect();
            let mut chunk =
                json!({ "guild_id": guild.id, "members": members, "chunk_index": index, "chunk_count": count });
            if !missing.is_empty() {
                chunk["not_found"] = json!(missing);
            }
            if presences {
                chunk["presences"] = json!([]);
            }
            if !request.nonce.is_null() {
                chunk["nonce"] = request.nonce.clone();
            }
            state.dispatch(id, "GUILD_MEMBERS_CHUNK", chunk, None);
        }
    }

    /// Op 31: nobody has sounds here.
    pub(super) fn send_sounds(&self, session: &str, guilds: &[Id]) {
        let world = self.hub.world();
        let mut state = self.hub.state();
        for id in guilds {
            let covered = state.sessions.get(session);
            let covered = covered.is_some_and(|one| world.guild(*id).is_some_and(|guild| one.covers(guild)));
            if covered {
                let data = json!({ "guild_id": id, "soundboard_sounds": [] });
                state.dispatch(session, "SOUNDBOARD_SOUNDS", data, None);
            }
        }
    }

    /// Op 43: no channel has a status.
    pub(super) fn send_channel_info(&self, session: &str, guild: Id, fields: &[String]) {
        let world = self.hub.world();
        let mut state = self.hub.state();
        let covers = |guild: &&Guild| state.sessions.get(session).is_some_and(|one| one.covers(guild));
        let Some(guild) = world.guild(guild).filter(covers) else { return };
        let channels = guild.channels.iter().filter(|one| one.kind.is_voice()).map(|one| {
            let mut info = json!({ "id": one.id });
            for field in fields.iter().filter(|field| matches!(field.as_str(), "status" | "voice_start_time")) {
                info[field.as_str()] = Value::Null;
            }
            info
        });
        let data = json!({ "guild_id": guild.id, "channels": channels.collect::<Value>() });
        state.dispatch(session, "CHANNEL_INFO", data, None);
    }
}

/// The members a request means, and the ids that are none.
fn find<'a>(
    guild: &'a Guild,
    request: &MembersRequest,
    all: bool,
    person: impl Fn(Id) -> Option<Person<'a>>,
) -> (Vec<&'a Member>, Vec<Id>) {
    if let Some(users) = &request.users {
        let (known, missing): (Vec<Id>, Vec<Id>) = users.iter().partition(|user| guild.member(**user).is_some());
        return (known.iter().filter_map(|user| guild.member(*user)).collect(), missing);
    }
    let prefix = request.query.as_deref().unwrap_or_default();
    let called = |one: &&Member| person(one.user).is_some_and(|person| person.name.to_lowercase().starts_with(prefix));
    let limit = match request.limit {
        _ if all => usize::MAX,
        0 => MOST_FOUND,
        limit => limit.min(MOST_FOUND),
    };
    (guild.members.iter().filter(called).take(limit).collect(), Vec::new())
}
