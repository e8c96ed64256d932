//! One guild as operators see it: counters, log lines, and a span for each recovery of the voice connection.

use super::log;
use crate::metrics::{self, Ending};
use refrain_guild::{Doing, GuildInput, GuildOutput, Observation, VoiceView};
use refrain_model::{ChannelId, GuildId, Moment};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation, Incident, Verdict};
use std::time::Duration;
use tracing::{Span, field};

/// What is being counted.
pub(super) struct Meter {
    guild: GuildId,
    /// Where the voice connection stood last; `None` before the guild has said.
    view: Option<VoiceView>,
    recovery: Option<Watched>,
    /// A probe that was not answered yet.
    probed: Option<(Generation, Moment)>,
    /// A turn was asked for, or is held.
    in_turn: bool,
    outage: Option<Outage>,
}

/// An outage of sources. Dropped, it counts no more.
struct Outage;

/// A recovery under way. Dropped, it counts no more.
struct Watched {
    since: Moment,
    /// What the connection ended with.
    code: Option<CloseCode>,
    span: Span,
    attempts: u32,
    /// The end of an attempt that began is not known yet.
    trying: bool,
    /// Paused until then, and how long that is.
    pause: Option<(Moment, Duration)>,
    paused: Duration,
}

impl Meter {
    pub(super) const fn new(guild: GuildId) -> Self {
        Self { guild, view: None, recovery: None, probed: None, in_turn: false, outage: None }
    }

    /// The span of the recovery that is under way, or none.
    pub(super) fn span(&self) -> Span {
        self.recovery.as_ref().map_or_else(Span::none, |recovery| recovery.span.clone())
    }

    /// Before the guild is told something.
    pub(super) fn told(&self, input: &GuildInput) {
        if let GuildInput::Gateway(GatewayEvent::Health { latency, .. }) = input {
            metrics::gateway_latency(*latency);
        }
        log::told(self.guild, self.view.as_ref(), input);
    }

    /// What the guild says, before it is carried out.
    pub(super) fn said(&mut self, now: Moment, output: &GuildOutput) {
        if let GuildOutput::Observe(Observation::Voice(view)) = output {
            self.begins(view);
            self.view = Some(view.clone());
        }
        let span = self.span();
        span.in_scope(|| log::said(self.guild, self.view.as_ref(), output));
        self.count(now, output);
    }

    fn count(&mut self, now: Moment, output: &GuildOutput) {
        match output {
            GuildOutput::SendVoiceState { channel } => {
                metrics::op4_sent(channel.is_some());
                // An attempt may leave the channel first; a leave for good is none.
                self.attempt_begins();
            }
            GuildOutput::Connect { .. } | GuildOutput::Resume { .. } => self.attempt_begins(),
            GuildOutput::Probe { generation } => self.probed = Some((*generation, now)),
            GuildOutput::AskTurn { .. } => self.in_turn = true,
            GuildOutput::WithdrawTurn => {
                self.in_turn = false;
                self.turn_over();
            }
            GuildOutput::Observe(observation) => self.observe(observation),
            GuildOutput::Load
            | GuildOutput::Save { .. }
            | GuildOutput::SavePlayhead(_)
            | GuildOutput::WatchPlayhead { .. }
            | GuildOutput::ForgetPlayhead
            | GuildOutput::Answer { .. }
            | GuildOutput::LookUp { .. }
            | GuildOutput::CancelLookUp { .. }
            | GuildOutput::OpenSource(_)
            | GuildOutput::CloseSource { .. }
            | GuildOutput::Rewind { .. }
            | GuildOutput::Attach { .. }
            | GuildOutput::SetFlowing(_)
            | GuildOutput::RequestToSpeak { .. }
            | GuildOutput::TearDown { .. }
            | GuildOutput::HoldAllTurns(_)
            | GuildOutput::Announce(_)
            | GuildOutput::SettleLeftover(_)
            | GuildOutput::ShowPanel(_)
            | GuildOutput::Finished => {}
        }
    }

    fn observe(&mut self, observation: &Observation) {
        match observation {
            Observation::Driver { at, generation, event, stood } => self.driver_said(*at, *generation, *event, *stood),
            Observation::Incident(incident) => self.decided(incident),
            Observation::SourceRetry { failure, .. } | Observation::TrackFailed { failure, .. } => {
                metrics::source_failed(failure.class);
            }
            Observation::SourceStalled { .. } => metrics::source_stalled(),
            Observation::OutageBegan => {
                self.outage.get_or_insert_with(Outage::begin);
            }
            Observation::OutageOver { .. } => self.outage = None,
            Observation::Voice(_)
            | Observation::LoadFailed { .. }
            | Observation::ComingBack { .. }
            | Observation::StayingAway { .. }
            | Observation::BackAfterRestart { .. }
            | Observation::Leaving { .. }
            | Observation::SourceBack { .. }
            | Observation::SourceEndedEarly { .. }
            | Observation::TrackDeferred { .. }
            | Observation::Halted { .. }
            | Observation::LookUpFailed { .. }
            | Observation::NotHeard(_) => {}
        }
    }

