//! One guild's voice connection as operators see it: counters, and a span for each recovery.

use crate::metrics::{self, Ending};
use refrain_model::{ChannelId, GuildId, Moment};
use refrain_recovery::{
    Cause, CloseCode, DriverEvent, FailureKind, Generation, Idle, Incident, Output, Retrying, Snapshot, Stage, State,
    Verdict,
};
use std::time::Duration;
use tracing::{Span, field};

/// What is being counted.
pub(super) struct Meter {
    guild: GuildId,
    recovery: Option<Watched>,
    /// A probe that was not answered yet.
    probed: Option<(Generation, Moment)>,
    /// A turn was asked for, or is held.
    in_turn: bool,
    /// How long the last answered probe took.
    latency: Option<(Generation, Duration)>,
}

/// A recovery under way. Dropped, it counts no more.
struct Watched {
    since: Moment,
    /// What the connection ended with.
    code: Option<CloseCode>,
    span: Span,
    attempts: u32,
    /// Of an attempt that began nobody knows the end yet.
    trying: bool,
    /// Paused until then, and how long that is.
    pause: Option<(Moment, Duration)>,
    paused: Duration,
}

impl Meter {
    pub(super) const fn new(guild: GuildId) -> Self {
        Self { guild, recovery: None, probed: None, in_turn: false, latency: None }
    }

    /// How long the voice server took to answer the last probe of this connection.
    pub(super) fn latency(&self, generation: Generation) -> Option<Duration> {
        self.latency.filter(|(probed, _)| *probed == generation).map(|(_, latency)| latency)
    }

    /// The span of the recovery that is under way, or none.
    pub(super) fn span(&self) -> Span {
        self.recovery.as_ref().map_or_else(Span::none, |recovery| recovery.span.clone())
    }

    /// The driver's word about the newest connection, once the machine has heard it. `stood`: the connection had.
    pub(super) fn driver_said(&mut self, now: Moment, generation: Generation, event: DriverEvent, stood: bool) {
        match event {
            DriverEvent::Closed { code, .. } | DriverEvent::Failed { kind: FailureKind::Closed(code) } => {
                metrics::disconnected(code.map_or(Ending::NoCode, Ending::Code));
            }
            DriverEvent::Failed {
                kind: FailureKind::TimedOut | FailureKind::Io | FailureKind::Protocol | FailureKind::Discarded,
            } => {
                if stood {
                    metrics::disconnected(Ending::NoCode);
                }
            }
            DriverEvent::Unresponsive => metrics::disconnected(Ending::Silent),
            DriverEvent::Reachable => {
                if let Some((_, at)) = self.probed.take().filter(|(probed, _)| *probed == generation) {
                    metrics::probe_latency(now.since(at));
                    self.latency = Some((generation, now.since(at)));
                }
            }
            DriverEvent::Connected | DriverEvent::Resumed | DriverEvent::Alive => {}
        }
    }

    /// What the machine says, as it is carried out.
    pub(super) fn machine_said(&mut self, now: Moment, output: &Output, state: &State) {
        match output {
            Output::SendVoiceState { channel } => {
                metrics::op4_sent(channel.is_some());
                // An attempt may leave the channel first; a leave for good is none.
                self.attempt_begins(state);
            }
            Output::Connect { .. } | Output::Resume { .. } => self.attempt_begins(state),
            Output::Probe { generation } => self.probed = Some((*generation, now)),
            Output::Incident(incident) => self.decided(incident),
            Output::AskTurn { .. } => self.in_turn = true,
            Output::WithdrawTurn => {
                self.in_turn = false;
                self.turn_over(state);
            }
            Output::TearDown { .. }
            | Output::StartFrames { .. }
            | Output::StopFrames
            | Output::Persist { .. }
            | Output::Notify(_) => {}
        }
    }

    fn attempt_begins(&mut self, state: &State) {
        if let Some(recovery) = self.recovery.as_mut().filter(|recovery| !recovery.trying && outcome(state).is_ok()) {
            recovery.trying = true;
            recovery.attempts = recovery.attempts.saturating_add(1);
            metrics::attempt_begun();
        }
    }

    /// The attempt that the turn was for is over; where the recovery goes on, or the bot stays out, it had failed.
    fn turn_over(&mut self, state: &State) {
        if let Some(recovery) = self.recovery.as_mut().filter(|recovery| recovery.trying) {
            recovery.trying = false;
            if matches!(outcome(state), Ok(_) | Err(Outcome::Out(_))) {
                metrics::attempt_failed();
            }
        }
    }

    fn decided(&mut self, incident: &Incident) {
        let Some(recovery) = &mut self.recovery else {
            if incident.verdict == Verdict::Recovered {
                // The driver resumed by itself: nothing was gone.
                metrics::reconnected(None);
            }
            return;
        };
        // Within a turn one attempt may take several steps; it ends when the turn does.
        if recovery.trying && !self.in_turn && ends_attempt(incident.verdict) {
            recovery.trying = false;
            metrics::attempt_failed();
        }
    }

