//! Discord through twilight: gateway, slash commands, embeds. It speaks to [`refrain`] only.
//!
//! [`Bot::log_in`] asks Discord who the bot is; [`Bot::port`] is the way out that [`refrain::Refrain`] is made with; and
//! [`Bot::run`] serves until it is told to stop. In between: a shard's events go into a small cache and, translated, to
//! the guilds they concern; each interaction is checked against the cache, deferred, handed to the guild's actor and
//! answered, in a task of its own.
//!
//! Nothing here holds state about the music: what plays is asked of the guild's actor every time.

mod access;
mod announcer;
mod bot;
mod commands;
mod config_embed;
mod convert;
mod embed;
mod error;
mod interaction;
mod notice;
mod outbox;
mod panel;
mod port;
mod rest;
mod session;
mod settings;
mod shard;
mod status_embed;
mod text;
mod world;

pub use bot::Bot;
pub use error::DiscordError;
pub use settings::{GatewayBase, RestBase, Settings, Token};
