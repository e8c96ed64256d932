//! Faults: what goes wrong with Discord, on order.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Body, PathId, Refusal};
use crate::{
    id::Id,
    state::{
        Hub, State as Changing,
        faults::{Lasting, LastingKind},
        sessions::{Order, Socket},
    },
    world::{Bot, Guild},
};

/// What goes wrong. `docs/simulator.md` says what each does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Fault {
    Close {
        /// The voice socket's close code; null closes without one.
        #[serde(deserialize_with = "Option::deserialize")]
        code: Option<u16>,
        #[serde(default)]
        reason: String,
    },
    Reset,
    Kick,
    Move {
        channel: Id,
    },
    ServerUpdate {
        /// False sends a null endpoint: the voice server has gone away.
        #[serde(default = "yes")]
        available: bool,
    },
    RefuseResume,
    Op4Unanswered,
    GatewayClose {
        #[serde(default = "unknown_error")]
        code: u16,
    },
    GatewayReset,
    GatewayReconnect,
    GatewayInvalidSession {
        #[serde(default)]
        resumable: bool,
    },
    GatewayZombie,
}

fn yes() -> bool {
    true
}

fn unknown_error() -> u16 {
    4000
}

/// Whom a fault hits.
#[derive(Debug, Deserialize)]
struct Target {
    guild: Id,
    bot: Option<Id>,
}

pub(super) async fn create(State(hub): State<Arc<Hub>>, Body(body): Body<Value>) -> Result<Json<Value>, Refusal> {
    let target: Target =
        serde_json::from_value(body.clone()).map_err(|error| Refusal::bad(format!("the body: {error}")))?;
    let fault: Fault = serde_json::from_value(body).map_err(|error| Refusal::bad(format!("the body: {error}")))?;
    let guild = hub.world.guild(target.guild);
    let guild = guild.ok_or_else(|| Refusal::missing(format!("there is no guild {}", target.guild)))?;
    let at_ms = hub.clock.now_ms();
    let id = match apply(&hub, guild, target.bot, &fault)? {
        Some(id) => id,
        None => hub.snowflake(&mut hub.state()),
    };
    hub.events.publish("fault", json!({ "id": id, "guild": guild.id, "fault": fault }));
    Ok(Json(json!({ "id": id, "at_ms": at_ms })))
}

/// Does it. The id of a fault that lasts.
fn apply(hub: &Hub, guild: &Guild, bot: Option<Id>, fault: &Fault) -> Result<Option<Id>, Refusal> {
    let in_voice = || voice_bot(hub, guild, bot);
    let deaf = |bot: Id| Refusal::conflict(format!("the bot {bot} has no open voice socket in the guild {}", guild.id));
    let lasting = |kind| Ok(Some(hub.add_fault(&mut hub.state(), Lasting { guild: guild.id, kind })));
    let order = |order| gateway_order(hub, guild, bot, order).map(|()| None);
    match fault {
        Fault::Close { code, reason } => {
            if code.is_some_and(|code| !(1000..=4999).contains(&code)) {
                return Err(Refusal::bad("`code` is a WebSocket close code, 1000 to 4999, or null for none"));
            }
            let bot = in_voice()?;
            hub.voice.close(guild.id.0, bot.0, *code, reason).then_some(None).ok_or_else(|| deaf(bot))
        }
        Fault::Reset => {
            let bot = in_voice()?;
            hub.voice.reset(guild.id.0, bot.0).then_some(None).ok_or_else(|| deaf(bot))
        }
        Fault::Kick => hub.kick_bot(guild, in_voice()?).map(|()| None).map_err(Refusal::conflict),
        Fault::Move { channel } => hub.move_bot(guild, in_voice()?, *channel).map(|()| None).map_err(Refusal::bad),
        Fault::ServerUpdate { available } => {
            hub.change_voice_server(guild, in_voice()?, *available).map(|()| None).map_err(Refusal::conflict)
        }
        Fault::RefuseResume => lasting(LastingKind::RefuseResume),
        Fault::Op4Unanswered => lasting(LastingKind::Op4Unanswered),
        Fault::GatewayZombie => {
            let bot = member_bot(hub, guild, bot)?.id;
            gateway_socket(&hub.state(), guild, bot)?;
            lasting(LastingKind::GatewayZombie { bot })
        }
        Fault::GatewayClose { code } if matches!(code, 1000 | 1001 | 1011 | 3000..=4999) => {
            order(Order::Close(*code, "Closed by a fault."))
        }
        Fault::GatewayClose { .. } => {
            Err(Refusal::bad("`code` is one a server can send: 1000, 1001, 1011, 3000 to 4999"))
        }
        Fault::GatewayReset => order(Order::Reset),
        Fault::GatewayReconnect => order(Order::Send(json!({ "t": null, "s": null, "op": 7, "d": null }))),
        Fault::GatewayInvalidSession { resumable } => order(Order::Invalidate(*resumable)),
    }
}

