//! The slash commands: what is registered with Discord, and what comes back when somebody uses one.

use twilight_model::{
    application::{
        command::{Command, CommandType},
        interaction::{
            InteractionContextType,
            application_command::{CommandData, CommandOptionValue},
        },
    },
    oauth::ApplicationIntegrationType,
};
use twilight_util::builder::command::{CommandBuilder, IntegerBuilder, StringBuilder};

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
}

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
    ]
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
        "pause" => Ok(Ask::Pause),
        "resume" => Ok(Ask::Resume),
        "stop" => Ok(Ask::Stop),
        "disconnect" => Ok(Ask::Disconnect),
        "queue" => Ok(Ask::Queue { page: count(data, "page")? }),
        "now-playing" => Ok(Ask::NowPlaying),
        name => Err(BadCommand::Unknown { name: name.chars().take(32).collect() }),
    }
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
mod tests {
    use super::*;
    use twilight_model::{application::interaction::application_command::CommandDataOption, id::Id};

    fn data(name: &str, options: &[(&str, CommandOptionValue)]) -> CommandData {
        let options =
            options.iter().map(|(name, value)| CommandDataOption { name: (*name).into(), value: value.clone() });
        CommandData {
            guild_id: None,
            id: Id::new(1),
            kind: CommandType::ChatInput,
            name: name.into(),
            options: options.collect(),
            resolved: None,
            target_id: None,
        }
    }

    #[test]
    fn what_is_registered_with_discord() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&definitions()).unwrap());
    }

    #[test]
    fn every_definition_is_one_that_discord_accepts() {
        for command in definitions() {
            twilight_validate::command::command(&command).unwrap();
        }
    }

    #[test]
    fn every_registered_command_is_understood() {
        for definition in definitions() {
            let options: Vec<_> = definition
                .options
                .iter()
                .filter(|option| option.required == Some(true))
                .map(|option| (option.name.as_str(), CommandOptionValue::String("x".into())))
                .collect();
            assert!(parse(&data(&definition.name, &options)).is_ok(), "/{}", definition.name);
        }
    }

    #[test]
    fn options_are_read_and_defaults_filled_in() {
        let integer = CommandOptionValue::Integer;
        let cases = [
            (
                data("play", &[("query", CommandOptionValue::String("a song".into()))]),
                Ask::Play { query: "a song".into() },
            ),
            (data("skip", &[]), Ask::Skip { count: 1 }),
            (data("skip", &[("number", integer(3))]), Ask::Skip { count: 3 }),
            (data("skip", &[("number", integer(-5))]), Ask::Skip { count: 1 }),
            (data("skip", &[("number", integer(i64::MAX))]), Ask::Skip { count: 1000 }),
            (data("queue", &[("page", integer(2))]), Ask::Queue { page: 2 }),
            (data("now-playing", &[]), Ask::NowPlaying),
        ];
        for (data, wanted) in cases {
            assert_eq!(parse(&data), Ok(wanted));
        }
    }

    #[test]
    fn what_was_never_registered_is_refused() {
        assert_eq!(parse(&data("dance", &[])), Err(BadCommand::Unknown { name: "dance".into() }));
        assert!(parse(&data("play", &[])).is_err());
        assert!(parse(&data("play", &[("query", CommandOptionValue::Integer(1))])).is_err());
        assert!(parse(&data("skip", &[("number", CommandOptionValue::String("two".into()))])).is_err());
    }
}
