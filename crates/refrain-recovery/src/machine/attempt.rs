//! The way back: when the next attempt comes, how it begins, how it ends.

use super::{Presence, Recovery, turn::Turn};
use crate::{
    AutoRejoin, Cause, CloseCode, Idle, Notice, Outage, Output, Stable, Stage, State, Verdict, VoiceSession,
    history::Next, ledger::Hold, proof::Proofs,
};
use alloc::borrow::Cow;
use core::time::Duration;
use refrain_model::{ChannelId, Moment};

impl Recovery {
    /// The connection or the attempt is lost: drop it, and ask the main gateway for a new session when it is time.
    pub(super) fn new_session(&mut self, now: Moment, code: Option<CloseCode>, reason: impl Into<Cow<'static, str>>) {
        let outage = self.outage(now);
        self.drop_connection(Hold::Lost);
        self.record(now, code, Verdict::NewSession, reason);
        self.schedule(now, outage);
    }

    /// Decides when the next attempt comes.
    pub(super) fn schedule(&mut self, now: Moment, outage: Outage) {
        if self.declines(outage) {
            return self.decline(now);
        }
        if !self.link.is_usable() {
            return self.await_guild(now, Cause::Recovery(outage), false);
        }
        if let Some(missing) = self.lacks() {
            return self.await_access(now, outage, missing);
        }
        if self.link.explains(&outage, self.policy.timeouts.evidence) {
            self.history.excuse();
        }
        let next = self.history.next(
            &self.policy,
            outage.credit,
            self.link.stretch_percent(&self.policy.stretch),
            &mut self.rng,
        );
        let credit_used = Outage { credit: None, ..outage };
        match next {
            Next::Now => self.begin(now, Cause::Recovery(credit_used)),
            Next::After(pause) => {
                let attempt = self.history.attempt().saturating_add(1);
                self.record(now, None, Verdict::Wait, "the next attempt waits for its backoff");
                self.tell(Notice::Interrupted { next: pause, attempt });
                let cause = Cause::Recovery(Outage { told: true, ..credit_used });
                self.on_the_way(cause, Stage::BackingOff { until: now + pause });
            }
            Next::Cooldown(pause) => {
                self.cool_down(now, credit_used, pause, None, "all attempts of the round are used")
            }
        }
    }

    /// Whether a connection that stood was lost in a guild that wants no rejoin by itself.
    pub(super) fn declines(&self, outage: Outage) -> bool {
        self.auto_rejoin == AutoRejoin::Off && outage.credit.is_some()
    }

    /// Out for good, until somebody asks.
    pub(super) fn decline(&mut self, now: Moment) {
        let Some(channel) = self.intent else { return self.rest(Idle::Left) };
        let reason = "the connection was lost, and the guild wants no rejoin by itself";
        self.stay_out(now, Idle::Declined { channel }, Notice::StayedOut, reason);
        if self.presence != Presence::Nowhere {
            self.send_leave(now);
        }
    }

    /// A moderator took the bot out of the channel. Queue and position are kept.
    pub(super) fn kicked(&mut self, now: Moment, reason: &'static str) {
        let Some(channel) = self.intent else { return self.rest(Idle::Left) };
        // An op 4 for the channel may be on its way, and would put the bot back.
        let asks = matches!(self.state.stage(), Some(Stage::AskingAgain { .. }));
        match self.auto_rejoin {
            AutoRejoin::Off | AutoRejoin::AfterFaults => {
                self.stay_out(now, Idle::Kicked { channel }, Notice::Kicked, reason);
                if asks {
                    self.send_leave(now);
                }
            }
            AutoRejoin::AlsoAfterKick => {
                // However long the music had played: somebody did not want it, so there is a pause.
                let outage = Outage { credit: None, ..self.outage(now) };
                self.drop_connection(Hold::Well);
                self.history.kicked();
                self.record(now, None, Verdict::Wait, "a moderator disconnected the bot, and the guild wants it back");
                self.schedule(now, outage);
            }
        }
    }

    /// Waits out a cooldown; then a new round begins.
    pub(super) fn cool_down(
        &mut self,
        now: Moment,
        outage: Outage,
        pause: Duration,
        code: Option<CloseCode>,
        reason: &'static str,
    ) {
        self.record(now, code, Verdict::CoolDown, reason);
        self.tell(Notice::CoolingDown { next: pause });
        let cause = Cause::Recovery(Outage { credit: None, told: true, ..outage });
        self.on_the_way(cause, Stage::CoolingDown { until: now + pause });
    }

    /// The turn has come. Where Discord has us in the channel already, op 4 for it may go unanswered: it is asked again
    /// where that is worth a try, and else out of the channel first.
    pub(super) fn set_out(&mut self, now: Moment, cause: Cause) {
        let Some(channel) = self.intent else { return self.rest(Idle::Left) };
        let recovers = matches!(cause, Cause::Recovery(_));
        if recovers && !self.link.is_usable() {
            return self.await_guild(now, cause, false);
        }
        let cause = cause.begun();
        if recovers {
            self.history.begin(&self.policy);
        }
        self.asking.attempt();
        match self.presence {
            // A leave would be for good.
            Presence::In(_) | Presence::Unknown if self.lacks().is_some() => match self.standing.clone() {
                Some(standing) if recovers && standing.channel == channel => self.ask_again(now, cause, standing),
                Some(_) | None => self.send_join(now, cause, channel),
            },
            Presence::In(there) if there != channel => self.send_join(now, cause, channel),
            Presence::Nowhere => self.send_join(now, cause, channel),
            Presence::In(_) if recovers => match self.worth_asking() {
                Some(standing) => self.ask_again(now, cause, standing),
                None => self.leave_first(now, cause),
            },
            Presence::In(_) | Presence::Unknown => self.leave_first(now, cause),
        }
    }