    /// The driver's word about a connection, once the machine has taken it into account. `stood`: the connection had.
    fn driver_said(&mut self, now: Moment, generation: Generation, event: DriverEvent, stood: bool) {
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
                }
            }
            DriverEvent::Connected | DriverEvent::Resumed | DriverEvent::Alive => {}
        }
    }

    fn attempt_begins(&mut self) {
        let under_way = self.view.as_ref().is_some_and(|view| outcome(view).is_ok());
        if let Some(recovery) = self.recovery.as_mut().filter(|recovery| !recovery.trying && under_way) {
            recovery.trying = true;
            recovery.attempts = recovery.attempts.saturating_add(1);
            metrics::attempt_begun();
        }
    }

    /// The attempt that the turn was for is over; where the recovery goes on, or the bot stays out, it had failed.
    fn turn_over(&mut self) {
        let goes_on = self.view.as_ref().is_some_and(|view| matches!(outcome(view), Ok(_) | Err(Outcome::Out(_))));
        if let Some(recovery) = self.recovery.as_mut().filter(|recovery| recovery.trying) {
            recovery.trying = false;
            if goes_on {
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

    /// Before the outputs of a step are carried out: a recovery may have begun.
    fn begins(&mut self, view: &VoiceView) {
        if let (None, Ok(since)) = (&self.recovery, outcome(view)) {
            // What an earlier connection ended with is not what this one did.
            let code = view.last_close.filter(|(at, _)| *at >= since).and_then(|(_, code)| code);
            self.recovery = Some(Watched::new(self.guild, since, view.intent, code));
        }
    }

    /// After they were carried out: it pauses, or it is over.
    pub(super) fn settles(&mut self, now: Moment) {
        let Some(view) = &self.view else { return };
        match outcome(view) {
            Ok(_) => {
                if let Some(recovery) = &mut self.recovery {
                    recovery.pauses(now, view.pause_until);
                }
            }
            Err(outcome) => {
                if let Some(recovery) = self.recovery.take() {
                    recovery.end(now, outcome, self.guild, view);
                }
            }
        }
    }
}

impl Outage {
    fn begin() -> Self {
        metrics::outage_began();
        Self
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        metrics::outage_over();
    }
}

impl Watched {
    fn new(guild: GuildId, since: Moment, channel: Option<ChannelId>, close_code: Option<CloseCode>) -> Self {
        let span = tracing::info_span!(
            "recovery",
            guild_id = %guild,
            voice_channel_id = channel.map(field::display),
            close_code = close_code.map(|code| code.0),
            attempt = field::Empty,
            jitter_ms = field::Empty,
            duration_ms = field::Empty,
            outcome = field::Empty,
        );
        Self { since, code: close_code, span, attempts: 0, trying: false, pause: None, paused: Duration::ZERO }
    }

    /// Notes a backoff or cooldown that was entered, and once it is over how long it lasted.
    fn pauses(&mut self, now: Moment, until: Option<Moment>) {
        if self.pause.map(|(until, _)| until) != until {
            self.pause = until.map(|until| (until, until.since(now)));
            if let Some((_, length)) = self.pause {
                self.paused = self.paused.saturating_add(length);
            }
        }
    }

    fn end(self, now: Moment, outcome: Outcome, guild: GuildId, view: &VoiceView) {
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
        let (attempt, outcome, latency_ms) = (self.attempts, outcome.name(), log::latency_ms(view));
        let (jitter_ms, duration_ms) = (log::millis(self.paused), log::millis(duration));
        self.span.record("attempt", attempt);
        self.span.record("jitter_ms", jitter_ms);
        self.span.record("duration_ms", duration_ms);
        self.span.record("outcome", outcome);
        // The same once more in the line itself, for those who read lines and no spans.
        self.span.in_scope(|| {
            tracing::info!(
                guild_id = %guild,
                voice_channel_id = view.intent.map(field::display),
                close_code = self.code.map(|code| code.0),
                attempt,
                latency_ms,
                state = view.state,
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
    /// A member asked for something else meanwhile.
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

/// Since when a recovery is under way, or what it came to.
fn outcome(view: &VoiceView) -> Result<Moment, Outcome> {
    if let Some(since) = view.recovering_since {
        return Ok(since);
    }
    Err(match view.doing {
        Doing::Connected => Outcome::Recovered,
        Doing::StaysOut => Outcome::Out("stays out as configured"),
        Doing::Unanswered => Outcome::Out("unanswered"),
        Doing::Kicked => Outcome::Out("kicked"),
        Doing::Gone => Outcome::Out("channel or guild gone"),
        Doing::Fatal { .. } => Outcome::Out("fatal"),
        Doing::NotWanted
        | Doing::Leaving
        | Doing::Joining
        | Doing::Resuming
        | Doing::Weighing
        | Doing::BackingOff
        | Doing::CoolingDown
        | Doing::AwaitingTurn
        | Doing::AwaitingServer
        | Doing::AwaitingGuild
        | Doing::AwaitingPermission { .. } => Outcome::Asked,
    })
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

#[cfg(test)]
#[path = "meter_tests.rs"]
mod tests;
