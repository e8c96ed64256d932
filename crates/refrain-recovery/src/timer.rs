//! The timers: each state waits for one at most, and each has a name.

use crate::{Cause, Retrying, Stage, State};
use refrain_model::Moment;

/// Why a wake-up is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A join that somebody asked for takes too long.
    Join,
    /// An attempt of a recovery takes too long.
    Reconnect,
    /// Op 4 for the channel that Discord has the bot in has brought nothing.
    Hedge,
    /// The leave was not confirmed.
    Leave,
    /// The resume takes too long.
    Resume,
    /// The next try to resume.
    ResumeAgain,
    /// The main gateway has not explained a close.
    Evidence,
    /// The turn that was asked for has not come.
    Turn,
    /// The next attempt.
    Backoff,
    /// The next round of attempts.
    Cooldown,
    /// No voice server has been named.
    Server,
    /// The shard or the guild has not come back.
    Guild,
    /// What the bot lacks to join its channel has not come back.
    Access,
    /// What is wanted, what the gateway says and what the driver holds are compared.
    Health,
    /// The connection has stood long enough to forget the past.
    Stability,
}

impl State {
    /// The next wake-up and what for.
    pub(crate) fn timer(&self) -> Option<(Moment, Timer)> {
        match self {
            Self::Idle(_) => None,
            Self::Retrying(retrying) => Some(retrying.timer()),
            Self::Stable(stable) => stable.forget_at.map(|at| (at, Timer::Stability)),
        }
    }
}

impl Retrying {
    fn timer(&self) -> (Moment, Timer) {
        match &self.stage {
            Stage::Leaving { until } => (*until, Timer::Leave),
            Stage::AskingAgain { until, .. } => (*until, Timer::Hedge),
            Stage::Joining { until, .. } | Stage::Connecting { until, .. } => (*until, self.cause.join_timer()),
            Stage::Resuming { again_at: Some(at), until, .. } if at < until => (*at, Timer::ResumeAgain),
            Stage::Resuming { until, .. } => (*until, Timer::Resume),
            Stage::Weighing { until, .. } => (*until, Timer::Evidence),
            Stage::AwaitingTurn { until } => (*until, Timer::Turn),
            Stage::BackingOff { until } => (*until, Timer::Backoff),
            Stage::CoolingDown { until } => (*until, Timer::Cooldown),
            Stage::AwaitingServer { until, .. } => (*until, Timer::Server),
            Stage::AwaitingAccess { until, .. } => (*until, Timer::Access),
            Stage::AwaitingGuild { until, .. } => (*until, Timer::Guild),
        }
    }
}

impl Cause {
    const fn join_timer(self) -> Timer {
        match self {
            Self::Join | Self::Switch { .. } => Timer::Join,
            Self::Recovery(_) | Self::Leave => Timer::Reconnect,
        }
    }
}
