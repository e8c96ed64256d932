//! A Discord that runs on this machine: REST, gateway, voice, faults, a listener.

pub mod clock;
pub mod listener;
pub mod log;
pub mod voice;
