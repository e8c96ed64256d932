//! The voice-recovery state machine, sans-IO.
//!
//! It holds no socket, no task and no clock. The embedder feeds it what happened and what time it is, carries out what
//! it says, and wakes it when it asks:
//!
//! 1. Something happened: call [`Recovery::handle_input`] with the time and the [`Input`].
//! 2. Drain [`Recovery::poll_output`] until it returns `None`, carrying out each [`Output`] in order. An
//!    [`Output::AskTurn`] may be answered with [`Input::Turn`] on the spot, or when a governor grants it.
//! 3. Ask [`Recovery::poll_timeout`] for the next wake-up and why; sleep until then or until something happens.
//! 4. On the wake-up call [`Recovery::handle_timeout`] with the time, and go to 2.
//!
//! ```
//! # use refrain_model::{ChannelId, Moment};
//! # use refrain_recovery::{Input, Intent, Output, Policy, Recovery};
//! let mut machine = Recovery::new(Policy::default(), 42);
//! let now = Moment::ZERO;
//! machine.handle_input(now, Input::Intent(Intent::Join { channel: ChannelId::new(7) }));
//! let mut op4 = Vec::new();
//! while let Some(output) = machine.poll_output() {
//!     match output {
//!         Output::AskTurn { .. } => {
//!             machine.handle_input(now, Input::Turn);
//!         }
//!         Output::SendVoiceState { channel } => op4.push(channel),
//!         _ => {} // Connect, TearDown, StartFrames and the rest: see `Output`.
//!     }
//! }
//! assert_eq!(op4, [Some(ChannelId::new(7))]);
//! assert!(machine.poll_timeout().is_some(), "it waits for both halves of the answer, but not for ever");
//! ```
//!
//! What goes in:
//!
//! | input | from | when |
//! |---|---|---|
//! | [`Input::Intent`] | people | they want the bot in a channel, out, or back at once |
//! | [`Input::Gateway`] | the main gateway | the bot's own voice state, server updates, and what becomes of shard, guild, channel |
//! | [`Input::Driver`] | the voice connection | connected, resumed, closed, failed, silent, alive; with its [`Generation`] |
//! | [`Input::Heard`], [`Input::TrackStarted`] | the player | how far the music was proved to be heard |
//! | [`Input::Turn`] | the [`governor`] | the shard has room for this guild's op 4 |
//! | [`Input::Flowing`], [`Input::Access`] | the guild | it pauses; what the bot may do in its channel changes |
//! | [`Input::Settings`] | the guild | when it wants the bot back |
//!
//! A driver's events carry the generation of the connection they speak of; those of an older one, and of one that was
//! torn down, change nothing. The same inputs at the same moments with the same seed give the same outputs.
//!
//! `examples/script.rs` is an embedder that prints where others have sockets.
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
mod proof;
mod state;
mod timer;

pub use close_code::{CloseCode, Reaction};
pub use input::{DriverEvent, FailureKind, GatewayEvent, Handled, Input, Intent, MissingAccess, Settings};
pub use liveness::Liveness;
pub use machine::{Presence, Recovery, Snapshot};
pub use output::{Alert, Incident, Notice, Output, Urgency, Verdict, VoiceSession};
pub use policy::{Backoff, Health, Hedge, Policy, Stretch, Timeouts};
pub use proof::Proof;
pub use refrain_model::AutoRejoin;
pub use state::{Cause, Gathered, Idle, Outage, Retrying, Server, Stable, Stage, State};
pub use timer::Timer;

use core::fmt;
use serde::{Deserialize, Serialize};

/// Numbers the connections of one guild: raised with every fresh join, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "g{}", self.0)
    }
}
