//! The simulator as bots and tests meet it: real sockets, real requests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod gateway;
mod interactions;
mod rest;
mod rest_limits;
mod rest_messages;
mod rest_troubles;
mod scripts;
mod support;
mod ui;
