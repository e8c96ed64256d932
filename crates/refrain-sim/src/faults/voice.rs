//! What goes wrong with voice sockets, voice servers and the way to the media port.

mod body;
mod random;

use std::sync::Arc;

use serde_json::Value;

use super::{MAX_WAIT_MS, Outcome, Room, Target, fields_of};
use crate::{
    control::answer::Refusal,
    id::Id,
    state::Hub,
    voice::{Blow, Dark, Ending, Stage, Trouble, Whom},
    world::Guild,
};
pub(super) use random::random;

use body::{CrashHow, Fault, Moment, Part, Sessions};

pub(super) const ROOM: Room = Room { kinds: body::KINDS, apply };

/// To how many connections an armed fault may happen.
const MAX_COUNT: u32 = 10_000;

fn apply(hub: &Arc<Hub>, target: &Target, body: Value) -> Result<Outcome, Refusal> {
    let fault: Fault = fields_of(body)?;
    match fault {
        Fault::Close { code, reason, stage, count } => {
            let code = close_code(code)?;
            strike(hub, target, stage, count, Ending::Close { code, reason })
        }
        Fault::Reset { stage, count } => strike(hub, target, stage, count, Ending::Reset),
        Fault::TlsClose { stage, count } => strike(hub, target, stage, count, Ending::TlsClose),
        Fault::HalfOpen { stage, count } => strike(hub, target, stage, count, Ending::HalfOpen),
        Fault::Blackhole { parts, new_connections, stage } => {
            let socket = parts.contains(&Part::VoiceSocket);
            let udp = parts.contains(&Part::Udp);
            if !socket && !udp {
                return Err(Refusal::bad("`parts` names `voice_socket`, `udp` or both"));
            }
            let dark = Dark { socket, udp, connections: socket && new_connections };
            let trouble = match stage.stage() {
                None => Trouble::Dark(dark),
                Some(stage) => Trouble::Armed { stage, blow: Blow::Dark(dark), times: 1 },
            };
            lasting(hub, target, trouble)
        }
        Fault::HeartbeatAck { delay_ms: Some(delay_ms) } if delay_ms > MAX_WAIT_MS => {
            Err(Refusal::bad(format!("`delay_ms` may be {MAX_WAIT_MS} at most; null withholds acknowledgements")))
        }
        Fault::HeartbeatAck { delay_ms } => lasting(hub, target, Trouble::Heartbeats { delay_ms }),
        Fault::Udp(figures) => lasting(hub, target, Trouble::Udp(figures.checked()?)),
        Fault::RefuseResume { code } => {
            close_code(Some(code))?;
            target.guild(&hub.world())?;
            lasting(hub, target, Trouble::RefuseResume { code })
        }
        Fault::VoiceCrash { server, how, code, sessions, refuse } => {
            let server = crashed(hub, target, server.as_deref())?;
            let ending = match how {
                CrashHow::Close => {
                    Ending::Close { code: close_code(code)?, reason: String::from("Voice server crashed.") }
                }
                CrashHow::Reset => Ending::Reset,
                CrashHow::TlsClose => Ending::TlsClose,
            };
            // First the door: who was thrown out may be back at once.
            let down = refuse.then(|| hub.voice.trouble(Whom::default(), Trouble::Down { server }));
            hub.voice.crash(server, &ending, sessions == Sessions::Lost);
            Ok(down.map_or(Outcome::Once, |(id, over)| lifted_later(id, over)))
        }
        Fault::Region { to, code } => move_region(hub, target, to.as_deref(), close_code(code)?),
    }
}

/// Now, or when the next connections reach that moment.
fn strike(hub: &Arc<Hub>, target: &Target, at: Moment, count: u32, ending: Ending) -> Result<Outcome, Refusal> {
    if !(1..=MAX_COUNT).contains(&count) {
        return Err(Refusal::bad(format!("`count` is 1 to {MAX_COUNT}")));
    }
    if let Some(stage) = at.stage() {
        return lasting(hub, target, Trouble::Armed { stage, blow: Blow::End(ending), times: count });
    }
    if count != 1 {
        return Err(Refusal::bad("`count` is for a `stage` that is waited for: in the steady state it happens once"));
    }
    let world = hub.world();
    let guild = target.guild(&world)?;
    let bot = target.voice_bot(hub, guild)?;
    if hub.voice.end(guild.id.0, bot.0, ending) {
        Ok(Outcome::Once)
    } else {
        Err(Refusal::conflict("the bot has no open voice socket in this guild"))
    }
}

