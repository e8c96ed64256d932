//! The guild, seen from outside: inputs and a time in, outputs and a wake-up out.

mod combined;
mod lives;
mod members;
mod outage;
mod restart;
mod streams;
mod voice;
mod world;
