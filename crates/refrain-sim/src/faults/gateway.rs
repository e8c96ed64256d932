//! What goes wrong with the main gateway's sockets and sessions.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, effect, fields_of, random::Dice, wait};
use crate::{
    control::answer::Refusal,
    id::Id,
    state::{
        Hub,
        effects::{Effect, Refused, Scope, Step},
        sessions::{Order, Socket},
    },
    world::Guild,
};

pub(super) const ROOM: Room = Room {
    kinds: &[
        "gateway_close",
        "gateway_drop",
        "gateway_reset",
        "gateway_half_open",
        "gateway_reconnect",
        "gateway_heartbeat_request",
        "gateway_invalid_session",
        "gateway_refuse",
        "gateway_zombie",
        "gateway_blackhole",
        "gateway_slow",
        "gateway_ack_withheld",
        "gateway_ack_late",
    ],
    apply,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::enum_variant_names, reason = "the kinds are called so, and the room is named by the prefix")]
enum Fault {
    GatewayClose {
        /// Null closes without a code.
        #[serde(default = "unknown_error")]
        code: Option<u16>,
    },
    GatewayDrop {},
    GatewayReset {},
    GatewayHalfOpen {},
    GatewayReconnect {},
    GatewayHeartbeatRequest {},
    GatewayInvalidSession {
        #[serde(default)]
        resumable: bool,
    },
    GatewayRefuse {
        /// How far connections get.
        on: Step,
        #[serde(default)]
        how: How,
        #[serde(default = "unknown_error")]
        code: Option<u16>,
    },
    GatewayZombie {},
    GatewayBlackhole {},
    GatewaySlow {
        ms: u64,
    },
    GatewayAckWithheld {},
    GatewayAckLate {
        ms: u64,
    },
}

/// How connections are refused.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    #[default]
    Close,
    Reset,
    InvalidSession,
}

#[expect(clippy::unnecessary_wraps, reason = "the field it fills is optional: null is no code")]
fn unknown_error() -> Option<u16> {
    Some(4000)
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let fault: Fault = fields_of(body)?;
    let bot = bot(hub, target)?;
    let weather = |of: Effect| effect(hub, Scope { guild: None, bot: Some(bot) }, of);
    let order = match fault {
        Fault::GatewayClose { code: None } => Order::CloseBare,
        Fault::GatewayClose { code: Some(code) } => Order::Close(close_code(code)?, "Closed by a fault."),
        Fault::GatewayDrop {} => Order::Drop,
        Fault::GatewayReset {} => Order::Reset,
        Fault::GatewayReconnect {} => Order::Send(json!({ "t": null, "s": null, "op": 7, "d": null })),
        Fault::GatewayHeartbeatRequest {} => Order::Send(json!({ "t": null, "s": null, "op": 1, "d": null })),
        Fault::GatewayInvalidSession { resumable } => Order::Invalidate(resumable),
        Fault::GatewayHalfOpen {} => return until_ended(hub, target, bot, &Order::HalfOpen, Order::Reset),
        Fault::GatewayZombie {} => {
            return until_ended(hub, target, bot, &Order::Freeze(true), Order::Freeze(false));
        }
        Fault::GatewayRefuse { on, how, code } => {
            let refused = match how {
                How::Close => Refused::Close(code.map(close_code).transpose()?),
                How::Reset => Refused::Reset,
                How::InvalidSession if on == Step::Connect => {
                    return Err(Refusal::bad("before Hello there is no session that could be invalid"));
                }
                How::InvalidSession => Refused::InvalidSession,
            };
            return Ok(weather(Effect::Refuse(on, refused)));
        }
        Fault::GatewayBlackhole {} => return Ok(weather(Effect::Blackhole)),
        Fault::GatewaySlow { ms } => return Ok(weather(Effect::Slow(wait(ms)?))),
        Fault::GatewayAckWithheld {} => return Ok(weather(Effect::AckWithheld)),
        Fault::GatewayAckLate { ms } => return Ok(weather(Effect::AckLate(wait(ms)?))),
    };
    send(&sockets(hub, target, bot)?, &order).map(|()| Outcome::Once)
}