fn lasting(hub: &Arc<Hub>, target: &Target, trouble: Trouble) -> Result<Outcome, Refusal> {
    if target.guild.is_some() {
        target.guild(&hub.world())?;
    }
    let whom = Whom { guild: target.guild.map(|id| id.0), user: target.bot.map(|id| id.0) };
    let (id, over) = hub.voice.trouble(whom, trouble);
    Ok(lifted_later(id, over))
}

fn lifted_later(id: u64, over: tokio::sync::oneshot::Receiver<()>) -> Outcome {
    Outcome::lasting_until(over, move |hub| {
        // False when it is used up: nothing is left to be lifted.
        hub.voice.lift(id);
    })
}

/// Which server crashes: the one named, the guild's, or (`None`) all.
fn crashed(hub: &Hub, target: &Target, named: Option<&str>) -> Result<Option<usize>, Refusal> {
    match (named, target.guild) {
        (Some(name), _) => server_named(hub, name).map(Some),
        (None, Some(_)) => Ok(Some(hub.voice.server_of(target.guild(&hub.world())?.id.0))),
        (None, None) => Ok(None),
    }
}

fn server_named(hub: &Hub, name: &str) -> Result<usize, Refusal> {
    let regions = hub.voice.regions();
    regions
        .iter()
        .position(|region| *region == name)
        .ok_or_else(|| Refusal::bad(format!("there is no voice server in {name:?}; there are: {}", regions.join(", "))))
}

/// The guild's calls go on at another server: new credentials for each bot, and the old sockets are closed.
fn move_region(hub: &Arc<Hub>, target: &Target, to: Option<&str>, code: Option<u16>) -> Result<Outcome, Refusal> {
    let world = hub.world();
    let guild = target.guild(&world)?;
    let (count, from) = (hub.voice.regions().len(), hub.voice.server_of(guild.id.0));
    let to = match to {
        Some(name) => server_named(hub, name)?,
        None => (from + 1) % count,
    };
    if to == from {
        return Err(Refusal::conflict(
            "the guild's voice server is there already: name another, or set `voice.servers`",
        ));
    }
    hub.voice.move_guild(guild.id.0, to);
    for bot in bots_in_voice(hub, guild) {
        hub.change_voice_server(guild, bot, true).map_err(Refusal::conflict)?;
        if let Some(code) = code {
            hub.voice.close(guild.id.0, bot.0, Some(code), "Voice server changed.");
        }
    }
    Ok(Outcome::Once)
}

fn bots_in_voice(hub: &Hub, guild: &Guild) -> Vec<Id> {
    let (state, world) = (hub.state(), hub.world());
    let here = state.voice_states.range((guild.id, Id(0))..=(guild.id, Id(u64::MAX)));
    here.map(|((_, user), _)| *user).filter(|user| world.bot(*user).is_some()).collect()
}

fn close_code(code: Option<u16>) -> Result<Option<u16>, Refusal> {
    match code {
        Some(code) if !(1000..=4999).contains(&code) => {
            Err(Refusal::bad("`code` is a WebSocket close code, 1000 to 4999, or null for none"))
        }
        code => Ok(code),
    }
}

impl Moment {
    /// The moment to wait for; `None` is now.
    fn stage(self) -> Option<Stage> {
        match self {
            Self::Steady => None,
            Self::BeforeHello => Some(Stage::BeforeHello),
            Self::AfterHello => Some(Stage::AfterHello),
            Self::AfterIdentify => Some(Stage::AfterIdentify),
            Self::BeforeSessionDescription => Some(Stage::BeforeSessionDescription),
            Self::AfterSessionDescription => Some(Stage::AfterSessionDescription),
            Self::OnResume => Some(Stage::OnResume),
            Self::AfterResumed => Some(Stage::AfterResumed),
        }
    }
}