    /// Before the machine's outputs are carried out: a recovery may have begun.
    pub(super) fn begins(&mut self, state: &State, how: &Snapshot) {
        if let (None, Ok(since)) = (&self.recovery, outcome(state)) {
            // What an earlier connection ended with is not what this one did.
            let code = how.last_close.filter(|(at, _)| *at >= since).and_then(|(_, code)| code);
            self.recovery = Some(Watched::new(self.guild, since, how.intent, code));
        }
    }

    /// After they were carried out: it pauses, or it is over.
    pub(super) fn settles(&mut self, now: Moment, state: &State, how: &Snapshot) {
        match outcome(state) {
            Ok(_) => {
                if let Some(recovery) = &mut self.recovery {
                    recovery.pauses(now, state);
                }
            }
            Err(outcome) => {
                if let Some(recovery) = self.recovery.take() {
                    recovery.end(now, outcome, self.guild, how);
                }
            }
        }
    }
}

impl Watched {
    fn new(guild: GuildId, since: Moment, channel: Option<ChannelId>, close_code: Option<CloseCode>) -> Self {
        let span = tracing::info_span!(
            "recovery",
            guild_id = %guild,
            voice_channel_id = channel.map(ChannelId::get),
            close_code = close_code.map(|code| code.0),
            attempt = field::Empty,
            jitter_ms = field::Empty,
            duration_ms = field::Empty,
            outcome = field::Empty,
        );
        Self { since, code: close_code, span, attempts: 0, trying: false, pause: None, paused: Duration::ZERO }
    }

    /// Notes a backoff or cooldown that was entered, and once it is over how long it lasted.
    fn pauses(&mut self, now: Moment, state: &State) {
        let until = match state {
            State::Retrying(Retrying { stage: Stage::BackingOff { until } | Stage::CoolingDown { until }, .. }) => {
                Some(*until)
            }
            State::Idle(_) | State::Retrying(_) | State::Stable(_) => None,
        };
        if self.pause.map(|(until, _)| until) != until {
            self.pause = until.map(|until| (until, until.since(now)));
            if let Some((_, length)) = self.pause {
                self.paused = self.paused.saturating_add(length);
            }
        }
    }

    fn end(self, now: Moment, outcome: Outcome, guild: GuildId, how: &Snapshot) {
        let duration = now.since(self.since);
        match outcome {
            Outcome::Recovered => metrics::reconnected(Some(duration)),
            Outcome::Asked => {}
            Outcome::Out(_) => {
                if self.trying {
                    metrics::attempt_failed();
                }
            }
        }
        let (attempt, outcome) = (self.attempts, outcome.name());
        let (jitter_ms, duration_ms) = (millis(self.paused), millis(duration));
        self.span.record("attempt", attempt);
        self.span.record("jitter_ms", jitter_ms);
        self.span.record("duration_ms", duration_ms);
        self.span.record("outcome", outcome);
        // The same once more in the line itself, for those who read lines and no spans.
        self.span.in_scope(|| {
            tracing::info!(
                guild_id = %guild,
                voice_channel_id = how.intent.map(ChannelId::get),
                close_code = self.code.map(|code| code.0),
                attempt,
                latency_ms = latency_ms(how),
                state = how.state,
                jitter_ms,
                duration_ms,
                outcome,
                "the recovery is over"
            );
        });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        metrics::attempts_over(self.attempts);
    }
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The connection is back.
    Recovered,
    /// People asked for something else meanwhile.
    Asked,
    /// The bot stays out, for this reason.
    Out(&'static str),
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Asked => "asked for something else",
            Self::Out(why) => why,
        }
    }
}

/// Since when a recovery is under way in this state, or what it came to.
fn outcome(state: &State) -> Result<Moment, Outcome> {
    match state {
        State::Retrying(Retrying { cause: Cause::Recovery(outage), .. }) => Ok(outage.since),
        State::Retrying(Retrying { cause: Cause::Join | Cause::Switch { .. } | Cause::Leave, .. }) => {
            Err(Outcome::Asked)
        }
        State::Stable(_) => Err(Outcome::Recovered),
        State::Idle(idle) => Err(match idle {
            Idle::Fresh | Idle::Left => Outcome::Asked,
            Idle::Declined { .. } => Outcome::Out("stays out as configured"),
            Idle::Unanswered => Outcome::Out("unanswered"),
            Idle::Kicked { .. } => Outcome::Out("kicked"),
            Idle::Gone => Outcome::Out("channel or guild gone"),
            Idle::Fatal { .. } => Outcome::Out("fatal"),
        }),
    }
}

/// Whether an attempt that was under way has come to nothing by this.
const fn ends_attempt(verdict: Verdict) -> bool {
    match verdict {
        Verdict::NewSession
        | Verdict::Weigh
        | Verdict::Wait
        | Verdict::CoolDown
        | Verdict::StayOut
        | Verdict::Fatal => true,
        Verdict::Join | Verdict::Leave | Verdict::Recovered | Verdict::Resume | Verdict::Follow => false,
    }
}

/// The main gateway's round trip, once it is known.
pub(super) fn latency_ms(how: &Snapshot) -> Option<u64> {
    Some(millis(how.gateway_latency)).filter(|_| !how.gateway_latency.is_zero())
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "meter_tests.rs"]
mod tests;
