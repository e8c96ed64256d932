//! `/voice-status`: what the machine and the book know, as one value.

use super::Actor;
use crate::{Doing, TimelinePage, VoiceStatus, Waiting};
use refrain_recovery::{Cause, Idle, Retrying, Stage, State, Timer};

/// Lines of the timeline on a page.
const PAGE_SIZE: usize = 10;

impl Actor {
    pub(super) fn voice_status(&self, page: usize) -> VoiceStatus {
        let now = self.wall_clock();
        let snapshot = self.recovery.snapshot();
        let seconds = |moment| now.unix_ms_of(moment) / 1000;
        VoiceStatus {
            state: snapshot.state,
            doing: doing(self.recovery.state()),
            intent: snapshot.intent,
            presence: snapshot.presence,
            since_unix: snapshot.stable_since.or(snapshot.down_since).map(seconds),
            last_alive_unix: snapshot.last_alive.map(seconds),
            gateway_latency: Some(snapshot.gateway_latency).filter(|latency| !latency.is_zero()),
            voice_latency: self.meter.latency(snapshot.generation),
            attempt: snapshot.attempt,
            attempts: snapshot.attempts,
            cooldown_until_unix: snapshot.cooldown_until.map(|until| now.unix_of(until)),
            next: snapshot.next.map(|(at, timer)| (now.unix_of(at), waiting(timer))),
            last_close: snapshot.last_close.map(|(at, code)| (seconds(at), code)),
            settings: self.settings(),
            timeline: self.timeline(page),
        }
    }

    fn timeline(&self, page: usize) -> TimelinePage {
        let pages = self.book.timeline().count().div_ceil(PAGE_SIZE).max(1);
        let number = page.clamp(1, pages);
        let lines = self.book.timeline().skip((number - 1) * PAGE_SIZE).take(PAGE_SIZE).cloned().collect();
        TimelinePage { lines, number, pages }
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
            Stage::BackingOff { .. } | Stage::AwaitingAccess { .. } => Doing::BackingOff,
            Stage::CoolingDown { .. } => Doing::CoolingDown,
            Stage::AwaitingTurn { .. } => Doing::AwaitingTurn,
            Stage::AwaitingServer { .. } => Doing::AwaitingServer,
            Stage::AwaitingGuild { .. } => Doing::AwaitingGuild,
        },
    }
}

const fn waiting(timer: Timer) -> Waiting {
    match timer {
        Timer::Backoff => Waiting::Attempt,
        Timer::Cooldown => Waiting::Round,
        Timer::Health => Waiting::HealthCheck,
        Timer::Stability => Waiting::Forgetting,
        Timer::Join
        | Timer::Reconnect
        | Timer::Leave
        | Timer::Resume
        | Timer::ResumeAgain
        | Timer::Evidence
        | Timer::Hedge
        | Timer::Access
        | Timer::Server
        | Timer::Guild
        | Timer::Turn => Waiting::Answer,
    }
}