fn close_code(code: u16) -> Result<u16, Refusal> {
    if matches!(code, 1000 | 1001 | 1011 | 3000..=4999) {
        return Ok(code);
    }
    Err(Refusal::bad("`code` is one a server can send: 1000, 1001, 1011, 3000 to 4999, or null"))
}

/// The present sockets get one order now and another one when the fault ends.
fn until_ended(hub: &Arc<Hub>, target: &Target, bot: Id, begin: &Order, end: Order) -> Result<Outcome, Refusal> {
    let sockets = sockets(hub, target, bot)?;
    send(&sockets, begin)?;
    Ok(Outcome::lasting(move |_| {
        for socket in sockets {
            // Refused only when that socket's task is already ending.
            let _ = socket.orders.try_send(end.clone());
        }
    }))
}

fn send(sockets: &[Socket], order: &Order) -> Result<(), Refusal> {
    let busy = |_| Refusal::conflict("the gateway socket is just ending, or has too many orders waiting");
    sockets.iter().try_for_each(|socket| socket.orders.try_send(order.clone()).map_err(busy))
}

/// Whose sockets are meant: the bot that is named, the guild's, or the only one there is.
fn bot(hub: &Hub, target: &Target) -> Result<Id, Refusal> {
    let world = hub.world();
    if target.guild.is_some() {
        return Ok(target.member_bot(&world, target.guild(&world)?)?.id);
    }
    let wanted = |id: Id| target.bot.is_none_or(|wanted| wanted == id);
    let bots: Vec<Id> = world.bots.iter().map(|bot| bot.id).filter(|id| wanted(*id)).collect();
    match bots.as_slice() {
        [bot] => Ok(*bot),
        [] => Err(Refusal::missing("the world has no such bot")),
        [..] => Err(Refusal::conflict("the world has several bots: say which with `bot`, or name a `guild`")),
    }
}

/// The socket of the guild's shard, or without a guild those of all shards.
fn sockets(hub: &Hub, target: &Target, bot: Id) -> Result<Vec<Socket>, Refusal> {
    let (state, world) = (hub.state(), hub.world());
    let sockets: Vec<Socket> = match target.guild.and_then(|id| world.guild(id)) {
        Some(guild) => state.session_of(bot, guild).and_then(|(_, one)| one.socket()).cloned().into_iter().collect(),
        None => state.sessions.values().filter(|one| one.bot == bot).filter_map(|one| one.socket()).cloned().collect(),
    };
    if sockets.is_empty() {
        return Err(Refusal::conflict(format!("the bot {bot} is not connected to the gateway")));
    }
    Ok(sockets)
}

/// Gateway faults as they come by chance.
pub(super) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    match kind {
        "gateway_close" => Some(json!({ "code": dice.pick(&[1000, 1001, 4000, 4000, 4009]) })),
        "gateway_drop" | "gateway_reset" | "gateway_reconnect" | "gateway_heartbeat_request" => Some(json!({})),
        "gateway_invalid_session" => Some(json!({ "resumable": dice.chance(50) })),
        "gateway_zombie" | "gateway_half_open" | "gateway_blackhole" | "gateway_ack_withheld" => {
            Some(json!({ "for_ms": dice.between(1_000, 90_000) }))
        }
        "gateway_refuse" => {
            let on = dice.pick(&["connect", "identify", "resume"]);
            Some(json!({ "on": on, "for_ms": dice.between(1_000, 20_000) }))
        }
        "gateway_slow" => Some(json!({ "ms": dice.between(10, 2_000), "for_ms": dice.between(1_000, 60_000) })),
        "gateway_ack_late" => Some(json!({ "ms": dice.between(100, 30_000), "for_ms": dice.between(1_000, 90_000) })),
        _ => None,
    }
}
