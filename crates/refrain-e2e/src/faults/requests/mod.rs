//! Requests to Discord that go wrong: what members read and hear when REST limits, fails, loses answers or is slow.
//!
//! A case is data as well, in `catalogue/requests.toml`: which request of the bot is hit, by what, and what should come of it.

pub(super) mod case;
pub(super) mod perform;
