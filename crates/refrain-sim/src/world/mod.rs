//! The world file: which guilds, channels, people and bots there are. While the simulator runs, faults and the control
//! API may change it: `Hub::world` and `Hub::change_world`.

mod check;
mod example;
mod gateway;
mod listener;
mod rest;
mod rights;

use serde::{Deserialize, Serialize};

use crate::{
    id::{Id, Permissions},
    voice::{Dave, DavePolicy},
};

pub use check::WorldError;
pub use gateway::{Gateway, PrivilegedIntent};
pub use listener::Listener;
pub use rest::{Rest, RouteLimit};

/// Everything there is. `docs/simulator.md` describes the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The guilds.
    pub guilds: Vec<Guild>,
    /// The people.
    #[serde(default)]
    pub users: Vec<User>,
    /// The bots that may log in.
    pub bots: Vec<Bot>,
    /// How voice behaves.
    #[serde(default)]
    pub voice: Voice,
    /// How the REST API behaves.
    #[serde(default)]
    pub rest: Rest,
    /// How closely it is listened to what bots play.
    #[serde(default)]
    pub listener: Listener,
    /// How the main gateway treats those who log in.
    #[serde(default)]
    pub gateway: Gateway,
}

/// A guild.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guild {
    /// Its id, which is also the id of its `@everyone` role.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The user who owns it.
    pub owner: Id,
    /// Its roles. Where `@everyone` is missing it is added with the rights of a new guild.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// Its members, the bots among them.
    pub members: Vec<Member>,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What its holders may do in the guild.
    pub permissions: Permissions,
}

/// A channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: ChannelKind,
    /// How many people fit into a voice channel; 0 is no limit.
    #[serde(default)]
    pub user_limit: u32,
    /// The voice region that was chosen for a voice channel; none is automatic.
    #[serde(default)]
    pub rtc_region: Option<String>,
    /// Exceptions from the guild's rights.
    #[serde(default)]
    pub overwrites: Vec<Overwrite>,
}

/// What a channel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Messages.
    Text,
    /// Voice (and messages).
    Voice,
    /// Voice for an audience: who joins is suppressed until a moderator, or a member who may, lifts that.
    Stage,
}

impl ChannelKind {
    /// The documented channel type number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Voice => 2,
            Self::Stage => 13,
        }
    }

    /// Whether members can talk to each other in it: voice channels and stages.
    #[must_use]
    pub fn is_voice(self) -> bool {
        match self {
            Self::Text => false,
            Self::Voice | Self::Stage => true,
        }
    }
}

/// An exception from the guild's rights in one channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overwrite {
    /// The role or the user it is for.
    pub id: Id,
    /// Which of the two.
    #[serde(rename = "type")]
    pub kind: OverwriteKind,
    /// Granted here.
    #[serde(default)]
    pub allow: Permissions,
    /// Taken away here.
    #[serde(default)]
    pub deny: Permissions,
}

/// Whom an overwrite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverwriteKind {
    /// A role's holders.
    Role,
    /// One member.
    Member,
}

/// A member of a guild.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The user or the bot.
    pub user: Id,
    /// The roles held, `@everyone` left out.
    #[serde(default)]
    pub roles: Vec<Id>,
    /// The name in this guild.
    #[serde(default)]
    pub nick: Option<String>,
    /// Whether a moderator has muted the member in all voice channels of the guild.
    #[serde(default)]
    pub mute: bool,
    /// Whether a moderator has deafened the member in all voice channels of the guild.
    #[serde(default)]
    pub deaf: bool,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The id.
    pub id: Id,
    /// The username.
    pub name: String,
}

/// A bot and its application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    /// The bot user's id.
    pub id: Id,
    /// The application's id; often the same.
    pub application_id: Id,
    /// What it logs in with.
    pub token: String,
    /// Its username.
    pub name: String,
    /// Whether everybody may invite it.
    #[serde(default = "yes")]
    pub public: bool,
    /// The privileged intents that its application was granted; all of them, where it is not said.
    #[serde(default = "all_intents")]
    pub privileged_intents: Vec<PrivilegedIntent>,
}

