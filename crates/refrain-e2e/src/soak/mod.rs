//! `cargo xtask soak`: the real bot plays in many guilds while random faults happen, and every second of silence is
//! accounted for.
//!
//! The faults are a `plan` drawn from a seed, carried out by the simulator as one script. What the listeners missed, what
//! was done to the bot (`truth`) and what the bot says it did (`said`) go into the `account`, a pure function that
//! gives each piece of each silence its reason.

mod account;
pub(crate) mod many;
mod options;
mod plan;
mod report;
mod run;
mod said;
mod truth;

pub use account::Why;
pub use options::Options;
pub use report::{GuildReport, Report};
pub use run::run;
