//! The slash commands: what is registered with Discord, and what comes back when somebody uses one.

use refrain::{AutoRejoin, SettingChange, WhenOver};
use twilight_model::{
    application::{
        command::{Command, CommandType},
        interaction::{
            InteractionContextType,
            application_command::{CommandData, CommandDataOption, CommandOptionValue},
        },
    },
    guild::Permissions,
    oauth::ApplicationIntegrationType,
};
use twilight_util::builder::command::{CommandBuilder, IntegerBuilder, StringBuilder, SubCommandBuilder};

/// The longest query Discord lets people type; a link or a search needs no more.
const MAX_QUERY: u16 = 500;
/// The most tracks one `/skip` passes over, and the highest page of `/queue`.
const MAX_COUNT: u16 = 1000;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// `/play query`.
    Play {
        /// A link or words to search for, as typed.
        query: String,
    },
    /// `/skip [number]`.
    Skip {
        /// How many tracks, from 1.
        count: usize,
    },
    /// `/pause`.
    Pause,
    /// `/resume`.
    Resume,
    /// `/stop`.
    Stop,
    /// `/disconnect`.
    Disconnect,
    /// `/queue [page]`.
    Queue {
        /// Which page, from 1.
        page: usize,
    },
    /// `/now-playing`.
    NowPlaying,
    /// `/voice-status [page]`.
    VoiceStatus {
        /// Which page of the timeline, from 1.
        page: usize,
    },
    /// `/recover`.
    Recover,
    /// `/config get`.
    Config,
    /// `/config set-… value`.
    Configure(SettingChange),
}

/// `/config set-auto-rejoin`: what people choose from, and what it means.
pub(crate) const AUTO_REJOIN: [(&str, AutoRejoin, &str); 3] = [
    ("off", AutoRejoin::Off, "Never: I stay out until somebody asks"),
    ("after-faults", AutoRejoin::AfterFaults, "After faults, not after somebody disconnected me"),
    ("also-after-kick", AutoRejoin::AlsoAfterKick, "Also after somebody disconnected me"),
];

/// `/config set-incident-message`: what people choose from, and what it means.
pub(crate) const WHEN_OVER: [(&str, WhenOver, &str); 3] = [
    ("tidy", WhenOver::Tidy, "One line stays; none after a short interruption"),
    ("keep", WhenOver::Settle, "One line stays"),
    ("delete", WhenOver::Delete, "Deleted once it is over"),
];

/// A command that this version does not know, or one whose options are not what was registered: a command registered by
/// another version, within the hour in which Discord spreads a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadCommand {
    #[error("unknown command /{name}")]
    Unknown { name: String },
    #[error("/{name} without its option `{option}`, or with one of another type")]
    Option { name: String, option: &'static str },
}

impl BadCommand {
    /// What to tell the person.
    pub(crate) fn user_message(&self) -> String {
        "I do not know that command (any more). Discord may still show an old list: press Ctrl+R, or try again in a few \
         minutes."
            .into()
    }
}

/// All commands, as they are registered.
pub(crate) fn definitions() -> Vec<Command> {
    vec![
        command("play", "Play a link or search for a song; queued when something plays already")
            .option(
                StringBuilder::new("query", "A link, or words to search for")
                    .required(true)
                    .min_length(1)
                    .max_length(MAX_QUERY),
            )
            .build(),
        command("skip", "Skip the current track, or several")
            .option(number("number", "How many tracks to skip (1 if left out)"))
            .build(),
        command("pause", "Pause the music").build(),
        command("resume", "Go on with the music").build(),
        command("stop", "Stop the music and clear the queue; I stay in the channel").build(),
        command("disconnect", "Stop the music, clear the queue and leave the voice channel").build(),
        command("queue", "Show what comes next").option(number("page", "Which page (the first if left out)")).build(),
        command("now-playing", "Show what is playing and how far it is").build(),
        command("voice-status", "Show how my voice connection is and what happened to it")
            .option(number("page", "Which page of what happened (the newest if left out)"))
            .build(),
        command("recover", "Bring me back to the voice channel now: ends any wait, and works after a kick too").build(),
        // Others do not even see it. What they may do is checked all the same when it is used.
        command("config", "Settings of this server")
            .default_member_permissions(Permissions::MANAGE_GUILD)
            .option(SubCommandBuilder::new("get", "Show the settings of this server"))
            .option(setting("set-auto-rejoin", "When I come back to the voice channel by myself", &AUTO_REJOIN))
            .option(setting("set-incident-message", "What becomes of a message about an interruption", &WHEN_OVER))
            .build(),
    ]
}

