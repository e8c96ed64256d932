//! The extractor with the real yt-dlp, offline: a loopback server, and a plugin directory with a site of our own.

mod errors;
mod guard;
mod lookup;
mod server;
mod stage;
mod supervision;
