//! yt-dlp as supervised children behind an egress guard: search, resolve, typed errors.
//!
//! [`Extractor::lookup`] turns what a person typed into tracks, [`Extractor::resolve`] turns a track's page into the
//! address of its sound at the moment it is played. Each request is one run of the real yt-dlp: a process group of its
//! own with a private directory, a small environment, a wall-clock limit and bounded output ([`ExtractorConfig`]). At most
//! so many run at a time; requests wait for their place without a time limit, tracks that are to play before look-ups, guild
//! after guild. Dropping a request's future ends its wait or its run.
//!
//! [`ExtractError::failure`] says what a failure is about: the track, the site, this machine or the request.
//!
//! No child reaches the network by itself. All of them, ffmpeg included, go through a forward proxy on the loopback
//! interface ([`Extractor::proxy`]) that resolves names itself and refuses addresses which are not public, so that a
//! link or a redirect cannot be used to look into the network the bot runs in ([`EgressPolicy`]).

mod arguments;
mod cache;
mod child;
mod classify;
mod config;
mod cookies;
mod error;
mod extractor;
mod guard;
mod info;
mod kind;
mod operator;
mod places;
mod purpose;
mod query;
mod resources;
mod run;
mod schedule;
#[cfg(test)]
mod schedule_tests;
mod text;

pub use config::{ExtractorConfig, StartError};
pub use error::{ExtractError, nothing_found};
pub use extractor::Extractor;
pub use guard::{AllowedHost, BadAllowedHost, EgressPolicy, MediaPass, ProxyUrl};
pub use info::Resolved;
pub use kind::ErrorKind;
use purpose::Purpose;
pub use query::{BadQuery, Query};
