//! The catalogue of faults: what goes wrong with Discord, on order.
//!
//! Each room knows some kinds: `voice` the voice socket, `gateway` the main gateway's sockets and sessions, `guild` what
//! moderators and Discord itself do to a bot in voice, `joins` how op 4 is answered, `place` what becomes of channels and
//! guilds, `outage` what happens to everything at once, `rest` the REST API. An order is a JSON object: its `kind`, the
//! fields of that kind, and
//! whom it hits ([`Target`]). `docs/simulator.md` has the table.

pub(crate) mod described;
mod gateway;
mod guild;
mod joins;
mod outage;
mod place;
pub(crate) mod random;
mod rest;
pub(crate) mod script;
mod voice;

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use tokio::sync::oneshot;

use crate::{
    control::answer::Refusal,
    id::Id,
    state::{
        Hub,
        effects::{Effect, Scope},
    },
    world::{Bot, Guild, World},
};

/// The longest that a lasting fault may be told to last, in milliseconds: a day.
const MAX_FOR_MS: u64 = 24 * 60 * 60 * 1000;

/// The longest delay of one thing, in milliseconds.
const MAX_WAIT_MS: u64 = 10 * 60 * 1000;

/// How many faults may be in force at once.
const MAX_LASTING: usize = 5000;

/// One room of the catalogue.
pub(crate) struct Room {
    /// What it knows.
    kinds: &'static [&'static str],
    /// Does one of them. The body holds `kind` and the kind's own fields.
    apply: fn(&Arc<Hub>, &Target, Value) -> Result<Outcome, Refusal>,
}

/// A kind belongs to one room.
const ROOMS: &[Room] = &[voice::ROOM, gateway::ROOM, guild::ROOM, joins::ROOM, place::ROOM, outage::ROOM, rest::ROOM];

/// What a room says of a random fault: the fields of one of its kinds for this guild, or nothing where the kind is not
/// its own or cannot be ordered at random. A lasting kind gets a `for_ms`.
type Chance = fn(&str, &Guild, &mut random::Dice) -> Option<Value>;

const CHANCES: &[Chance] =
    &[voice::random, gateway::random, guild::random, joins::random, place::random, outage::random, rest::random];

/// Whom a fault hits. Kinds that concern all of Discord need neither.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Target {
    /// The guild.
    pub(crate) guild: Option<Id>,
    /// The bot, where the guild has several.
    pub(crate) bot: Option<Id>,
    /// A lasting fault ends by itself after so many milliseconds.
    pub(crate) for_ms: Option<u64>,
}

/// What became of an order.
pub(crate) enum Outcome {
    /// It happened and is over.
    Once,
    /// It is in force until it is taken back, which the first does, or until the second wakes: nothing is left of it.
    Lasting(Undo, Option<oneshot::Receiver<()>>),
}

impl Outcome {
    /// In force until `undo`. That runs when the fault is no longer among `State::faults`, so it can ask there whether
    /// another of its kind still is.
    pub(crate) fn lasting(undo: impl FnOnce(&Arc<Hub>) + Send + 'static) -> Self {
        Self::Lasting(Undo(Box::new(undo)), None)
    }

    /// The same for what ends by itself as well, when `over` wakes or its sender is gone.
    pub(crate) fn lasting_until(over: oneshot::Receiver<()>, undo: impl FnOnce(&Arc<Hub>) + Send + 'static) -> Self {
        Self::Lasting(Undo(Box::new(undo)), Some(over))
    }
}

/// Takes a lasting fault back.
pub(crate) struct Undo(Box<Undoing>);

type Undoing = dyn FnOnce(&Arc<Hub>) + Send;

impl fmt::Debug for Undo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Undo")
    }
}

/// A fault that is in force.
#[derive(Debug)]
pub(crate) struct Lasting {
    pub(crate) guild: Option<Id>,
    pub(crate) bot: Option<Id>,
    pub(crate) kind: String,
    undo: Undo,
}

/// An order that was carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordered {
    pub(crate) id: Id,
    pub(crate) at_ms: f64,
}

/// Carries out an order; the body is what `POST /sim/faults` takes.
pub(crate) fn order(hub: &Arc<Hub>, body: Value) -> Result<Ordered, Refusal> {
    let Value::Object(mut fields) = body.clone() else {
        return Err(Refusal::bad("a fault is an object with a `kind`"));
    };
    let target = target(&mut fields)?;
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let room = ROOMS.iter().find(|room| room.kinds.contains(&kind.as_str())).ok_or_else(|| unknown(&kind))?;
    if hub.state().faults.len() >= MAX_LASTING {
        return Err(Refusal::conflict(format!("{MAX_LASTING} faults are in force already: end some")));
    }
    let at_ms = hub.clock.now_ms();
    let outcome = (room.apply)(hub, &target, Value::Object(fields))?;
    let id = hub.snowflake(&mut hub.state());
    if let Outcome::Lasting(undo, over) = outcome {
        let lasting = Lasting { guild: target.guild, bot: target.bot, kind, undo };
        hub.state().faults.insert(id, lasting);
        if let Some(for_ms) = target.for_ms {
            end_later(hub, id, tokio::time::sleep(Duration::from_millis(for_ms)));
        }
        if let Some(over) = over {
            end_later(hub, id, over);
        }
    }
    hub.events.publish("fault", json!({ "id": id, "guild": target.guild, "fault": body }));
    Ok(Ordered { id, at_ms })
}

