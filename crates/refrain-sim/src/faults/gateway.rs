//! What goes wrong with the main gateway's sockets and sessions.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, fields_of, random::Dice};
use crate::{
    control::answer::Refusal,
    id::Id,
    state::{
        Hub,
        sessions::{Order, Socket},
    },
    world::Guild,
};

pub(super) const ROOM: Room = Room {
    kinds: &["gateway_close", "gateway_reset", "gateway_reconnect", "gateway_invalid_session", "gateway_zombie"],
    apply,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    GatewayClose {
        #[serde(default = "unknown_error")]
        code: u16,
    },
    GatewayReset {},
    GatewayReconnect {},
    GatewayInvalidSession {
        #[serde(default)]
        resumable: bool,
    },
    GatewayZombie {},
}

fn unknown_error() -> u16 {
    4000
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let world = hub.world();
    let guild = target.guild(&world)?;
    let fault: Fault = fields_of(body)?;
    let bot = target.member_bot(&world, guild)?.id;
    let order = match fault {
        Fault::GatewayClose { code } if matches!(code, 1000 | 1001 | 1011 | 3000..=4999) => {
            Order::Close(code, "Closed by a fault.")
        }
        Fault::GatewayClose { .. } => {
            return Err(Refusal::bad("`code` is one a server can send: 1000, 1001, 1011, 3000 to 4999"));
        }
        Fault::GatewayReset {} => Order::Reset,
        Fault::GatewayReconnect {} => Order::Send(json!({ "t": null, "s": null, "op": 7, "d": null })),
        Fault::GatewayInvalidSession { resumable } => Order::Invalidate(resumable),
        Fault::GatewayZombie {} => {
            send(hub, guild, bot, Order::Freeze(true))?;
            let guild = guild.id;
            return Ok(Outcome::lasting(move |hub| thaw(hub, guild, bot)));
        }
    };
    send(hub, guild, bot, order).map(|()| Outcome::Once)
}

/// The zombie's socket lives again, unless another fault still holds it.
fn thaw(hub: &Arc<Hub>, guild: Id, bot: Id) {
    let world = hub.world();
    let Some(guild) = world.guild(guild).filter(|guild| !hub.state().has_fault(guild.id, "gateway_zombie")) else {
        return;
    };
    // Refused only when that socket's task is already ending.
    let _ = send(hub, guild, bot, Order::Freeze(false));
}

fn send(hub: &Hub, guild: &Guild, bot: Id, order: Order) -> Result<(), Refusal> {
    let busy = |_| Refusal::conflict("the gateway socket is just ending, or has too many orders waiting");
    socket(hub, guild, bot)?.orders.try_send(order).map_err(busy)
}

fn socket(hub: &Hub, guild: &Guild, bot: Id) -> Result<Socket, Refusal> {
    let state = hub.state();
    let socket = state.session_of(bot, guild).and_then(|(_, session)| session.socket()).cloned();
    socket.ok_or_else(|| Refusal::conflict(format!("the bot {bot} is not connected to the gateway")))
}

/// Gateway faults as they come by chance.
pub(super) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    match kind {
        "gateway_close" => Some(json!({ "code": dice.pick(&[1000, 1001, 4000, 4000, 4009]) })),
        "gateway_reset" | "gateway_reconnect" => Some(json!({})),
        "gateway_invalid_session" => Some(json!({ "resumable": dice.chance(50) })),
        "gateway_zombie" => Some(json!({ "for_ms": dice.between(1_000, 90_000) })),
        _ => None,
    }
}
