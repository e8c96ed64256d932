//! `cargo xtask crash --guilds N`: many guilds that play, the bot killed once with -9 and started again while each look-up
//! takes seconds. Every guild's song must come back at its position.
//!
//! The songs are WAV files: a place in the song is a place in the file, so the `Range` of a request tells where the bot goes
//! on. In some of the guilds the sound is decoded as well, and the timecode in it tells the same from what is heard.

mod judge;
mod report;
mod run;

pub use judge::Outcome;
pub use report::GuildsReport;
pub use run::run_guilds;
