//! Scenario files: what people do, what goes wrong, and what must be seen and heard of the bot.
//!
//! A scenario is a TOML file of steps, carried out one after the other against a simulator of its own. Some steps do
//! something (a command, a click, a fault), others expect something; an expectation waits until it is met or its time
//! is up. `docs/simulator.md` describes the file. Everything goes through the control API, so whatever a scenario does,
//! a test in another language can do too.

mod act;
mod bot;
mod check;
mod expect;
mod file;
mod heard;
mod names;
mod result;
mod run;
mod step;
mod text;
mod wire;

pub use file::{Scenario, ScenarioError};
pub use result::{Outcome, StepResult, Verdict};
pub use run::{Progress, RunOptions, run};

/// An example of a scenario file, which fits the example world.
pub const EXAMPLE: &str = include_str!("../../examples/scenario.toml");
