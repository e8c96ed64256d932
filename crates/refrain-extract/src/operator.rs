//! The log line that tells the operator to act.

use crate::ExtractError;
use refrain_model::{FailureClass, GuildId};
use std::{
    error::Error as _,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A fault of the machine meets every guild at once; the log says it once in this time.
const PAUSE: Duration = Duration::from_secs(60);

/// When the operator was told last.
#[derive(Debug, Default)]
pub(crate) struct Operator {
    told: Mutex<Option<Told>>,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    /// Failures since that were not logged.
    unsaid: u64,
}

impl Operator {
    /// Logs a fault of this machine. Other failures are the caller's to log.
    pub(crate) fn tell(&self, guild: GuildId, error: &ExtractError, now: Instant) {
        if error.class() != FailureClass::Machine {
            return;
        }
        if let Some(unsaid) = self.due(now) {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::error!(
                guild_id = %guild, %error, cause, unsaid,
                "yt-dlp cannot run on this machine: tracks are kept and tried again, and the operator has to act"
            );
        }
    }

    /// Whether to log now, and how many failures were not logged since the last time.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = told.as_mut().filter(|told| now.saturating_duration_since(told.at) < PAUSE) {
            told.unsaid += 1;
            return None;
        }
        Some(told.replace(Told { at: now, unsaid: 0 }).map_or(0, |told| told.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_said_at_once_and_then_once_a_minute_with_the_number_of_the_others() {
        let (operator, start) = (Operator::default(), Instant::now());
        assert_eq!(operator.due(start), Some(0));
        assert_eq!(operator.due(start + Duration::from_secs(1)), None);
        assert_eq!(operator.due(start + Duration::from_secs(59)), None);
        assert_eq!(operator.due(start + PAUSE), Some(2));
        assert_eq!(operator.due(start + 3 * PAUSE), Some(0));
    }
}
