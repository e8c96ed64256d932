//! What a person may want to know of a machine.

use super::{Presence, Recovery};
use crate::{AutoRejoin, Cause, CloseCode, Generation, MissingAccess, Outage, Retrying, Stage, State, Timer};
use core::time::Duration;
use refrain_model::{ChannelId, Moment};

/// How a machine stands, for people and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `IDLE`, `RETRYING` or `STABLE`.
    pub state: &'static str,
    /// The channel that the bot is meant to be in.
    pub intent: Option<ChannelId>,
    /// Where Discord has the bot.
    pub presence: Presence,
    /// What the bot lacks in the channel that it is meant to be in, while it waits for it or is connected.
    pub missing: Option<MissingAccess>,
    /// The newest connection.
    pub generation: Generation,
    /// Attempts made in this round; 0 when there is nothing to recover from.
    pub attempt: u32,
    /// Attempts that a round has.
    pub attempts: u32,
    /// Cooldowns since the past was last forgotten.
    pub cooldowns: usize,
    /// The end of the cooldown that is being waited out.
    pub cooldown_until: Option<Moment>,
    /// The next wake-up and what for.
    pub next: Option<(Moment, Timer)>,
    /// Since when the connection stands.
    pub stable_since: Option<Moment>,
    /// Since when the music is interrupted.
    pub down_since: Option<Moment>,
    /// When a connection or an attempt ended last, and its close code, where there was one.
    pub last_close: Option<(Moment, Option<CloseCode>)>,
    /// The last sign of life of the voice connection.
    pub last_alive: Option<Moment>,
    /// The main gateway's round trip, as last reported.
    pub gateway_latency: Duration,
    /// When the bot comes back by itself.
    pub auto_rejoin: AutoRejoin,
}

impl Recovery {
    /// How things stand.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.state.name(),
            intent: self.intent,
            presence: self.presence,
            missing: self.access.filter(|(channel, _)| self.intent == Some(*channel)).map(|(_, missing)| missing),
            generation: self.generation,
            attempt: self.history.attempt(),
            attempts: self.policy.backoff.attempts,
            cooldowns: self.history.cooldowns(),
            cooldown_until: match self.state.stage() {
                Some(Stage::CoolingDown { until }) => Some(*until),
                Some(_) | None => None,
            },
            next: self.poll_timeout(),
            stable_since: match &self.state {
                State::Stable(stable) => Some(stable.since),
                State::Idle(_) | State::Retrying(_) => None,
            },
            down_since: match &self.state {
                State::Retrying(Retrying { cause: Cause::Recovery(Outage { since, .. }), .. }) => Some(*since),
                State::Idle(_) | State::Retrying(_) | State::Stable(_) => None,
            },
            last_close: self.last_close,
            last_alive: self.last_alive,
            gateway_latency: self.link.latency(),
            auto_rejoin: self.auto_rejoin,
        }
    }
}
