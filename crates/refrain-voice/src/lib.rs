//! Moves frames to Discord: the driver trait and its implementations.
//!
//! A driver holds at most one connection that counts, named by its [`Generation`](refrain_recovery::Generation). It
//! decides nothing: what to connect to and when is the recovery machine's word, and what happened is reported back.

mod driver;
mod probe;
mod songbird;

pub use driver::{DriverReport, ReportSender, VoiceDriver};
pub use songbird::{SongbirdDriver, SongbirdShared};