/// A sub-command that takes one of a few values.
fn setting<T>(name: &str, description: &str, values: &[(&str, T, &str)]) -> SubCommandBuilder {
    let choices = values.iter().map(|(value, _, words)| (*words, *value));
    SubCommandBuilder::new(name, description)
        .option(StringBuilder::new("value", "What it is to be").required(true).choices(choices))
}

fn command(name: &str, description: &str) -> CommandBuilder {
    CommandBuilder::new(name, description, CommandType::ChatInput)
        .contexts([InteractionContextType::Guild])
        .integration_types([ApplicationIntegrationType::GuildInstall])
}

fn number(name: &str, description: &str) -> IntegerBuilder {
    IntegerBuilder::new(name, description).min_value(1).max_value(MAX_COUNT.into())
}

/// Reads what somebody asks for. Discord has checked the options against the definitions; nothing is taken on trust.
pub(crate) fn parse(data: &CommandData) -> Result<Ask, BadCommand> {
    match data.name.as_str() {
        "play" => Ok(Ask::Play { query: text(data, "query")? }),
        "skip" => Ok(Ask::Skip { count: count(data, "number")? }),
        "voice-status" => Ok(Ask::VoiceStatus { page: count(data, "page")? }),
        "recover" => Ok(Ask::Recover),
        "config" => config(data),
        "pause" => Ok(Ask::Pause),
        "resume" => Ok(Ask::Resume),
        "stop" => Ok(Ask::Stop),
        "disconnect" => Ok(Ask::Disconnect),
        "queue" => Ok(Ask::Queue { page: count(data, "page")? }),
        "now-playing" => Ok(Ask::NowPlaying),
        name => Err(BadCommand::Unknown { name: name.chars().take(32).collect() }),
    }
}

/// The sub-commands of `/config`.
fn config(data: &CommandData) -> Result<Ask, BadCommand> {
    let unknown = || BadCommand::Unknown { name: data.name.clone() };
    let [CommandDataOption { name, value: CommandOptionValue::SubCommand(options) }] = data.options.as_slice() else {
        return Err(unknown());
    };
    let ask = match name.as_str() {
        "get" => Some(Ask::Config),
        "set-auto-rejoin" => choice(options, &AUTO_REJOIN).map(SettingChange::AutoRejoin).map(Ask::Configure),
        "set-incident-message" => choice(options, &WHEN_OVER).map(SettingChange::WhenOver).map(Ask::Configure),
        _ => None,
    };
    ask.ok_or_else(unknown)
}

fn choice<T: Copy>(options: &[CommandDataOption], values: &[(&str, T, &str)]) -> Option<T> {
    let given = options.iter().find(|option| option.name == "value").map(|option| &option.value)?;
    values.iter().find(|(value, ..)| *given == CommandOptionValue::String((*value).into())).map(|(_, value, _)| *value)
}

fn option<'a>(data: &'a CommandData, name: &str) -> Option<&'a CommandOptionValue> {
    data.options.iter().find(|option| option.name == name).map(|option| &option.value)
}

fn text(data: &CommandData, name: &'static str) -> Result<String, BadCommand> {
    if let Some(CommandOptionValue::String(text)) = option(data, name) {
        Ok(text.clone())
    } else {
        Err(BadCommand::Option { name: data.name.clone(), option: name })
    }
}

/// A number from 1; left out it is 1, and what is out of range is brought into it.
fn count(data: &CommandData, name: &'static str) -> Result<usize, BadCommand> {
    let given = match option(data, name) {
        None => return Ok(1),
        Some(given) => given,
    };
    if let CommandOptionValue::Integer(number) = given {
        Ok(usize::try_from((*number).clamp(1, MAX_COUNT.into())).unwrap_or(1))
    } else {
        Err(BadCommand::Option { name: data.name.clone(), option: name })
    }
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
