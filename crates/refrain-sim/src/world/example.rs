//! The example world, which tests and the documentation share.

use super::{
    Bot, Channel, ChannelKind, Gateway, Guild, Listener, Member, PrivilegedIntent, Rest, Role, User, Voice, World,
};
use crate::id::{Id, Permissions};

impl World {
    /// One guild with a text channel, two voice channels, a bot, a user with the usual rights and one who may not
    /// connect. The ids are fixed, so that tests and documents can name them.
    #[must_use]
    pub fn example() -> Self {
        let [guild, ada, mallory, bot, quiet] = [1000, 1, 2, 9000, 1101].map(Id);
        let voice = |id, name: &str| Channel {
            id: Id(id),
            name: name.into(),
            kind: ChannelKind::Voice,
            user_limit: 0,
            rtc_region: None,
            overwrites: Vec::new(),
        };
        let member = |user, roles: &[Id]| Member { user, roles: roles.to_vec(), nick: None, mute: false, deaf: false };
        let connect = Permissions::CONNECT | Permissions::SPEAK;
        let everyone = Permissions::everyone().overwritten(connect, Permissions::default());
        let (role, listeners) = (|id, name: &str, permissions| Role { id, name: name.into(), permissions }, Id(1102));
        Self {
            guilds: vec![Guild {
                id: guild,
                name: "The Listening Room".into(),
                owner: Id(3),
                roles: vec![
                    role(guild, "@everyone", everyone),
                    role(quiet, "Bots", connect),
                    role(listeners, "Listeners", connect),
                ],
                channels: vec![
                    Channel { kind: ChannelKind::Text, ..voice(1200, "requests") },
                    voice(1300, "Music"),
                    voice(1301, "Other Music"),
                ],
                members: vec![
                    member(Id(3), &[]),
                    member(ada, &[listeners]),
                    member(mallory, &[]),
                    member(bot, &[quiet]),
                ],
            }],
            users: vec![
                User { id: ada, name: "ada".into() },
                User { id: mallory, name: "mallory".into() },
                User { id: Id(3), name: "owner".into() },
            ],
            bots: vec![Bot {
                id: bot,
                application_id: bot,
                token: "OTAwMA.simulated.refrain-example-token".into(),
                name: "Refrain".into(),
                public: true,
                privileged_intents: PrivilegedIntent::ALL.to_vec(),
            }],
            voice: Voice::default(),
            rest: Rest::default(),
            listener: Listener::default(),
            gateway: Gateway::default(),
        }
    }
}
