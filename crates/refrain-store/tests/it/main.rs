//! The store from outside: what is kept, what a reader sees, and what becomes of files and disks that are not as they
//! should be.

mod files;
mod kept;
mod make;
