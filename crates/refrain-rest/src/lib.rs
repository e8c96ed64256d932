//! Discord's REST API, asked as often as it allows and not more: requests that [twilight-http](twilight_http) builds, sent by a
//! client whose decisions are values.
//!
//! - [`RateLimiter`] says which request may be sent now: limits of routes and resources as Discord's headers tell them, the
//!   global limit, and the times that a 429 asks for. It holds no socket and reads no clock.
//! - [`Attempts`] says whether a request that failed is sent again, and when.
//! - [`RestClient`] moves bytes and time, and decides nothing.
//!
//! A 429 waits as long as told and never less: of the scopes `user` and `shared` its bucket, of `global` all that the global
//! limit counts, and without a scope (Cloudflare's answer to an address that it shuts out) everything.

mod attempts;
mod bucket;
mod client;
mod error;
mod exchange;
mod headers;
mod limiter;
mod queue;
mod route;

pub use attempts::{Attempts, Failure, Repeat};
pub use client::{Answer, Delivery, RestClient, RestConfig};
pub use error::RestError;
pub use headers::{BucketState, Limited, Scope, bucket_state, limited};
pub use limiter::{RateLimiter, Ticket};
pub use route::Route;
