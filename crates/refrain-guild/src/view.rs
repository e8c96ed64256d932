//! The state of the voice connection, reduced once for the status, the metrics and the incidents.

use crate::{Doing, MissingPermission};
use core::time::Duration;
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{Cause, CloseCode, Generation, Idle, MissingAccess, Recovery, Retrying, Stage, State, Timer};

/// Where the voice connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceView {
    /// The machine's state: `IDLE`, `RETRYING` or `STABLE`.
    pub state: &'static str,
    /// What that means.
    pub doing: Doing,
    /// Since when the connection is being recovered. `None` where it stands, or a member asked for what is under way.
    pub recovering_since: Option<Moment>,
    /// The end of the pause that is being waited out: a backoff or a cooldown.
    pub pause_until: Option<Moment>,
    /// The channel that the bot is meant to be in.
    pub intent: Option<ChannelId>,
    /// Attempts made in this round.
    pub attempt: u32,
    /// What comes next by itself, and when.
    pub next: Option<(Moment, Timer)>,
    /// When a connection or an attempt ended last, and its close code, where there was one.
    pub last_close: Option<(Moment, Option<CloseCode>)>,
    /// The main gateway's round trip; zero while it is not known.
    pub gateway_latency: Duration,
    /// The newest connection.
    pub generation: Generation,
}

/// Why no frames flow although members want music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SilenceReason {
    /// A member paused the music.
    Paused,
    /// The guild's record is being read.
    Loading,
    /// The voice connection is being made or recovered.
    Voice,
    /// The bot is out of voice until a member asks.
    OutOfVoice,
    /// The source is being opened.
    Opening,
    /// The source failed, and the next attempt waits for its backoff.
    SourceBackoff,
    /// The source is open and brings no frames.
    Starved,
    /// Too many tracks in a row failed: a member has to ask.
    Halted,
    /// The bot is muted or suppressed.
    NotHeard,
}

impl VoiceView {
    pub(crate) fn of(recovery: &Recovery) -> Self {
        let snapshot = recovery.snapshot();
        let state = recovery.state();
        Self {
            state: state.name(),
            doing: doing(state),
            recovering_since: recovering_since(state),
            pause_until: pause_until(state),
            intent: recovery.intent(),
            attempt: snapshot.attempt,
            next: snapshot.next,
            last_close: snapshot.last_close,
            gateway_latency: snapshot.gateway_latency,
            generation: recovery.generation(),
        }
    }
}

const fn recovering_since(state: &State) -> Option<Moment> {
    match state {
        State::Retrying(Retrying { cause: Cause::Recovery(outage), .. }) => Some(outage.since),
        State::Retrying(_) | State::Idle(_) | State::Stable(_) => None,
    }
}

const fn pause_until(state: &State) -> Option<Moment> {
    match state {
        State::Retrying(Retrying { stage: Stage::BackingOff { until } | Stage::CoolingDown { until }, .. }) => {
            Some(*until)
        }
        State::Retrying(_) | State::Idle(_) | State::Stable(_) => None,
    }
}

const fn doing(state: &State) -> Doing {
    match state {
        State::Stable(_) => Doing::Connected,
        State::Idle(idle) => match idle {
            Idle::Fresh | Idle::Left => Doing::NotWanted,
            Idle::Unanswered => Doing::Unanswered,
            Idle::Kicked { .. } => Doing::Kicked,
            Idle::Declined { .. } => Doing::StaysOut,
            Idle::Gone => Doing::Gone,
            Idle::Fatal { code, .. } => Doing::Fatal { code: *code },
        },
        State::Retrying(Retrying { cause: Cause::Leave, .. }) => Doing::Leaving,
        State::Retrying(Retrying { stage, .. }) => match stage {
            Stage::AskingAgain { .. } | Stage::Leaving { .. } | Stage::Joining { .. } | Stage::Connecting { .. } => {
                Doing::Joining
            }
            Stage::Resuming { .. } => Doing::Resuming,
            Stage::Weighing { .. } => Doing::Weighing,
            Stage::BackingOff { .. } => Doing::BackingOff,
            Stage::CoolingDown { .. } => Doing::CoolingDown,
            Stage::AwaitingTurn { .. } => Doing::AwaitingTurn,
            Stage::AwaitingServer { .. } => Doing::AwaitingServer,
            Stage::AwaitingGuild { .. } => Doing::AwaitingGuild,
            Stage::AwaitingAccess { missing, .. } => Doing::AwaitingPermission { missing: permission(*missing) },
        },
    }
}

/// The permission behind what the machine misses; `None`: the channel itself.
const fn permission(missing: MissingAccess) -> Option<MissingPermission> {
    match missing {
        MissingAccess::View => Some(MissingPermission::ViewChannel),
        MissingAccess::Connect => Some(MissingPermission::Connect),
        MissingAccess::Speak => Some(MissingPermission::Speak),
        MissingAccess::Gone => None,
    }
}
