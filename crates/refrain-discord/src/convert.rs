//! Refrain's ids and twilight's, which are never zero.

use refrain_model::{ChannelId, GuildId, MessageId, UserId};
use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, MessageMarker, UserMarker},
};

pub(crate) fn guild(id: Id<GuildMarker>) -> GuildId {
    GuildId::new(id.get())
}

pub(crate) fn channel(id: Id<ChannelMarker>) -> ChannelId {
    ChannelId::new(id.get())
}

pub(crate) fn user(id: Id<UserMarker>) -> UserId {
    UserId::new(id.get())
}

/// `None` for zero, which is no snowflake.
pub(crate) fn to_guild(id: GuildId) -> Option<Id<GuildMarker>> {
    Id::new_checked(id.get())
}

/// `None` for zero, which is no snowflake.
pub(crate) fn to_user(id: UserId) -> Option<Id<UserMarker>> {
    Id::new_checked(id.get())
}

/// `None` for zero, which is no snowflake.
pub(crate) fn to_channel(id: ChannelId) -> Option<Id<ChannelMarker>> {
    Id::new_checked(id.get())
}

/// `None` for zero, which is no snowflake.
pub(crate) fn to_message(id: MessageId) -> Option<Id<MessageMarker>> {
    Id::new_checked(id.get())
}