/// The bot that is in voice in this guild; `wanted` where there are several.
fn voice_bot(hub: &Hub, guild: &Guild, wanted: Option<Id>) -> Result<Id, Refusal> {
    let state = hub.state();
    let here = hub.world.bots.iter().map(|bot| bot.id).filter(|bot| state.voice_states.contains_key(&(guild.id, *bot)));
    let here: Vec<Id> = here.filter(|bot| wanted.is_none_or(|wanted| wanted == *bot)).collect();
    match here.as_slice() {
        [bot] => Ok(*bot),
        [] => Err(Refusal::conflict(format!("no bot is in a voice channel of the guild {}", guild.id))),
        [..] => {
            Err(Refusal::conflict(format!("several bots are in voice in the guild {}: say which with `bot`", guild.id)))
        }
    }
}

fn member_bot<'a>(hub: &'a Hub, guild: &Guild, wanted: Option<Id>) -> Result<&'a Bot, Refusal> {
    let here = hub.world.bots.iter().filter(|bot| guild.member(bot.id).is_some());
    let here: Vec<&Bot> = here.filter(|bot| wanted.is_none_or(|wanted| wanted == bot.id)).collect();
    match here.as_slice() {
        [bot] => Ok(bot),
        [] => Err(Refusal::missing(format!("the guild {} has no such bot", guild.id))),
        [..] => Err(Refusal::conflict(format!("the guild {} has several bots: say which with `bot`", guild.id))),
    }
}

fn gateway_socket(state: &Changing, guild: &Guild, bot: Id) -> Result<Socket, Refusal> {
    let socket = state.session_of(bot, guild).and_then(|(_, session)| session.socket()).cloned();
    socket.ok_or_else(|| Refusal::conflict(format!("the bot {bot} is not connected to the gateway")))
}

fn gateway_order(hub: &Hub, guild: &Guild, bot: Option<Id>, order: Order) -> Result<(), Refusal> {
    let bot = member_bot(hub, guild, bot)?.id;
    let socket = gateway_socket(&hub.state(), guild, bot)?;
    let busy = |_| Refusal::conflict("the gateway socket is just ending, or has too many orders waiting");
    socket.orders.try_send(order).map_err(busy)
}

pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let state = hub.state();
    let lasting = state.faults.iter().map(|(id, fault)| {
        let kind = match fault.kind {
            LastingKind::RefuseResume => "refuse_resume",
            LastingKind::Op4Unanswered => "op4_unanswered",
            LastingKind::GatewayZombie { .. } => "gateway_zombie",
        };
        json!({ "id": id, "guild": fault.guild, "kind": kind })
    });
    Json(json!({ "lasting": lasting.collect::<Value>() }))
}

pub(super) async fn end(State(hub): State<Arc<Hub>>, PathId(id): PathId) -> Result<Json<Value>, Refusal> {
    if !hub.end_fault(id) {
        return Err(Refusal::missing(format!("no lasting fault has the id {id} (others are over at once)")));
    }
    hub.events.publish("fault_ended", json!({ "id": id }));
    Ok(Json(json!({ "id": id, "at_ms": hub.clock.now_ms() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_kind_is_answered_with_the_list_of_kinds() {
        let error = serde_json::from_value::<Fault>(json!({ "kind": "explode" })).unwrap_err().to_string();
        for kind in
            ["close", "reset", "kick", "move", "server_update", "refuse_resume", "op4_unanswered", "gateway_zombie"]
        {
            assert!(error.contains(kind), "{error}");
        }
    }

    #[test]
    fn a_close_needs_a_code_which_may_be_null() {
        assert!(serde_json::from_value::<Fault>(json!({ "kind": "close" })).is_err());
        let none = serde_json::from_value::<Fault>(json!({ "kind": "close", "code": null })).unwrap();
        assert!(matches!(none, Fault::Close { code: None, .. }));
    }
}
