//! The real bot against the simulator. Everything asserted is what a person in the guild would notice: what they hear,
//! what they read, where the bot is.
//!
//! `cargo xtask test` builds and installs what these tests run; they fail with that advice where it is missing.

mod asking;
mod buttons;
mod controls;
mod faults;
mod favorites;
mod frozen;
mod lifecycle;
mod panel;
mod people;
mod permissions;
mod playing;
mod queueing;
mod races;
mod rest;
mod restart;
mod secrets;
mod sessions;
mod settings;
mod silence;
mod source_stage;
mod sources;
mod storage;
mod support;
mod wrong_input;
