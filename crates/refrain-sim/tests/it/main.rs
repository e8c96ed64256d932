//! The simulator as bots and tests meet it: real sockets, real requests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command_line;
mod faults;
mod gateway;
mod interactions;
mod rest;
mod rest_limits;
mod rest_messages;
mod rest_troubles;
mod scenarios;
mod scripts;
mod support;
mod ui;
