//! May this person do this here and now? Decided from plain facts, before anything is done.

use crate::commands::{Ask, FavoritesAsk};
use refrain_model::ChannelId;
use twilight_model::guild::Permissions;

/// Where somebody's voice is, and what a command would meet there. Gathered from the cache, see `world`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The channel of the person who asks, when they are in one.
    pub(crate) asker: Option<Room>,
    /// Where the bot plays, when it does.
    pub(crate) bot: Option<ChannelId>,
    /// Other people (no bots) in the bot's channel.
    pub(crate) listeners: usize,
    /// What the person who asks may do in the text channel, as Discord says with each command; `None`: it did not say.
    pub(crate) rights: Option<Permissions>,
}

/// A voice channel, as the bot may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Which.
    pub(crate) channel: ChannelId,
    /// A stage, on which a bot is not heard until somebody invites it to speak.
    pub(crate) stage: bool,
    /// What the bot may do there; `None` when the cache cannot tell, and Discord decides.
    pub(crate) permissions: Option<Permissions>,
    /// How many may be in it, when there is a limit.
    pub(crate) limit: Option<usize>,
    /// How many are in it.
    pub(crate) occupants: usize,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The person is in no voice channel.
    NotInVoice,
    /// The bot plays for other people in another channel.
    Elsewhere { channel: ChannelId },
    /// A stage channel.
    Stage { channel: ChannelId },
    /// The bot lacks permissions there.
    Missing { channel: ChannelId, permissions: Permissions },
    /// The person may not do that.
    NotAllowed {
        /// Who may, as in "only people with … can do that".
        needed: &'static str,
    },
    /// The channel takes no more people.
    Full { channel: ChannelId, limit: usize },
}

/// What the bot needs in a voice channel, and how Discord's settings call it.
const NEEDED: [(Permissions, &str); 3] =
    [(Permissions::VIEW_CHANNEL, "View Channel"), (Permissions::CONNECT, "Connect"), (Permissions::SPEAK, "Speak")];

/// Checks an ask against the facts. The answer is the person's voice channel where the ask needs one.
///
/// Looking (`/queue`, `/now-playing`, `/voice-status`, …) is free, and so is keeping a favorite. What goes over others' heads
/// (`/recover`, `/config`) is for those who may do such things in Discord itself. Everything else is for those who listen:
/// the person must be in a voice channel, and in the bot's own while it plays there for others. What brings the bot in
/// also needs a channel that it can enter.
pub(crate) fn check(ask: &Ask, facts: &Facts) -> Result<Option<ChannelId>, Refusal> {
    let joins = match need(ask) {
        Need::Nothing => return Ok(None),
        Need::Moderating => return moderates(facts).map(|()| facts.asker.as_ref().map(|room| room.channel)),
        Need::Managing => return manages(facts).map(|()| None),
        Need::Listening => false,
        // A bot that is out of voice may have nowhere to go back to, and comes to whoever asks.
        Need::Resuming => facts.bot.is_none(),
        Need::Joining => true,
    };
    let room = facts.asker.as_ref().ok_or(Refusal::NotInVoice)?;
    if let Some(channel) = facts.bot.filter(|bot| *bot != room.channel && facts.listeners > 0) {
        return Err(Refusal::Elsewhere { channel });
    }
    if joins {
        can_enter(room, facts.bot == Some(room.channel))?;
    }
    Ok(Some(room.channel))
}

/// What a person needs for something.
enum Need {
    Nothing,
    Listening,
    Resuming,
    Joining,
    Moderating,
    Managing,
}

const fn need(ask: &Ask) -> Need {
    match ask {
        Ask::Queue { .. } | Ask::History | Ask::NowPlaying | Ask::Volume { percent: None } => Need::Nothing,
        Ask::VoiceStatus { .. } => Need::Nothing,
        Ask::Favorites(FavoritesAsk::Use { .. }) => Need::Joining,
        // Whose favorite it is that is replaced or removed is looked at where it is known.
        Ask::Favorites(_) => Need::Nothing,
        Ask::Recover => Need::Moderating,
        Ask::Config | Ask::Configure(_) => Need::Managing,
        Ask::Play { .. } => Need::Joining,
        Ask::Resume => Need::Resuming,
        Ask::Skip { .. } | Ask::SkipTo { .. } | Ask::Back | Ask::Replay | Ask::Seek(_) => Need::Listening,
        Ask::Pause | Ask::Stop | Ask::Disconnect | Ask::Loop(_) | Ask::Volume { percent: Some(_) } => Need::Listening,
        Ask::Shuffle { .. } | Ask::Clear | Ask::Undo | Ask::Move { .. } | Ask::Remove { .. } => Need::Listening,
    }
}

/// Whether somebody manages the server.
pub(crate) fn is_manager(rights: Option<Permissions>) -> bool {
    rights.is_some_and(|rights| rights.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR))
}

/// Who may move others may bring the bot back too.
fn moderates(facts: &Facts) -> Result<(), Refusal> {
    let enough = Permissions::MANAGE_GUILD | Permissions::MOVE_MEMBERS | Permissions::ADMINISTRATOR;
    let needed = "**Manage Server** or **Move Members**";
    if facts.rights.is_some_and(|rights| rights.intersects(enough)) {
        Ok(())
    } else {
        Err(Refusal::NotAllowed { needed })
    }
}

fn manages(facts: &Facts) -> Result<(), Refusal> {
    if is_manager(facts.rights) { Ok(()) } else { Err(Refusal::NotAllowed { needed: "**Manage Server**" }) }
}

fn can_enter(room: &Room, inside: bool) -> Result<(), Refusal> {
    let channel = room.channel;
    if room.stage {
        return Err(Refusal::Stage { channel });
    }
    let Some(permissions) = room.permissions else { return Ok(()) };
    let needed = NEEDED.iter().fold(Permissions::empty(), |all, (permission, _)| all | *permission);
    let missing = needed - permissions;
    if !missing.is_empty() {
        return Err(Refusal::Missing { channel, permissions: missing });
    }
    // Whoever may move members enters a full channel too.
    match room.limit {
        Some(limit) if room.occupants >= limit && !inside && !permissions.contains(Permissions::MOVE_MEMBERS) => {
            Err(Refusal::Full { channel, limit })
        }
        _ => Ok(()),
    }
}

impl Refusal {
    /// What is wrong and who can change it, for the person who asked.
    pub(crate) fn user_message(&self) -> String {
        match self {
            Self::NotInVoice => "You are in no voice channel. Join one first, then I play there.".into(),
            Self::Elsewhere { channel } => {
                format!("I am playing for others in <#{channel}>. Join them there, or wait until they are done.")
            }
            Self::Stage { channel } => format!(
                "<#{channel}> is a stage, where nobody hears me until I am invited to speak. Join an ordinary voice \
                 channel instead."
            ),
            Self::Missing { channel, permissions } => {
                let names: Vec<_> =
                    NEEDED.iter().filter(|(one, _)| permissions.contains(*one)).map(|(_, name)| *name).collect();
                let them = if names.len() == 1 { "this permission" } else { "these permissions" };
                format!(
                    "I may not play in <#{channel}>: I lack **{}** there. Somebody who may manage this channel can give \
                     me {them}: Edit Channel, Permissions, add my role or me, and allow it.",
                    names.join("**, **"),
                )
            }
            Self::NotAllowed { needed } => {
                format!("Only people with the permission {needed} can do that. `/voice-status` shows how things are.")
            }
            Self::Full { channel, limit } => format!(
                "<#{channel}> is full: it holds {limit}. Make room, raise its user limit (Edit Channel), or join another \
                 channel."
            ),
        }
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
