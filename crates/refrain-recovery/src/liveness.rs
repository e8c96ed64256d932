//! How long a silent voice server is waited for.

use core::time::Duration;
use serde::{Deserialize, Serialize};

/// How a driver finds out that nobody answers, where no socket says so. The machine itself does not go by these: it is
/// told [`DriverEvent::Unresponsive`](crate::DriverEvent::Unresponsive).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Liveness {
    /// So long after the last receiver report, with frames flowing, the voice server is looked for. Servers report
    /// every 5 s or so.
    pub suspect: Duration,
    /// So long after the last receiver report, with frames flowing, nobody is there.
    pub silent: Duration,
    /// How long a voice server may take to say Hello when a health check looks for it. It is asked twice.
    pub probe: Duration,
}

impl Default for Liveness {
    fn default() -> Self {
        Self { suspect: Duration::from_secs(7), silent: Duration::from_secs(12), probe: Duration::from_secs(5) }
    }
}