/// How voice behaves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Voice {
    /// What an op 4 for the channel one is already in brings.
    pub same_channel_op4: SameChannel,
    /// Delay of each frame that the voice gateway sends, in milliseconds.
    pub latency_ms: u64,
    /// The heartbeat interval that voice Hello asks for, in milliseconds.
    pub heartbeat_interval_ms: u64,
    /// How many voice servers there are, 1 to 8, each in a region of its own.
    pub servers: u8,
    /// What stands before the port in the endpoints.
    pub host: VoiceHost,
    /// End-to-end encryption: `0` never, `1` while everybody in the channel speaks it, `"required"`.
    pub dave: DavePolicy,
    /// How long a transition of the end-to-end encryption waits for clients that do not say they are ready, in
    /// milliseconds.
    pub dave_transition_ms: u64,
    /// After how long people without a client of their own commit to a change of their group if no bot did, in
    /// milliseconds; 0 lets them win always.
    pub people_commit_ms: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            same_channel_op4: SameChannel::Unanswered,
            latency_ms: 0,
            heartbeat_interval_ms: 13_750,
            servers: 2,
            host: VoiceHost::Name,
            dave: DavePolicy::Required,
            dave_transition_ms: 2000,
            people_commit_ms: 250,
        }
    }
}

/// What stands before the port in a voice endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoiceHost {
    /// A name, as Discord has it.
    #[serde(rename = "localhost")]
    Name,
    /// The address.
    #[serde(rename = "127.0.0.1")]
    Address,
}

impl VoiceHost {
    /// The text in the endpoint.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Name => "localhost",
            Self::Address => "127.0.0.1",
        }
    }
}

impl Voice {
    /// How the voice servers treat end-to-end encryption.
    #[must_use]
    pub fn dave(&self) -> Dave {
        Dave {
            policy: self.dave,
            transition_limit_ms: self.dave_transition_ms as f64,
            people_commit_ms: self.people_commit_ms as f64,
        }
    }
}

/// What an op 4 for the channel one is already in brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameChannel {
    /// No VOICE_SERVER_UPDATE, and a state update only if something else changed.
    Unanswered,
    /// Both halves again, with a new token.
    Answered,
}

fn all_intents() -> Vec<PrivilegedIntent> {
    PrivilegedIntent::ALL.to_vec()
}

fn yes() -> bool {
    true
}

/// A user or a bot, as others see it.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The id.
    pub id: Id,
    /// The username.
    pub name: &'a str,
    /// Whether it is a bot.
    pub bot: bool,
}

impl World {
    /// A guild by id.
    #[must_use]
    pub fn guild(&self, id: Id) -> Option<&Guild> {
        self.guilds.iter().find(|guild| guild.id == id)
    }

    /// A guild to be changed.
    pub(crate) fn guild_mut(&mut self, id: Id) -> Option<&mut Guild> {
        self.guilds.iter_mut().find(|guild| guild.id == id)
    }

    /// A channel by id, with its guild.
    #[must_use]
    pub fn channel(&self, id: Id) -> Option<(&Guild, &Channel)> {
        self.guilds.iter().find_map(|guild| guild.channel(id).map(|channel| (guild, channel)))
    }

    /// A user or a bot by id.
    #[must_use]
    pub fn person(&self, id: Id) -> Option<Person<'_>> {
        let user = self.users.iter().find(|user| user.id == id);
        let user = user.map(|user| Person { id, name: &user.name, bot: false });
        user.or_else(|| self.bot(id).map(|bot| Person { id, name: &bot.name, bot: true }))
    }

    /// A bot by its user id.
    #[must_use]
    pub fn bot(&self, id: Id) -> Option<&Bot> {
        self.bots.iter().find(|bot| bot.id == id)
    }

    /// A bot by its application's id.
    #[must_use]
    pub fn application(&self, id: Id) -> Option<&Bot> {
        self.bots.iter().find(|bot| bot.application_id == id)
    }
}

impl Guild {
    /// A channel to be changed.
    pub(crate) fn channel_mut(&mut self, id: Id) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    /// A channel of this guild.
    #[must_use]
    pub fn channel(&self, id: Id) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// A member of this guild.
    #[must_use]
    pub fn member(&self, user: Id) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }

    /// The shard, of `count`, that this guild's events go to.
    #[must_use]
    pub fn shard(&self, count: u64) -> u64 {
        (self.id.0 >> 22) % count.max(1)
    }
}
