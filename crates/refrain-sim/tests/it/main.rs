//! The simulator as bots and tests meet it: real sockets, real requests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command_line;
mod faults;
mod gateway;
mod gateway_faults;
mod gateway_login;
mod interactions;
mod joins;
mod openapi;
mod places;
mod rest;
mod rest_limits;
mod rest_messages;
mod rest_openapi;
mod rest_troubles;
mod scenarios;
mod scripts;
mod speaking;
mod stream;
mod support;
mod ui;
mod voice_socket;
