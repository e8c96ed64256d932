//! The simulator as bots and tests meet it: real sockets, real requests.

mod faults;
mod gateway;
mod interactions;
mod rest;
mod support;
