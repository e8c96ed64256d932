//! Tracks: what people asked for, and where its sound is found.

use crate::{ChannelId, UserId};
use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};
use serde::{Deserialize, Serialize};

/// A track's number, unique within its guild's queue and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u64);

/// What is known of a track before it is fetched; what people see in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInfo {
    /// The title as the site gives it, or the file's name.
    pub title: String,
    /// The page (or direct file) that is resolved again whenever it is played.
    pub page_url: String,
    /// Who published it.
    pub uploader: Option<String>,
    /// A picture's address.
    pub thumbnail: Option<String>,
    /// Its length; `None` when the source does not tell, and for live streams.
    pub duration: Option<Duration>,
    /// A live stream: it has no position to come back to.
    pub live: bool,
}

/// A track in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its number in this queue.
    pub id: TrackId,
    /// What it is.
    pub info: TrackInfo,
    /// Who asked for it.
    pub requested_by: UserId,
    /// The text channel where it was asked for, where people are told about it.
    pub requested_in: ChannelId,
}

/// Where the sound of a track is fetched from, for a while: such addresses expire.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaLocation {
    /// An `http` or `https` address.
    pub url: String,
    /// Request headers to send with it, as (name, value).
    pub headers: Vec<(String, String)>,
    /// When it expires, in seconds since 1970, where the address tells.
    pub expires_at: Option<u64>,
}

impl fmt::Debug for MediaLocation {
    /// Leaves out the query and the header values: they carry signatures and cookies, which belong in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaLocation")
            .field("url", &self.url.split('?').next().unwrap_or_default())
            .field("headers", &self.headers.len())
            .field("expires_at", &self.expires_at)
            .finish()
    }
}