    /// The leave is confirmed, or taken for it: what was to come after it.
    pub(super) fn after_leave(&mut self, now: Moment, cause: Cause) {
        let channel = match (cause, self.intent) {
            // Where it is not confirmed, the next check leaves again.
            (Cause::Leave, _) | (_, None) => return self.rest(Idle::Left),
            (Cause::Join | Cause::Switch { .. } | Cause::Recovery(_), Some(channel)) => channel,
        };
        self.presence = Presence::Nowhere;
        if matches!(cause, Cause::Recovery(_)) && !self.link.is_usable() {
            self.await_guild(now, cause, false);
        } else if let (Cause::Recovery(outage), Some(missing)) = (cause, self.lacks()) {
            self.await_access(now, outage, missing);
        } else if self.turn == Turn::Held {
            self.send_join(now, cause, channel);
        } else {
            // Somebody asked to leave, and then for this.
            self.begin(now, cause);
        }
    }

    /// The shard or the guild is away: an op 4 would go unheard.
    pub(super) fn await_guild(&mut self, now: Moment, cause: Cause, absent: bool) {
        self.history.excuse();
        self.record(now, None, Verdict::Wait, "the shard or the guild is away");
        self.on_the_way(cause, Stage::AwaitingGuild { until: now + self.policy.timeouts.guild, absent });
    }

    /// The handshake is complete: frames flow. Where an older connection has carried them until now they go over to this
    /// one without a pause, and then that one is dropped.
    pub(super) fn connected(&mut self, now: Moment, cause: Cause, session: VoiceSession, unpaired: Option<Moment>) {
        let (verdict, reason) = match cause {
            Cause::Join | Cause::Switch { .. } => (Verdict::Join, "connected as asked"),
            Cause::Recovery(_) | Cause::Leave => (Verdict::Recovered, "connected again"),
        };
        self.asking.connected();
        self.nulls_owed.connected(now, self.policy.timeouts.evidence);
        if matches!(cause, Cause::Recovery(_)) {
            self.watch_closely(now);
        }
        if self.fading.is_some() && self.proofs.is_overdue(now) {
            self.hold(Hold::Lost);
            self.drop_fading();
        }
        let from = self.ledger.release(self.policy.overlap);
        self.proofs = Proofs::default();
        self.say(Output::StartFrames { from });
        self.drop_fading();
        self.record(now, None, verdict, reason);
        if let Cause::Recovery(Outage { since, told: true, .. }) = cause {
            self.tell(Notice::Recovered { gap: now.since(since) });
        }
        let forget_at = if self.history.is_clean() { None } else { Some(now + self.policy.stability_reset) };
        self.state = State::Stable(Stable { session, since: now, forget_at, unpaired });
    }

    /// Discord did not answer the join that somebody asked for.
    pub(super) fn unanswered(&mut self, now: Moment) {
        self.drop_connection(Hold::Well);
        self.record(
            now,
            None,
            Verdict::StayOut,
            "the join was not answered: no permission to connect, or the channel is full",
        );
        self.tell(Notice::JoinUnanswered);
        // A late answer must not leave the bot behind in the channel.
        self.send_leave(now);
        self.want(None);
        self.rest(Idle::Unanswered);
    }

    /// The same, but there is a channel to go back to.
    pub(super) fn switch_unanswered(&mut self, now: Moment, from: ChannelId) {
        self.drop_connection(Hold::Well);
        self.record(now, None, Verdict::NewSession, "the other channel did not answer: back to the one before");
        self.tell(Notice::JoinUnanswered);
        self.want(Some(from));
        // A first attempt is due, and nothing was lost that the guild would not want back.
        let outage = Outage { since: now, credit: None, told: false };
        self.begin(now, Cause::Recovery(outage));
    }

    /// No retry can help: out of the channel, and no way back but a person's word.
    pub(super) fn fatal(&mut self, now: Moment, code: Option<CloseCode>, reason: impl Into<Cow<'static, str>>) {
        self.drop_connection(Hold::Lost);
        self.record(now, code, Verdict::Fatal, reason);
        self.tell(Notice::Fatal { code });
        if self.presence != Presence::Nowhere {
            self.send_leave(now);
        }
        // What is persisted stays: after the operator has acted, a restart brings the bot back.
        let channel = self.intent.take();
        self.rest(Idle::Fatal { code, channel });
    }

    /// Out, without a word to Discord: it has us out already.
    pub(super) fn stay_out(&mut self, now: Moment, idle: Idle, notice: Notice, reason: &'static str) {
        self.drop_connection(Hold::Well);
        self.record(now, None, Verdict::StayOut, reason);
        self.tell(notice);
        self.want(None);
        self.rest(idle);
    }

    pub(super) fn rest(&mut self, idle: Idle) {
        self.state = State::Idle(idle);
    }
}
