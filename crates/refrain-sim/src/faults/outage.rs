//! What happens to all of Discord at once.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Room, Target, fields_of, random::Dice};
use crate::{
    control::answer::Refusal,
    state::{
        Hub,
        effects::{Effect, Scope},
    },
    voice::{Dark, Trouble, Whom},
    world::Guild,
};

pub(super) const ROOM: Room = Room { kinds: &["freeze", "blackhole_all"], apply };

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    /// REST, gateway and voice stand still; what was sent meanwhile is answered afterwards.
    Freeze {},
    /// The main gateway, the voice socket and UDP are lost on the way; REST goes on.
    BlackholeAll {},
}

const ALL_DARK: Dark = Dark { socket: true, udp: true, connections: true };

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let fault: Fault = fields_of(body)?;
    let (scope, whom, effect) = match fault {
        // It concerns everybody, whoever is named.
        Fault::Freeze {} => (Scope::default(), Whom::default(), Effect::Freeze),
        Fault::BlackholeAll {} => {
            let world = hub.world();
            if target.guild.is_some() {
                target.guild(&world)?;
            }
            // The main gateway's socket is not one guild's: it goes dark for the bot.
            let whom = Whom { guild: target.guild.map(|id| id.0), user: target.bot.map(|id| id.0) };
            (Scope { guild: None, bot: target.bot }, whom, Effect::Blackhole)
        }
    };
    let (voice, _) = hub.voice.trouble(whom, Trouble::Dark(ALL_DARK));
    let gateway = hub.effects.add(scope, effect);
    Ok(Outcome::lasting(move |hub| {
        hub.effects.remove(gateway);
        hub.voice.lift(voice);
    }))
}

/// Outages by chance.
pub(super) fn random(kind: &str, _guild: &Guild, dice: &mut Dice) -> Option<Value> {
    match kind {
        "freeze" => Some(json!({ "for_ms": dice.between(500, 20_000) })),
        "blackhole_all" => Some(json!({ "for_ms": dice.between(1_000, 60_000) })),
        _ => None,
    }
}
