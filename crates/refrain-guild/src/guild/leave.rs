//! Leaving by itself: when the queue has run out, and when no member listens.

use super::Guild;
use crate::{CommandError, LeaveReason, Observation};
use core::time::Duration;
use refrain_model::Moment;
use refrain_recovery::{Intent, State};

/// How often the guild looks whether members listen, while the bot is in a channel.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How long no member may listen: members change channels, and come back.
const ALONE_FOR: Duration = Duration::from_secs(60);

/// Since when there is no reason to stay.
#[derive(Debug, Default)]
pub(super) struct AutoLeave {
    idle_since: Option<Moment>,
    alone_since: Option<Moment>,
    look_at: Option<Moment>,
}

impl Guild {
    /// After every step: what speaks for leaving is noticed, and the bot leaves when it has for long enough.
    pub(super) fn leave_by_itself(&mut self) {
        let now = self.now();
        let (State::Stable(_), Some(channel)) = (self.recovery.state(), self.recovery.intent()) else {
            self.auto_leave = AutoLeave::default();
            return;
        };
        self.notice_reasons(now);
        let idle = self.idle_deadline().is_some_and(|at| at <= now);
        let alone = self.auto_leave.alone_since.is_some_and(|since| now.since(since) >= ALONE_FOR);
        if idle || alone {
            let why = if idle { LeaveReason::Idle } else { LeaveReason::Alone };
            self.note(Observation::Leaving { channel, why });
            self.keep_position();
            self.let_go_of_source(&CommandError::NotConnected);
            self.wish(Intent::Leave);
            self.auto_leave = AutoLeave::default();
        }
    }

    fn notice_reasons(&mut self, now: Moment) {
        let idle = self.queue.current().is_none() || self.halted;
        let (stays_alone, listeners) = (self.stays_alone(), self.listeners());
        let auto_leave = &mut self.auto_leave;
        auto_leave.idle_since = if idle { auto_leave.idle_since.or(Some(now)) } else { None };
        if stays_alone {
            (auto_leave.alone_since, auto_leave.look_at) = (None, None);
            return;
        }
        auto_leave.alone_since = if listeners == Some(0) { auto_leave.alone_since.or(Some(now)) } else { None };
        if auto_leave.look_at.is_none_or(|at| at <= now) {
            auto_leave.look_at = Some(now + LOOK_EVERY);
        }
    }

    pub(super) fn idle_deadline(&self) -> Option<Moment> {
        Some(self.auto_leave.idle_since? + self.settings().leaves_after()?)
    }

    /// When to look again whether members listen, or to leave because none does.
    pub(super) fn alone_deadline(&self) -> Option<Moment> {
        let leave_at = self.auto_leave.alone_since.map(|since| since + ALONE_FOR);
        self.auto_leave.look_at.into_iter().chain(leave_at).min()
    }

    /// The guild wants the bot to stay in its channel when no member listens.
    pub(super) fn stays_alone(&self) -> bool {
        !self.settings().leave_if_no_listeners
    }

    /// The guild wants the bot to stay in its channel when the queue has run out.
    pub(super) fn stays_idle(&self) -> bool {
        self.settings().leaves_after().is_none()
    }
}
