//! How joins go wrong for as long as these are in force: op 4 and the two halves that answer it. They concern the guild
//! and the bot that are named, or all.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, effect, fields_of, random::Dice, wait};
use crate::{
    control::answer::Refusal,
    state::{
        Hub,
        effects::{Effect, Scope},
    },
    world::{Guild, SameChannel},
};

pub(super) const ROOM: Room = Room {
    kinds: &[
        "op4_unanswered",
        "op4_late",
        "same_channel_op4",
        "server_update_first",
        "server_update_late",
        "server_update_doubled",
        "server_update_missing",
    ],
    apply,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    Op4Unanswered {},
    Op4Late {
        ms: u64,
    },
    SameChannelOp4 {
        /// What it brings.
        answer: SameChannel,
    },
    ServerUpdateFirst {},
    ServerUpdateLate {
        ms: u64,
    },
    ServerUpdateDoubled {},
    ServerUpdateMissing {},
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let fault: Fault = fields_of(body)?;
    let world = hub.world();
    if target.guild.is_some() {
        target.guild(&world)?;
    }
    let found = match fault {
        Fault::Op4Unanswered {} => Effect::Op4Unanswered,
        Fault::Op4Late { ms } => Effect::Op4Late(wait(ms)?),
        Fault::SameChannelOp4 { answer } => Effect::SameChannel(answer),
        Fault::ServerUpdateFirst {} => Effect::ServerFirst,
        Fault::ServerUpdateLate { ms } => Effect::ServerLate(wait(ms)?),
        Fault::ServerUpdateDoubled {} => Effect::ServerDoubled,
        Fault::ServerUpdateMissing {} => Effect::ServerMissing,
    };
    Ok(effect(hub, Scope { guild: target.guild, bot: target.bot }, found))
}

/// Joins go wrong by chance.
pub(super) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    let for_ms = dice.between(1_000, 20_000);
    match kind {
        "op4_unanswered" | "server_update_first" | "server_update_doubled" | "server_update_missing" => {
            Some(json!({ "for_ms": for_ms }))
        }
        "op4_late" | "server_update_late" => Some(json!({ "ms": dice.between(50, 8_000), "for_ms": for_ms })),
        "same_channel_op4" => {
            let answer = if dice.chance(50) { "answered" } else { "unanswered" };
            Some(json!({ "answer": answer, "for_ms": for_ms }))
        }
        _ => None,
    }
}
