//! The extractor with the real yt-dlp, offline: a loopback server, and a plugin directory with a site of our own.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test, as the tests themselves do")]

mod errors;
mod guard;
mod lines;
mod lookup;
mod redirect;
mod server;
mod stage;
mod supervision;
