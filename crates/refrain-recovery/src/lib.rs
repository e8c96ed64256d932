//! The voice-recovery state machine, sans-IO.
//!
//! It holds no socket, no task and no clock. The embedder feeds it what happened and what time it is, carries out what
//! it says, and wakes it when it asks:
//!
//! 1. Something happened: call [`Recovery::handle_input`] with the time and the [`Input`].
//! 2. Drain [`Recovery::poll_output`] until it returns `None`, carrying out each [`Output`] in order.
//! 3. Ask [`Recovery::poll_timeout`] for the next wake-up and why; sleep until then or until something happens.
//! 4. On the wake-up call [`Recovery::handle_timeout`] with the time, and go to 2.
//!
//! A driver's events carry the [`Generation`] of the connection they speak of; events of an older one change nothing.
#![no_std]

extern crate alloc;

pub mod governor;

mod backoff;
mod close_code;
mod history;
mod input;
mod ledger;
mod liveness;
mod machine;
mod output;
mod policy;
mod state;
mod timer;

pub use close_code::{CloseCode, Reaction};
pub use input::{AutoRejoin, DriverEvent, FailureKind, GatewayEvent, Input, Intent, Settings};
pub use liveness::Liveness;
pub use machine::{Presence, Recovery, Snapshot};
pub use output::{Alert, Incident, Notice, Output, Urgency, Verdict, VoiceSession};
pub use policy::{Backoff, Health, Hedge, Policy, Stretch, Timeouts};
pub use state::{Cause, Gathered, Idle, Outage, Retrying, Server, Stable, Stage, State};
pub use timer::Timer;

use core::fmt;

/// Numbers the connections of one guild: raised with every fresh join, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "g{}", self.0)
    }
}
