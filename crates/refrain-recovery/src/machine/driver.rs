//! What the driver reports: about the connection of the current generation, and about the one that still carries the
//! frames while that is being made.

use super::Recovery;
use crate::{
    Cause, CloseCode, DriverEvent, FailureKind, Handled, Output, Reaction, Retrying, Stable, Stage, State, Verdict,
    VoiceSession, close_code::LOST_SOCKET_TRIES, history::resume_pause, ledger::Hold,
};
use alloc::{borrow::Cow, format};
use core::time::Duration;
use refrain_model::Moment;

impl Recovery {
    /// What the newest connection reports, or the attempt at one.
    pub(super) fn on_driver(&mut self, now: Moment, event: DriverEvent) -> Handled {
        match &self.state {
            State::Idle(_) => return Handled::Ignored,
            State::Stable(stable) => match event {
                DriverEvent::Connected => return Handled::Ignored,
                DriverEvent::Alive | DriverEvent::Reachable => {}
                DriverEvent::Resumed => {
                    self.record(
                        now,
                        None,
                        Verdict::Recovered,
                        "the driver resumed the session by itself; no sound was lost",
                    );
                    self.resumed(now);
                }
                DriverEvent::Closed { code, resumable } => self.on_ended(now, code, resumable),
                DriverEvent::Failed { kind } => self.on_ended(now, kind.code(), false),
                DriverEvent::Unresponsive => {
                    let stable = stable.clone();
                    self.begin_resume(
                        now,
                        None,
                        LOST_SOCKET_TRIES,
                        stable,
                        "the voice server has fallen silent".into(),
                    );
                }
            },
            State::Retrying(Retrying { cause, stage }) => match stage {
                Stage::Connecting { session, unpaired, .. } => match event {
                    DriverEvent::Connected | DriverEvent::Resumed => {
                        let (cause, session, unpaired) = (*cause, session.clone(), *unpaired);
                        self.connected(now, cause, session, unpaired);
                    }
                    DriverEvent::Closed { code, .. } => self.on_ended(now, code, false),
                    DriverEvent::Failed { kind } => self.on_ended(now, kind.code(), false),
                    DriverEvent::Unresponsive => self.on_ended(now, None, false),
                    DriverEvent::Alive | DriverEvent::Reachable => {}
                },
                Stage::Resuming { stable, .. } => match event {
                    DriverEvent::Connected | DriverEvent::Resumed => {
                        self.state = State::Stable(stable.clone());
                        self.record(now, None, Verdict::Recovered, "the session was resumed; no sound was lost");
                        self.resumed(now);
                    }
                    DriverEvent::Closed { code, resumable } => self.on_resume_failed(now, code, resumable),
                    DriverEvent::Failed { kind } => self.on_resume_failed(now, kind.code(), true),
                    DriverEvent::Unresponsive => self.on_resume_failed(now, None, true),
                    DriverEvent::Alive | DriverEvent::Reachable => {}
                },
                // Somebody asked for another channel, and the connection to the one before goes on until then; otherwise
                // there is none.
                Stage::AwaitingTurn { .. }
                | Stage::Leaving { .. }
                | Stage::AskingAgain { .. }
                | Stage::Joining { .. }
                | Stage::Weighing { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingServer { .. }
                | Stage::AwaitingGuild { .. } => {
                    if is_end(event) {
                        self.drop_connection(Hold::Lost);
                    } else if is_handshake(event) {
                        return Handled::Ignored;
                    }
                }
            },
        }
        Handled::Taken
    }

    /// The session goes on after a break: the connection is watched, and the minutes of stability count from now on.
    fn resumed(&mut self, now: Moment) {
        self.watch_closely(now);
        if let State::Stable(Stable { forget_at: Some(at), .. }) = &mut self.state {
            *at = now + self.policy.stability_reset;
        }
    }

    /// What the connection reports that carries the frames while another is being made. Its end is no news, and says
    /// nothing about the other; but what was sent since its last proof of life was not heard.
    pub(super) fn on_fading(&mut self, now: Moment, event: DriverEvent) -> Handled {
        if is_end(event) {
            self.hold(Hold::Lost);
            self.drop_fading();
        } else {
            self.last_alive = Some(now);
        }
        Handled::taken_if(!is_handshake(event))
    }

    /// The connection, or the attempt at one, is over: what its code asks for.
    fn on_ended(&mut self, now: Moment, code: Option<CloseCode>, resumable: bool) {
        if let Some(code) = code
            && self.history.exhausted_by(code)
        {
            let reason = format!("{} ({code}), again after all that this code allows", code.meaning());
            return self.fatal(now, Some(code), reason);
        }
        match code.map_or(Reaction::LOST_SOCKET, CloseCode::reaction) {
            Reaction::Resume { tries } => match &self.state {
                State::Stable(stable) if resumable => {
                    let stable = stable.clone();
                    self.begin_resume(now, code, tries, stable, self.why(code));
                }
                // It may be a kick, whose voice state is a moment behind.
                State::Stable(_) if code == Some(CloseCode::NORMAL) => self.weigh(now, code, self.answer_time()),
                State::Stable(_) | State::Idle(_) | State::Retrying(_) => self.new_session(now, code, self.why(code)),
            },
            Reaction::NewSession { .. } => self.new_session(now, code, self.why(code)),
            Reaction::Weigh => self.weigh(now, code, self.policy.timeouts.evidence),
            Reaction::CoolDown => {
                let outage = self.outage(now);
                self.drop_connection(Hold::Lost);
                let pause = self.history.rate_limited(&self.policy);
                self.cool_down(now, outage, pause, code, "Discord limits the rate of voice connections");
            }
            Reaction::Fatal => self.fatal(now, code, self.why(code)),
        }
    }

    fn why(&self, code: Option<CloseCode>) -> Cow<'static, str> {
        match code {
            Some(code) if self.history.is_puzzling() => {
                format!("{code}, the third unlisted close code in a row: please report it").into()
            }
            Some(code) => format!("{} ({code})", code.meaning()).into(),
            None if self.is_connecting() => "the attempt to connect failed without a close code".into(),
            None => "the voice connection was lost without a close code".into(),
        }
    }

