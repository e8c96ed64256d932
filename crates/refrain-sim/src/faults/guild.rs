//! What moderators, and Discord itself, do to a bot that is in voice.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, fields_of, random::Dice, wait};
use crate::{
    control::answer::Refusal,
    id::Id,
    state::{Hub, voice_server::Halves},
    world::Guild,
};

pub(super) const ROOM: Room = Room { kinds: &["kick", "move", "server_update"], apply };

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    Kick {
        /// Whether the voice socket is closed as for somebody who was alone (4022) or in company (4014); without it, as
        /// it is.
        #[serde(default)]
        alone: Option<bool>,
    },
    Move {
        channel: Id,
        /// The server update comes before the state update.
        #[serde(default)]
        server_first: bool,
        #[serde(default)]
        delay_ms: u64,
        #[serde(default)]
        doubled: bool,
        #[serde(default)]
        stale: bool,
        #[serde(default = "yes")]
        available: bool,
    },
    ServerUpdate {
        /// False sends a null endpoint: the voice server has gone away.
        #[serde(default = "yes")]
        available: bool,
        /// How much later it comes.
        #[serde(default)]
        delay_ms: u64,
        /// Twice the same.
        #[serde(default)]
        doubled: bool,
        /// With the credentials of before, which are spent.
        #[serde(default)]
        stale: bool,
        /// Whether the bot's voice state is sent again as well, and when.
        #[serde(default)]
        state: StateToo,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateToo {
    #[default]
    None,
    Before,
    After,
}

fn yes() -> bool {
    true
}

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let world = hub.world();
    let guild = target.guild(&world)?;
    let fault: Fault = fields_of(body)?;
    let bot = || target.voice_bot(hub, guild);
    match fault {
        Fault::Kick { alone } => hub.kick_bot(guild, bot()?, alone).map_err(Refusal::conflict)?,
        Fault::Move { channel, server_first, delay_ms, doubled, stale, available } => {
            if server_first && delay_ms > 0 {
                return Err(Refusal::bad("`server_first` and `delay_ms` cannot both be: it comes first, or later"));
            }
            let delay = wait(delay_ms)?;
            let halves = Halves { server_first, delay, doubled, stale, no_endpoint: !available, missing: false };
            hub.move_bot(guild, bot()?, channel, halves).map_err(Refusal::bad)?;
        }
        Fault::ServerUpdate { available, delay_ms, doubled, stale, state: too } => {
            let (bot, delay) = (bot()?, wait(delay_ms)?);
            let halves = Halves { delay, doubled, stale, no_endpoint: !available, ..Halves::default() };
            let mut state = hub.state();
            if too == StateToo::Before {
                hub.repeat_voice_state(&mut state, guild, bot);
            }
            hub.update_voice_server(&mut state, guild.id, bot, halves).map_err(Refusal::conflict)?;
            if too == StateToo::After {
                hub.repeat_voice_state(&mut state, guild, bot);
            }
        }
    }
    Ok(Outcome::Once)
}

/// What happens to a guild by chance.
pub(super) fn random(kind: &str, guild: &Guild, dice: &mut Dice) -> Option<Value> {
    match kind {
        "kick" => Some(json!({})),
        "move" => {
            let voice = guild.channels.iter().filter(|channel| channel.kind.is_voice());
            let voice: Vec<Id> = voice.map(|channel| channel.id).collect();
            dice.pick(&voice).filter(|_| voice.len() > 1).map(|channel| json!({ "channel": channel }))
        }
        "server_update" => Some(json!({
            "available": dice.chance(80), "doubled": dice.chance(20),
            "delay_ms": if dice.chance(30) { dice.between(1, 5_000) } else { 0 },
        })),
        _ => None,
    }
}
