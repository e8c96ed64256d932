//! May this person do this here and now? Decided from plain facts, before anything is done.

use crate::commands::Ask;
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
/// Looking (`/queue`, `/now-playing`, `/voice-status`) is free. What goes over others' heads (`/recover`, `/config`) is for
/// those who may do such things in Discord itself. Everything else is for those who listen: the person must be in a voice
/// channel, and in the bot's own while it plays there for others. `/play` also needs a channel that the bot can enter.
pub(crate) fn check(ask: &Ask, facts: &Facts) -> Result<Option<ChannelId>, Refusal> {
    let joins = match ask {
        Ask::Queue { .. } | Ask::NowPlaying | Ask::VoiceStatus { .. } => return Ok(None),
        Ask::Recover => return moderates(facts).map(|()| facts.asker.as_ref().map(|room| room.channel)),
        Ask::Config | Ask::Configure(_) => return manages(facts).map(|()| None),
        Ask::Play { .. } => true,
        Ask::Skip { .. } | Ask::Pause | Ask::Resume | Ask::Stop | Ask::Disconnect => false,
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
    let enough = Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR;
    if facts.rights.is_some_and(|rights| rights.intersects(enough)) {
        Ok(())
    } else {
        Err(Refusal::NotAllowed { needed: "**Manage Server**" })
    }
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
mod tests {
    use super::*;

    const HERE: ChannelId = ChannelId::new(10);
    const THERE: ChannelId = ChannelId::new(20);
    const ALL: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::CONNECT).union(Permissions::SPEAK);

    fn play() -> Ask {
        Ask::Play { query: "x".into() }
    }

    fn room() -> Room {
        Room { channel: HERE, stage: false, permissions: Some(ALL), limit: None, occupants: 1 }
    }

    fn facts(room: Room) -> Facts {
        Facts { asker: Some(room), ..Facts::default() }
    }

    #[test]
    fn looking_needs_nothing_and_everything_else_a_voice_channel() {
        let nowhere = Facts::default();
        assert_eq!(check(&Ask::Queue { page: 1 }, &nowhere), Ok(None));
        assert_eq!(check(&Ask::NowPlaying, &nowhere), Ok(None));
        for ask in [play(), Ask::Skip { count: 1 }, Ask::Pause, Ask::Resume, Ask::Stop, Ask::Disconnect] {
            assert_eq!(check(&ask, &nowhere), Err(Refusal::NotInVoice), "{ask:?}");
            assert_eq!(check(&ask, &facts(room())), Ok(Some(HERE)), "{ask:?}");
        }
    }

    #[test]
    fn what_goes_over_others_heads_is_for_those_who_may_do_so_in_discord() {
        let change = refrain::SettingChange::AutoRejoin(refrain::AutoRejoin::Off);
        let cases = [
            (Permissions::empty(), false, false),
            (Permissions::SEND_MESSAGES | Permissions::MUTE_MEMBERS, false, false),
            (Permissions::MOVE_MEMBERS, true, false),
            (Permissions::MANAGE_GUILD, true, true),
            (Permissions::ADMINISTRATOR, true, true),
        ];
        for (rights, recover, config) in cases {
            let nowhere = Facts { rights: Some(rights), ..Facts::default() };
            assert_eq!(check(&Ask::Recover, &nowhere).is_ok(), recover, "{rights:?}");
            for ask in [Ask::Config, Ask::Configure(change)] {
                assert_eq!(check(&ask, &nowhere).is_ok(), config, "{ask:?} with {rights:?}");
            }
            assert_eq!(check(&Ask::VoiceStatus { page: 1 }, &nowhere), Ok(None), "looking is free");
        }
        let in_voice = Facts { rights: Some(Permissions::MOVE_MEMBERS), ..facts(room()) };
        assert_eq!(check(&Ask::Recover, &in_voice), Ok(Some(HERE)), "a bot without a channel comes there");
    }

    #[test]
    fn a_bot_that_plays_for_others_stays_with_them() {
        let elsewhere = |listeners| Facts { asker: Some(room()), bot: Some(THERE), listeners, ..Facts::default() };
        let refused = Err(Refusal::Elsewhere { channel: THERE });
        for ask in [play(), Ask::Skip { count: 1 }, Ask::Disconnect] {
            assert_eq!(check(&ask, &elsewhere(1)), refused, "{ask:?}");
            assert_eq!(check(&ask, &elsewhere(0)), Ok(Some(HERE)), "{ask:?}: nobody listens to it there");
        }
        let together = Facts { asker: Some(room()), bot: Some(HERE), listeners: 3, ..Facts::default() };
        assert_eq!(check(&play(), &together), Ok(Some(HERE)));
    }

    #[test]
    fn play_needs_a_channel_that_the_bot_can_enter_and_be_heard_in() {
        let missing = |permissions| Err(Refusal::Missing { channel: HERE, permissions });
        let may = |permissions| Room { permissions: Some(permissions), ..room() };
        let full = Room { limit: Some(2), occupants: 2, ..room() };
        let cases = [
            ("all there", room(), Ok(Some(HERE))),
            ("unknown, so Discord decides", Room { permissions: None, ..room() }, Ok(Some(HERE))),
            ("cannot see", may(ALL - Permissions::VIEW_CHANNEL), missing(Permissions::VIEW_CHANNEL)),
            ("cannot connect", may(ALL - Permissions::CONNECT), missing(Permissions::CONNECT)),
            ("cannot speak", may(ALL - Permissions::SPEAK), missing(Permissions::SPEAK)),
            ("nothing at all", may(Permissions::empty()), missing(ALL)),
            ("administrator", may(Permissions::all()), Ok(Some(HERE))),
            ("stage", Room { stage: true, ..room() }, Err(Refusal::Stage { channel: HERE })),
            ("room for one", Room { limit: Some(2), ..room() }, Ok(Some(HERE))),
            ("full", full.clone(), Err(Refusal::Full { channel: HERE, limit: 2 })),
            (
                "full, may move members",
                Room { permissions: Some(ALL | Permissions::MOVE_MEMBERS), ..full.clone() },
                Ok(Some(HERE)),
            ),
        ];
        for (name, room, wanted) in cases {
            assert_eq!(check(&play(), &facts(room)), wanted, "{name}");
        }
        let inside = Facts { asker: Some(full), bot: Some(HERE), listeners: 1, ..Facts::default() };
        assert_eq!(check(&play(), &inside), Ok(Some(HERE)), "full, but the bot is one of those inside");
    }

    #[test]
    fn refusals_name_what_is_missing_and_who_can_help() {
        let refusals = [
            Refusal::NotInVoice,
            Refusal::Elsewhere { channel: THERE },
            Refusal::Stage { channel: HERE },
            Refusal::Missing { channel: HERE, permissions: Permissions::CONNECT },
            Refusal::Missing { channel: HERE, permissions: ALL },
            Refusal::Full { channel: HERE, limit: 2 },
            moderates(&Facts::default()).unwrap_err(),
            manages(&Facts::default()).unwrap_err(),
        ];
        let said: Vec<_> = refusals.iter().map(Refusal::user_message).collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
