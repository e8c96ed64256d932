//! Sources that break: what becomes of the music when a site, the host of a sound, or a station does not do as it should.
//!
//! A case is data as well, in `catalogue/sources.toml`: the moment, what goes wrong at the media server, and what listeners
//! should hear and read. The tracks are timecode tracks, so what was heard tells which track it was and where in it.

pub(super) mod case;
pub(super) mod ground;
pub(super) mod judge;
pub(super) mod perform;
