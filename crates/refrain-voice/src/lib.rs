//! Moves frames to Discord: the driver trait and its implementations.
//!
//! A driver holds a connection, named by its [`Generation`](refrain_recovery::Generation), and a second one only while that
//! is being made to take the place of the first. It decides nothing: what to connect to and when is the recovery machine's
//! word, and what happened is reported back.

mod driver;
mod probe;
mod songbird;

pub use driver::{DriverReport, ReportSender, VoiceDriver};
pub use songbird::{SongbirdDriver, SongbirdShared};
