//! The recovery machine, seen from outside: inputs and a clock in, outputs and a wake-up out.

mod backoff;
mod codes;
mod join;
mod leave;
mod loss;
mod peer;
mod presence;
mod properties;
mod rig;
mod world;
