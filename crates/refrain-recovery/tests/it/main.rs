//! The recovery machine, seen from outside: inputs and a clock in, outputs and a wake-up out.

mod access;
mod backoff;
mod codes;
mod governor;
mod guild;
mod handled;
mod health;
mod hedge;
mod join;
mod leave;
mod lives;
mod loss;
mod overlap;
mod peer;
mod presence;
mod proof;
mod record;
mod restart;
mod resume;
mod rig;
mod settings;
mod success;
mod turn;
mod unexplained;
mod world;
