//! What people bring along from other bots.

mod jmusicbot;
mod muse;
