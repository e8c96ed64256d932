//! The steps, in their order.

use super::world::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something that a music bot must manage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Identifies at the gateway and is told of its guilds.
    Login,
    /// Registers its commands.
    Commands,
    /// Acknowledges a command within three seconds and answers it.
    Interaction,
    /// Joins the person's voice channel.
    Join,
    /// Plays for ten seconds.
    Play,
    /// Leaves when it is told to.
    Leave,
    /// The voice socket is closed with 4006, session no longer valid.
    #[serde(rename = "4006")]
    #[value(name = "4006")]
    Invalid,
    /// The voice socket is closed with 4015, voice server crashed; the session can be resumed.
    #[serde(rename = "4015")]
    #[value(name = "4015")]
    Crashed,
    /// The voice socket ends with a TCP reset.
    Reset,
    /// A moderator moves the bot to another channel.
    Move,
    /// A new voice server is announced.
    ServerUpdate,
    /// All clients play in one channel.
    Party,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Login,
        Self::Commands,
        Self::Interaction,
        Self::Join,
        Self::Play,
        Self::Leave,
        Self::Invalid,
        Self::Crashed,
        Self::Reset,
        Self::Move,
        Self::ServerUpdate,
        Self::Party,
    ];

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Commands => "commands",
            Self::Interaction => "interaction",
            Self::Join => "join",
            Self::Play => "play",
            Self::Leave => "leave",
            Self::Invalid => "4006",
            Self::Crashed => "4015",
            Self::Reset => "reset",
            Self::Move => "move",
            Self::ServerUpdate => "server-update",
            Self::Party => "party",
        }
    }

    /// The fault's kind and fields, where the step is one.
    pub(super) fn fault(self, place: &Place) -> Option<(&'static str, Value)> {
        match self {
            Self::Invalid => Some(("close", json!({ "code": 4006 }))),
            Self::Crashed => Some(("close", json!({ "code": 4015 }))),
            Self::Reset => Some(("reset", json!({}))),
            Self::Move => Some(("move", json!({ "channel": place.lounge }))),
            Self::ServerUpdate => Some(("server_update", json!({}))),
            Self::Login | Self::Commands | Self::Interaction | Self::Join | Self::Play | Self::Leave | Self::Party => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn a_step_is_called_the_same_on_the_command_line_and_in_the_files() {
        for step in Step::ALL {
            assert_eq!(Step::from_str(step.name(), false), Ok(step));
            assert_eq!(serde_json::to_value(step).unwrap(), step.name());
        }
    }
}
