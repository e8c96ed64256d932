//! The limiter against a Discord in virtual time, and the client against a server on this machine.

mod client;
mod limiter;
mod model;
mod simulator;