/// Takes a lasting fault back; false when there is none of this id.
pub(crate) fn end(hub: &Arc<Hub>, id: Id) -> bool {
    let Some(Lasting { undo, .. }) = hub.state().faults.remove(&id) else { return false };
    (undo.0)(hub);
    hub.events.publish("fault_ended", json!({ "id": id }));
    true
}

fn end_later(hub: &Arc<Hub>, id: Id, over: impl Future + Send + 'static) {
    let weak = Arc::downgrade(hub);
    tokio::spawn(async move {
        over.await;
        if let Some(hub) = weak.upgrade() {
            end(&hub, id);
        }
    });
}

fn target(fields: &mut Map<String, Value>) -> Result<Target, Refusal> {
    let mut named = Map::new();
    for name in ["guild", "bot", "for_ms"] {
        if let Some(value) = fields.remove(name) {
            named.insert(name.to_owned(), value);
        }
    }
    let target: Target = fields_of(Value::Object(named))?;
    match target.for_ms {
        Some(for_ms) if for_ms > MAX_FOR_MS => Err(Refusal::bad(format!("`for_ms` may be {MAX_FOR_MS} at most"))),
        Some(_) | None => Ok(target),
    }
}

/// Whether there is such a kind; words that list all kinds when there is none.
pub(crate) fn check_kind(kind: &str) -> Result<(), String> {
    if is_known(kind) { Ok(()) } else { Err(unknown(kind).words()) }
}

fn is_known(kind: &str) -> bool {
    ROOMS.iter().any(|room| room.kinds.contains(&kind))
}

fn unknown(kind: &str) -> Refusal {
    let known: Vec<&str> = ROOMS.iter().flat_map(|room| room.kinds).copied().collect();
    Refusal::bad(format!("there is no fault of the kind {kind:?}; there are: {}", known.join(", ")))
}

/// An effect that is in force as long as the fault.
fn effect(hub: &Hub, scope: Scope, effect: Effect) -> Outcome {
    let id = hub.effects.add(scope, effect);
    Outcome::lasting(move |hub| hub.effects.remove(id))
}

/// A time that something takes.
fn wait(ms: u64) -> Result<Duration, Refusal> {
    if ms > MAX_WAIT_MS {
        return Err(Refusal::bad(format!("a delay may be {MAX_WAIT_MS} ms at most")));
    }
    Ok(Duration::from_millis(ms))
}

/// Reads a room's own fields; an error names what is wrong with them.
fn fields_of<T: DeserializeOwned>(body: Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(body)
        .map_err(|error| Refusal::bad(format!("the body, at `{}`: {}", error.path(), error.inner())))
}

impl Target {
    /// The guild, which this kind cannot do without.
    fn guild<'a>(&self, world: &'a World) -> Result<&'a Guild, Refusal> {
        let id = self.guild.ok_or_else(|| Refusal::bad("this kind of fault needs a `guild`"))?;
        world.guild(id).ok_or_else(|| Refusal::missing(format!("there is no guild {id}")))
    }

    /// The bot that is in voice in this guild; `bot` says which where there are several.
    fn voice_bot(&self, hub: &Hub, guild: &Guild) -> Result<Id, Refusal> {
        let (state, world) = (hub.state(), hub.world());
        let bots = world.bots.iter().map(|bot| bot.id);
        let here = bots.filter(|bot| state.voice_states.contains_key(&(guild.id, *bot)));
        let here: Vec<Id> = here.filter(|bot| self.bot.is_none_or(|wanted| wanted == *bot)).collect();
        match here.as_slice() {
            [bot] => Ok(*bot),
            [] => Err(Refusal::conflict(format!("no bot is in a voice channel of the guild {}", guild.id))),
            [..] => {
                let words = format!("several bots are in voice in the guild {}: say which with `bot`", guild.id);
                Err(Refusal::conflict(words))
            }
        }
    }

    /// The bot that is a member of this guild; `bot` says which where there are several.
    fn member_bot<'a>(&self, world: &'a World, guild: &Guild) -> Result<&'a Bot, Refusal> {
        let here = world.bots.iter().filter(|bot| guild.member(bot.id).is_some());
        let here: Vec<&Bot> = here.filter(|bot| self.bot.is_none_or(|wanted| wanted == bot.id)).collect();
        match here.as_slice() {
            [bot] => Ok(bot),
            [] => Err(Refusal::missing(format!("the guild {} has no such bot", guild.id))),
            [..] => Err(Refusal::conflict(format!("the guild {} has several bots: say which with `bot`", guild.id))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_unknown_kind_is_answered_with_the_list_of_kinds() {
        let words = format!("{:?}", unknown("explode"));
        for kind in ["close", "reset", "kick", "move", "server_update", "refuse_resume", "gateway_zombie"] {
            assert!(words.contains(kind), "{words}");
        }
    }

    #[test]
    fn each_kind_belongs_to_one_room() {
        let all: Vec<&str> = ROOMS.iter().flat_map(|room| room.kinds).copied().collect();
        let once: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), once.len());
    }
}
