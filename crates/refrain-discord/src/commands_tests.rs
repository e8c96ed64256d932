//! What is registered with Discord, and what is understood of what comes back.

use super::*;
use twilight_model::{
    application::command::{CommandOption, CommandOptionChoiceValue, CommandOptionType},
    id::Id,
};

fn data(name: &str, options: &[(&str, CommandOptionValue)]) -> CommandData {
    let options = options.iter().map(|(name, value)| CommandDataOption { name: (*name).into(), value: value.clone() });
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

/// What must be given, with the first of the choices where there are some.
fn required(options: &[CommandOption]) -> impl Iterator<Item = (&str, CommandOptionValue)> {
    options.iter().filter(|option| option.required == Some(true)).map(|option| {
        let first = option.choices.as_ref().and_then(|choices| choices.first()).map(|choice| &choice.value);
        let text = if let Some(CommandOptionChoiceValue::String(text)) = first { text } else { "x" };
        (option.name.as_str(), CommandOptionValue::String(text.into()))
    })
}

fn config(sub: &str, value: Option<&str>) -> CommandData {
    let value = value.map(|value| CommandOptionValue::String(value.into()));
    let options = value.map(|value| CommandDataOption { name: "value".into(), value }).into_iter().collect();
    data("config", &[(sub, CommandOptionValue::SubCommand(options))])
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
        let subs: Vec<_> = definition.options.iter().filter(|o| o.kind == CommandOptionType::SubCommand).collect();
        for sub in &subs {
            let options = required(sub.options.as_deref().unwrap_or_default());
            let options = options.map(|(name, value)| CommandDataOption { name: name.into(), value }).collect();
            let data = data(&definition.name, &[(&sub.name, CommandOptionValue::SubCommand(options))]);
            assert!(parse(&data).is_ok(), "/{} {}", definition.name, sub.name);
        }
        if subs.is_empty() {
            let options: Vec<_> = required(&definition.options).collect();
            assert!(parse(&data(&definition.name, &options)).is_ok(), "/{}", definition.name);
        }
    }
}

#[test]
fn options_are_read_and_defaults_filled_in() {
    let integer = CommandOptionValue::Integer;
    let cases = [
        (data("play", &[("query", CommandOptionValue::String("a song".into()))]), Ask::Play { query: "a song".into() }),
        (data("skip", &[]), Ask::Skip { count: 1 }),
        (data("skip", &[("number", integer(3))]), Ask::Skip { count: 3 }),
        (data("skip", &[("number", integer(-5))]), Ask::Skip { count: 1 }),
        (data("skip", &[("number", integer(i64::MAX))]), Ask::Skip { count: 1000 }),
        (data("queue", &[("page", integer(2))]), Ask::Queue { page: 2 }),
        (data("now-playing", &[]), Ask::NowPlaying),
        (data("voice-status", &[]), Ask::VoiceStatus { page: 1 }),
        (data("voice-status", &[("page", integer(2))]), Ask::VoiceStatus { page: 2 }),
        (data("recover", &[]), Ask::Recover),
        (config("get", None), Ask::Config),
        (config("set-auto-rejoin", Some("off")), Ask::Configure(SettingChange::AutoRejoin(AutoRejoin::Off))),
        (
            config("set-auto-rejoin", Some("also-after-kick")),
            Ask::Configure(SettingChange::AutoRejoin(AutoRejoin::AlsoAfterKick)),
        ),
        (config("set-incident-message", Some("delete")), Ask::Configure(SettingChange::WhenOver(WhenOver::Delete))),
    ];
    for (data, wanted) in cases {
        assert_eq!(parse(&data), Ok(wanted));
    }
}

#[test]
fn what_was_never_registered_is_refused() {
    assert_eq!(parse(&data("dance", &[])), Err(BadCommand::Unknown { name: "dance".into() }));
    assert!(parse(&data("play", &[])).is_err());
    assert!(parse(&data("config", &[])).is_err());
    assert!(parse(&config("set-everything", Some("off"))).is_err());
    assert!(parse(&config("set-auto-rejoin", Some("perhaps"))).is_err());
    assert!(parse(&config("set-auto-rejoin", None)).is_err());
    assert!(parse(&data("play", &[("query", CommandOptionValue::Integer(1))])).is_err());
    assert!(parse(&data("skip", &[("number", CommandOptionValue::String("two".into()))])).is_err());
}
