//! An actor that fails is started again, with the guild's record and the same mailbox.

use super::{
    Actor, Ended,
    caught::{Panicked, caught},
};
use crate::inbox::Inbox;
use refrain_model::GuildId;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// So many restarts within [`WINDOW`] come at once; the next waits for a command.
const RESTARTS: usize = 3;
const WINDOW: Duration = Duration::from_secs(600);

/// Runs a guild's actors, one after another, until one ends in good order. `make` makes one.
///
/// A panic ends that guild's music for a moment and nothing else: the next actor reads the record and comes back as after a
/// restart of the process. What arrives meanwhile waits in `inbox`.
pub(crate) async fn supervise(guild: GuildId, mut inbox: Inbox, make: impl Fn() -> Actor + Send) -> Ended {
    let began = Instant::now();
    let mut restarts = Restarts::default();
    loop {
        let Panicked(panic) = match caught(Box::pin(make().run(&mut inbox))).await {
            Ok(ended) => return ended,
            Err(panicked) => panicked,
        };
        inbox.presence.actor_failed();
        if restarts.at_once(began.elapsed()) {
            tracing::error!(
                guild_id = %guild,
                panic,
                "the guild's actor failed and is started again: this is a bug, please report it"
            );
            continue;
        }
        tracing::error!(
            guild_id = %guild,
            panic,
            "the guild's actor failed too often and is started again with the next command: this is a bug, please report it"
        );
        if inbox.command_comes().await.is_none() {
            return Ended::Abandoned;
        }
    }
}

/// When the last restarts were, counted from when the guild's first actor began.
#[derive(Default)]
struct Restarts(VecDeque<Duration>);

impl Restarts {
    /// Whether another one may come at once.
    fn at_once(&mut self, now: Duration) -> bool {
        self.0.retain(|at| now.saturating_sub(*at) < WINDOW);
        let allowed = self.0.len() < RESTARTS;
        if allowed {
            self.0.push_back(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_restarts_within_ten_minutes_come_at_once() {
        let mut restarts = Restarts::default();
        let mut at = |seconds| restarts.at_once(Duration::from_secs(seconds));
        assert_eq!([at(0), at(1), at(2), at(3)], [true, true, true, false]);
        assert!(!at(599));
        assert!(at(600), "the first one is ten minutes old");
        assert!(!at(600));
        assert!(at(1201));
    }
}
