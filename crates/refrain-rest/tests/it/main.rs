//! The limiter against a Discord in virtual time, and the client against a server on this machine.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test, as the tests themselves do")]

mod client;
mod limiter;
mod model;
mod simulator;
