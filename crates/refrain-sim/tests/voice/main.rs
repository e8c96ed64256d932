//! The voice server as clients meet it: a raw one, and the real songbird.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get is its failure")]

mod client;
mod dave;
mod gateway;
mod media;
mod network;
mod relay;
mod server;
mod servers;
mod songbird;
mod sound;
mod stages;
