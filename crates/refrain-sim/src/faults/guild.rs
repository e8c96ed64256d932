//! What moderators, and Discord itself, do to a bot in a guild.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, fields_of, random::Dice};
use crate::{
    control::answer::Refusal,
    id::Id,
    state::Hub,
    world::{ChannelKind, Guild},
};

pub(super) const ROOM: Room = Room { kinds: &["kick", "move", "server_update", "op4_unanswered"], apply };

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    Kick {},
    Move {
        channel: Id,
    },
    ServerUpdate {
        /// False sends a null endpoint: the voice server has gone away.
        #[serde(default = "yes")]
        available: bool,
    },
    Op4Unanswered {},
}

fn yes() -> bool {
    true
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let world = hub.world();
    let guild = target.guild(&world)?;
    let fault: Fault = fields_of(body)?;
    match fault {
        Fault::Kick {} => hub.kick_bot(guild, target.voice_bot(hub, guild)?).map_err(Refusal::conflict)?,
        Fault::Move { channel } => {
            hub.move_bot(guild, target.voice_bot(hub, guild)?, channel).map_err(Refusal::bad)?;
        }
        Fault::ServerUpdate { available } => {
            let bot = target.voice_bot(hub, guild)?;
            hub.change_voice_server(guild, bot, available).map_err(Refusal::conflict)?;
        }
        // `State::has_fault` is asked at each op 4: nothing is to be undone.
        Fault::Op4Unanswered {} => return Ok(Outcome::lasting(|_| {})),
    }
    Ok(Outcome::Once)
}

/// What happens to a guild by chance.
pub(super) fn random(kind: &str, guild: &Guild, dice: &mut Dice) -> Option<Value> {
    match kind {
        "kick" => Some(json!({})),
        "move" => {
            let voice = guild.channels.iter().filter(|channel| channel.kind == ChannelKind::Voice);
            let voice: Vec<Id> = voice.map(|channel| channel.id).collect();
            dice.pick(&voice).filter(|_| voice.len() > 1).map(|channel| json!({ "channel": channel }))
        }
        "server_update" => Some(json!({ "available": dice.chance(80) })),
        "op4_unanswered" => Some(json!({ "for_ms": dice.between(1_000, 20_000) })),
        _ => None,
    }
}
