//! What the guild actors need from whoever talks to Discord.

use refrain_model::{ChannelId, GuildId};
use refrain_recovery::Notice;

/// The way out to Discord. Calls return at once: implementations queue the work.
pub trait GatewayPort: Send + Sync + 'static {
    /// Sends op 4 (`Voice State Update`) for a guild on its shard: join `channel`, self-deafened, or leave with `None`.
    fn update_voice_state(&self, guild: GuildId, channel: Option<ChannelId>);

    /// Tells people something. Announcements of one incident (same `incident`) belong in one message that is edited.
    fn announce(&self, announcement: Announcement);
}

/// Something to tell the people of a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The guild.
    pub guild: GuildId,
    /// The text channel where the music was asked for.
    pub channel: ChannelId,
    /// Numbers the incidents of a guild; one incident is one message.
    pub incident: u64,
    /// What happened.
    pub what: AnnouncementKind,
}

/// What an announcement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnouncementKind {
    /// The voice connection.
    Voice(Notice),
    /// A track of the queue could not be played and was passed over.
    TrackFailed {
        /// Its title.
        title: String,
        /// Why, in words for people.
        reason: String,
    },
}
