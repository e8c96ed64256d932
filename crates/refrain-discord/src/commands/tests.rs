//! What is registered with Discord, and what is understood of what comes back.

use super::*;
use refrain::{AutoRejoin, AutoResume, GuildSettings, WhenOver};
use twilight_model::{
    application::{
        command::{
            CommandOption, CommandOptionChoiceValue, CommandOptionType, CommandOptionValue as CommandOptionValueBounds,
            CommandType,
        },
        interaction::application_command::{CommandData, CommandDataOption, CommandOptionValue},
    },
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

/// What must be given: the first of the choices, the least of the numbers, and a text that is also a time.
fn required(options: &[CommandOption]) -> impl Iterator<Item = (&str, CommandOptionValue)> {
    options.iter().filter(|option| option.required == Some(true)).map(|option| {
        let first = option.choices.as_ref().and_then(|choices| choices.first()).map(|choice| &choice.value);
        let value = match (option.kind, first) {
            (CommandOptionType::Integer, _) => CommandOptionValue::Integer(least(option)),
            (CommandOptionType::Boolean, _) => CommandOptionValue::Boolean(true),
            (_, Some(CommandOptionChoiceValue::String(text))) => CommandOptionValue::String(text.clone()),
            _ => CommandOptionValue::String("1:30".into()),
        };
        (option.name.as_str(), value)
    })
}

fn least(option: &CommandOption) -> i64 {
    let Some(CommandOptionValueBounds::Integer(least)) = option.min_value else {
        panic!("{} has no bound", option.name)
    };
    least
}

fn sub(command: &str, sub: &str, options: &[(&str, CommandOptionValue)]) -> CommandData {
    let inner = data(command, options).options;
    data(command, &[(sub, CommandOptionValue::SubCommand(inner))])
}

fn config(name: &str, value: CommandOptionValue) -> CommandData {
    sub("config", name, &[("value", value)])
}

fn text(text: &str) -> CommandOptionValue {
    CommandOptionValue::String(text.into())
}

fn integer(number: i64) -> CommandOptionValue {
    CommandOptionValue::Integer(number)
}

fn switch(on: bool) -> CommandOptionValue {
    CommandOptionValue::Boolean(on)
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
    let play = |options: &[(&str, CommandOptionValue)], place| {
        let options = [&[("query", text("a song"))], options].concat();
        (data("play", &options), Ask::Play { query: "a song".into(), place })
    };
    let seconds = Duration::from_secs;
    let cases = [
        play(&[], Place::End),
        play(&[("immediate", switch(true))], Place::Next),
        play(&[("immediate", switch(false)), ("skip", switch(false))], Place::End),
        play(&[("immediate", switch(true)), ("skip", switch(true))], Place::Now),
        (data("skip", &[]), Ask::Skip { count: 1 }),
        (data("skip", &[("number", integer(3))]), Ask::Skip { count: 3 }),
        (data("skip", &[("number", integer(-5))]), Ask::Skip { count: 1 }),
        (data("skip", &[("number", integer(i64::MAX))]), Ask::Skip { count: 10_000 }),
        (data("next", &[]), Ask::Skip { count: 1 }),
        (data("skipto", &[("position", integer(4))]), Ask::SkipTo { position: 4 }),
        (data("unskip", &[]), Ask::Back),
        (data("seek", &[("time", text("1:30"))]), Ask::Seek(Jump::To(seconds(90)))),
        (data("fseek", &[("time", text("30s"))]), Ask::Seek(Jump::Ahead(seconds(30)))),
        (data("rewind", &[("time", text("100"))]), Ask::Seek(Jump::Back(seconds(100)))),
        (data("loop", &[]), Ask::Loop(LoopMode::Track)),
        (data("loop-queue", &[]), Ask::Loop(LoopMode::Queue)),
        (data("shuffle", &[]), Ask::Shuffle { on: None }),
        (data("shuffle", &[("on", switch(false))]), Ask::Shuffle { on: Some(false) }),
        (data("move", &[("from", integer(3)), ("to", integer(1))]), Ask::Move { from: 3, to: 1 }),
        (data("remove", &[]), Ask::Remove { position: 1, count: 1 }),
        (data("remove", &[("range", integer(2))]), Ask::Remove { position: 1, count: 2 }),
        (data("queue", &[("page", integer(2))]), Ask::Queue { page: 2, size: None }),
        (data("queue", &[("page-size", integer(30))]), Ask::Queue { page: 1, size: Some(30) }),
        (data("now-playing", &[]), Ask::NowPlaying),
        (data("volume", &[]), Ask::Volume { percent: None }),
        (data("volume", &[("level", integer(0))]), Ask::Volume { percent: Some(0) }),
        (data("voice-status", &[]), Ask::VoiceStatus { page: 1 }),
        (data("voice-status", &[("page", integer(2))]), Ask::VoiceStatus { page: 2 }),
        (data("recover", &[]), Ask::Recover),
    ];
    for (data, wanted) in cases {
        assert_eq!(parse(&data), Ok(wanted));
    }
}

#[test]
fn favorites_are_read() {
    let (name, query) = (("name", text("morning")), ("query", text("a song")));
    let cases = [
        ("use", vec![name.clone()], FavoritesAsk::Use { name: "morning".into(), place: Place::End }),
        (
            "use",
            vec![name.clone(), ("skip", switch(true))],
            FavoritesAsk::Use { name: "morning".into(), place: Place::Now },
        ),
        ("list", vec![], FavoritesAsk::List),
        ("create", vec![name.clone(), query], FavoritesAsk::Create { name: "morning".into(), query: "a song".into() }),
        ("remove", vec![name], FavoritesAsk::Remove { name: "morning".into() }),
    ];
    for (name, options, wanted) in cases {
        assert_eq!(parse(&sub("favorites", name, &options)), Ok(Ask::Favorites(wanted)));
    }
}

#[test]
fn each_setting_changes_what_it_says_within_its_bounds() {
    use SettingChange as Change;
    let cases = [
        ("set-auto-rejoin", text("off"), Change::AutoRejoin(AutoRejoin::Off)),
        ("set-auto-rejoin", text("also-after-kick"), Change::AutoRejoin(AutoRejoin::AlsoAfterKick)),
        ("set-auto-resume", text("paused"), Change::AutoResume(AutoResume::Paused)),
        ("set-auto-resume", text("stay-away"), Change::AutoResume(AutoResume::StayAway)),
        ("set-incident-message", text("delete"), Change::WhenOver(WhenOver::Delete)),
        ("set-playlist-limit", integer(1000), Change::PlaylistLimit(1000)),
        ("set-wait-after-queue-empties", integer(0), Change::WaitAfterQueueEmpties(0)),
        ("set-wait-after-queue-empties", integer(86_400), Change::WaitAfterQueueEmpties(86_400)),
        ("set-leave-if-no-listeners", switch(false), Change::LeaveIfNoListeners(false)),
        ("set-auto-announce-next-song", switch(true), Change::AutoAnnounceNextSong(true)),
        ("set-default-volume", integer(200), Change::DefaultVolume(200)),
        ("set-reduce-vol-when-voice", switch(true), Change::ReduceVolWhenVoice(true)),
        ("set-reduce-vol-when-voice-target", integer(100), Change::ReduceVolWhenVoiceTarget(100)),
        ("set-default-queue-page-size", integer(30), Change::DefaultQueuePageSize(30)),
    ];
    for (name, value, wanted) in cases {
        assert_eq!(parse(&config(name, value)), Ok(Ask::Configure(wanted)));
    }
    let beyond = [
        ("set-playlist-limit", 0),
        ("set-playlist-limit", 1001),
        ("set-wait-after-queue-empties", -1),
        ("set-wait-after-queue-empties", 86_401),
        ("set-default-volume", 201),
        ("set-reduce-vol-when-voice-target", 101),
        ("set-default-queue-page-size", i64::MAX),
    ];
    for (name, number) in beyond {
        assert!(matches!(parse(&config(name, integer(number))), Err(BadCommand::Range { .. })), "{name} {number}");
    }
    assert_eq!(parse(&sub("config", "get", &[])), Ok(Ask::Config));
}

/// The registered bounds are those of the settings themselves: what Discord lets through is not changed afterwards.
#[test]
fn the_bounds_of_a_setting_are_those_that_it_has() {
    let definitions = definitions();
    let definition = definitions.iter().find(|command| command.name == "config").unwrap();
    for option in &definition.options {
        for value in option.options.iter().flatten().filter(|value| value.kind == CommandOptionType::Integer) {
            let Some(CommandOptionValueBounds::Integer(most)) = value.max_value else {
                panic!("{} is unbounded", option.name)
            };
            for number in [least(value), most] {
                let Ok(Ask::Configure(change)) = parse(&config(&option.name, integer(number))) else {
                    panic!("{} {number}", option.name)
                };
                let settings = GuildSettings::default().with(change);
                assert_eq!(settings.bounded(), settings);
                assert!(
                    format!("{settings:?}").contains(&format!(": {number}")),
                    "{} {number}: {settings:?}",
                    option.name
                );
            }
        }
    }
}

#[test]
fn what_was_never_registered_is_refused() {
    assert_eq!(parse(&data("dance", &[])), Err(BadCommand::Unknown { name: "dance".into() }));
    for command in ["play", "config", "favorites", "skipto", "move", "seek"] {
        assert!(parse(&data(command, &[])).is_err(), "/{command}");
    }
    assert!(parse(&config("set-everything", text("off"))).is_err());
    assert!(parse(&config("set-auto-rejoin", text("perhaps"))).is_err());
    assert!(parse(&config("set-leave-if-no-listeners", text("yes"))).is_err());
    assert!(parse(&sub("config", "set-auto-rejoin", &[])).is_err());
    assert!(parse(&sub("config", "set-playlist-limit", &[])).is_err());
    assert!(parse(&sub("favorites", "dance", &[])).is_err());
    assert!(parse(&data("play", &[("query", integer(1))])).is_err());
    assert!(parse(&data("skip", &[("number", text("two"))])).is_err());
    assert!(parse(&data("shuffle", &[("on", integer(1))])).is_err());
}

#[test]
fn what_cannot_be_read_is_said_in_words_that_help() {
    let said = |data| parse(&data).unwrap_err().user_message();
    let all = [
        said(data("seek", &[("time", text("half past"))])),
        said(data("volume", &[("level", integer(500))])),
        said(data("queue", &[("page-size", integer(0))])),
        said(data("dance", &[])),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
