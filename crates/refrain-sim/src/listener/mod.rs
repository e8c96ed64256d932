//! What a person in each voice channel would have heard.

/// The listeners of all guilds; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Listeners {}

impl Listeners {
    /// What this guild's listener heard, as JSON; none when no bot ever spoke there.
    #[must_use]
    pub fn report(&self, _guild: u64) -> Option<serde_json::Value> {
        None
    }

    /// The recording, 48 kHz stereo s16 WAV.
    #[must_use]
    pub fn wav(&self, _guild: u64) -> Option<Vec<u8>> {
        None
    }
}
