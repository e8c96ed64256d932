//! What was tried of late, and so how soon the next attempt may come.

use crate::{CloseCode, Policy, Reaction, backoff::jitter, close_code::COOL_DOWN_TRIES};
use alloc::collections::BTreeMap;
use core::time::Duration;
use rand_chacha::{ChaCha8Rng, rand_core::RngCore};

/// The attempts since the past was last forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// Attempts in this round: those that failed one after the other, and the one that is not decided.
    attempt: u32,
    /// The last attempt is under way, or its connection stands: it may yet give its place in the round back.
    undecided: bool,
    /// Kicks in this round.
    kicks: u32,
    /// Cooldowns waited out.
    rounds: usize,
    /// How often each code that bounds its own retries has come.
    strikes: BTreeMap<CloseCode, u32>,
    /// Unlisted codes in a row.
    unlisted: u32,
}

/// When the next attempt comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Now,
    After(Duration),
    Cooldown(Duration),
}

/// Unlisted codes in a row before the operator is asked to report them.
const UNLISTED_ALERT: u32 = 3;

impl History {
    pub(crate) const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Cooldowns that were waited out, or are being.
    pub(crate) const fn cooldowns(&self) -> usize {
        self.rounds
    }

    /// An attempt begins. One that takes the place of an attempt that the shard's loss made void opens no new count
    /// beyond the round's.
    pub(crate) fn begin(&mut self, policy: &Policy) {
        self.undecided = self.attempt < policy.backoff.attempts.max(1);
        self.attempt = self.attempt.saturating_add(u32::from(self.undecided));
    }

    /// The connection has stood long enough: it ends the row of failures. The next attempt is the first of a round.
    pub(crate) fn prove(&mut self) {
        self.attempt = 0;
        self.undecided = false;
    }

    /// A shard or a guild that is away ended the attempt, or the connection that it led to. That is no failure of voice:
    /// the attempt gives its place in the round back.
    pub(crate) fn excuse(&mut self) {
        if core::mem::take(&mut self.undecided) {
            self.attempt = self.attempt.saturating_sub(1);
        }
    }

    /// A moderator took the bot out, in a guild that wants it back. However long the connection had stood, that counts.
    pub(crate) fn kicked(&mut self) {
        self.undecided = false;
        self.attempt = self.attempt.max(self.kicks);
        self.kicks = self.kicks.saturating_add(1);
    }

    /// A person asked for a fresh start.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// A person skips the wait: the next attempt opens a round.
    pub(crate) fn new_round(&mut self) {
        self.prove();
        self.kicks = 0;
    }

    pub(crate) fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a close code has come more often than it bounds its retries to.
    pub(crate) fn exhausted_by(&mut self, code: CloseCode) -> bool {
        self.unlisted = if code.is_listed() { 0 } else { self.unlisted.saturating_add(1) };
        let tries = match code.reaction() {
            Reaction::NewSession { tries: Some(tries) } => tries,
            Reaction::CoolDown => COOL_DOWN_TRIES,
            Reaction::NewSession { tries: None } | Reaction::Resume { .. } | Reaction::Weigh | Reaction::Fatal => {
                return false;
            }
        };
        let strikes = self.strikes.entry(code).or_default();
        *strikes = strikes.saturating_add(1);
        *strikes > tries
    }

    /// Unlisted codes came so often that somebody should look.
    pub(crate) const fn is_puzzling(&self) -> bool {
        self.unlisted >= UNLISTED_ALERT
    }

    /// When the next attempt comes. `credit` is how long the connection had stood before it was lost. One that was
    /// [proven](Self::prove) comes back at once. Less counts as waited, so one that flaps is slowed down.
    pub(crate) fn next(
        &mut self,
        policy: &Policy,
        credit: Option<Duration>,
        stretch: u32,
        rng: &mut ChaCha8Rng,
    ) -> Next {
        // An attempt whose connection fell before it was proven has failed.
        self.undecided = false;
        if self.attempt >= policy.backoff.attempts.max(1) {
            return match self.cooldown(policy).checked_sub(credit.unwrap_or_default()) {
                Some(left) if !left.is_zero() => Next::Cooldown(left),
                Some(_) | None => Next::Now,
            };
        }
        if self.attempt == 0 && credit.is_some() {
            return Next::Now;
        }
        let pause = policy.backoff.jittered(self.attempt.max(1), stretch, rng.next_u32());
        match pause.checked_sub(credit.unwrap_or_default()) {
            Some(left) if !left.is_zero() => Next::After(left),
            Some(_) | None => Next::Now,
        }
    }

    /// The cooldown that Discord asks for when it limits the rate.
    pub(crate) fn rate_limited(&mut self, policy: &Policy) -> Duration {
        self.cooldown(policy).max(policy.rate_limit_cooldown)
    }

    fn cooldown(&mut self, policy: &Policy) -> Duration {
        let last = policy.cooldowns.len() - 1;
        let cooldown = policy.cooldowns[self.rounds.min(last)];
        self.rounds = self.rounds.saturating_add(1);
        self.new_round();
        cooldown
    }
}

/// The pause before resume number `n` (from 1) of one loss: none before the first, then short and varied, because the
/// whole server's guilds resume at the same time.
pub(crate) fn resume_pause(n: u32, rng: &mut ChaCha8Rng) -> Duration {
    jitter(Duration::from_millis(200).saturating_mul(n.saturating_sub(1)), 50, rng.next_u32())
}
