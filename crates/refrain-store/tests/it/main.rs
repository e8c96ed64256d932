//! The store from outside: what is kept, what a reader sees, and what becomes of files and disks that are not as they
//! should be.
#![allow(clippy::unwrap_used, reason = "the helpers are tests, too")]

mod disk;
mod export;
mod files;
mod import;
mod kept;
mod make;
mod migration;