    const fn is_connecting(&self) -> bool {
        matches!(&self.state, State::Retrying(Retrying { stage: Stage::Connecting { .. }, .. }))
    }

    /// The same session on a new socket. The frames keep flowing: media has a socket of its own.
    fn begin_resume(
        &mut self,
        now: Moment,
        code: Option<CloseCode>,
        tries: u32,
        stable: Stable,
        reason: Cow<'static, str>,
    ) {
        let cause = Cause::Recovery(self.outage(now));
        self.record(now, code, Verdict::Resume, reason);
        self.say(Output::Resume { generation: self.generation });
        let until = now + self.policy.timeouts.resume;
        self.on_the_way(cause, Stage::Resuming { until, again_at: None, tried: 1, tries, stable });
    }

    fn on_resume_failed(&mut self, now: Moment, code: Option<CloseCode>, resumable: bool) {
        let State::Retrying(Retrying { stage: Stage::Resuming { again_at, tried, tries, .. }, .. }) = &mut self.state
        else {
            return;
        };
        let network = matches!(code.map_or(Reaction::LOST_SOCKET, CloseCode::reaction), Reaction::Resume { .. });
        if !network || !resumable || *tried >= *tries {
            return self.on_ended(now, code, false);
        }
        *again_at = Some(now + resume_pause(tried.saturating_add(1), &mut self.rng));
    }

    /// The pause between two tries to resume is over.
    pub(super) fn resume_again(&mut self, now: Moment) {
        let State::Retrying(Retrying { stage: Stage::Resuming { again_at, tried, .. }, .. }) = &mut self.state else {
            return;
        };
        *again_at = None;
        *tried = tried.saturating_add(1);
        self.record(now, None, Verdict::Resume, "another try to resume the session");
        self.say(Output::Resume { generation: self.generation });
    }

    /// The code does not tell a kick from a move or a fault: the main gateway will, or not.
    fn weigh(&mut self, now: Moment, code: Option<CloseCode>, limit: Duration) {
        let (Some(code), Some(session)) = (code, self.session().cloned()) else {
            return self.new_session(now, code, self.why(code));
        };
        let cause = self.going_on(now);
        self.drop_connection(Hold::Lost);
        self.record(now, Some(code), Verdict::Weigh, self.why(Some(code)));
        if self.link.is_usable() {
            self.on_the_way(cause, Stage::Weighing { until: now + limit, code, session });
        } else {
            self.await_guild(now, cause, false);
        }
    }

    fn session(&self) -> Option<&VoiceSession> {
        match &self.state {
            State::Stable(stable) => Some(&stable.session),
            State::Retrying(Retrying { stage, .. }) => match stage {
                Stage::Connecting { session, .. } | Stage::Weighing { session, .. } => Some(session),
                Stage::Resuming { stable, .. } => Some(&stable.session),
                Stage::Leaving { .. }
                | Stage::AskingAgain { .. }
                | Stage::Joining { .. }
                | Stage::AwaitingTurn { .. }
                | Stage::BackingOff { .. }
                | Stage::CoolingDown { .. }
                | Stage::AwaitingAccess { .. }
                | Stage::AwaitingServer { .. }
                | Stage::AwaitingGuild { .. } => None,
            },
            State::Idle(_) => None,
        }
    }
}

/// Whether nothing more is heard over the connection that reports this.
const fn is_end(event: DriverEvent) -> bool {
    match event {
        DriverEvent::Closed { .. } | DriverEvent::Failed { .. } | DriverEvent::Unresponsive => true,
        DriverEvent::Connected | DriverEvent::Resumed | DriverEvent::Alive | DriverEvent::Reachable => false,
    }
}

/// Whether this tells of a handshake that is complete.
const fn is_handshake(event: DriverEvent) -> bool {
    match event {
        DriverEvent::Connected | DriverEvent::Resumed => true,
        DriverEvent::Closed { .. }
        | DriverEvent::Failed { .. }
        | DriverEvent::Unresponsive
        | DriverEvent::Alive
        | DriverEvent::Reachable => false,
    }
}

impl FailureKind {
    /// The close code behind a failed attempt, when there was one.
    #[must_use]
    pub const fn code(self) -> Option<CloseCode> {
        match self {
            Self::Closed(code) => code,
            Self::TimedOut | Self::Io | Self::Protocol | Self::Discarded => None,
        }
    }
}
