//! How closely it is listened to what bots play.

use serde::{Deserialize, Serialize};

use crate::id::Id;

/// How closely it is listened to what bots play.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// Whether the sound is decoded. Without it there are no levels, recordings and positions, only packets and gaps,
    /// and hundreds of guilds cost next to nothing.
    pub decode: bool,
    /// Guilds with which it is the other way round.
    pub except: Vec<Id>,
}

impl Default for Listener {
    fn default() -> Self {
        Self { decode: true, except: Vec::new() }
    }
}
