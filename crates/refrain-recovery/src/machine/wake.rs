//! Wake-ups: one match over all timers.

use super::{Presence, Recovery};
use crate::{Cause, Idle, Retrying, Stage, State, Timer, Urgency, Verdict};
use refrain_model::Moment;

impl Recovery {
    pub(super) fn on_timer(&mut self, now: Moment, timer: Timer) {
        match timer {
            Timer::Stability => {
                self.history.forget();
                if let State::Stable(stable) = &mut self.state {
                    stable.forget_at = None;
                }
            }
            Timer::Join | Timer::Reconnect => self.on_attempt_timed_out(now),
            Timer::Resume => self.new_session(now, None, "the resume took too long"),
            Timer::ResumeAgain => self.resume_again(now),
            Timer::Evidence => {
                let code = match self.state.stage() {
                    Some(Stage::Weighing { code, .. }) => Some(*code),
                    Some(_) | None => None,
                };
                self.new_session(now, code, "the main gateway did not explain the close");
            }
            Timer::Server => self.new_session(now, None, "no other voice server was named"),
            Timer::Leave => {
                self.record(now, None, Verdict::Leave, "the leave was not confirmed: taken for done");
                self.after_leave(now, self.cause());
            }
            Timer::Turn => self.take_turn(now),
            Timer::Health => self.check(now),
            Timer::Hedge => {
                let reason = "op 4 for the channel that the bot is in was not answered: out first";
                self.asked_in_vain(now, self.cause(), reason);
            }
            Timer::Backoff | Timer::Cooldown => self.begin(now, self.cause()),
            Timer::Access => self.look(now, self.cause(), Urgency::Recovery),
            Timer::Guild => self.look_again(now, self.cause()),
        }
    }

    /// What the way is for; all the timers that ask belong to one.
    fn cause(&self) -> Cause {
        self.state.cause().unwrap_or(Cause::Leave)
    }

    fn on_attempt_timed_out(&mut self, now: Moment) {
        let State::Retrying(Retrying { cause, stage }) = &self.state else { return };
        let asked = matches!(stage, Stage::Joining { .. });
        // Its voice state came and its server did not: that is no refusal.
        let let_in = matches!(self.presence, Presence::In(there) if self.intent == Some(there));
        match *cause {
            Cause::Leave => self.rest(Idle::Left),
            Cause::Join if asked && !let_in => self.unanswered(now),
            Cause::Switch { from } if asked && !let_in => self.switch_unanswered(now, from),
            Cause::Recovery(_) if asked => {
                // It may have been carried out without a word: the next attempt leaves first.
                if self.presence == Presence::Nowhere {
                    self.presence = Presence::Unknown;
                }
                self.new_session(now, None, "op 4 was not answered");
            }
            Cause::Join | Cause::Switch { .. } if asked => {
                self.new_session(now, None, "let in, and no voice server was named");
            }
            Cause::Join | Cause::Switch { .. } | Cause::Recovery(_) => {
                self.new_session(now, None, "the handshake took too long");
            }
        }
    }
}
