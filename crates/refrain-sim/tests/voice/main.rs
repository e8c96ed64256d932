//! The voice server as clients meet it: a raw one, and the real songbird.

mod client;
mod gateway;
mod media;
mod server;
mod songbird;
mod sound;
