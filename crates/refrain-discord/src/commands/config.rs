//! `/config`: what a guild can set, with its bounds.

use super::{BadCommand, options::Options};
use refrain::{AutoRejoin, AutoResume, SettingChange, WhenOver};
use refrain_model::MAX_VOLUME;
use twilight_util::builder::command::{BooleanBuilder, IntegerBuilder, StringBuilder, SubCommandBuilder};

/// `set-auto-rejoin`: what people choose from, and what it means.
pub(crate) const AUTO_REJOIN: [(&str, AutoRejoin, &str); 3] = [
    ("off", AutoRejoin::Off, "Never: I stay out until somebody asks"),
    ("after-faults", AutoRejoin::AfterFaults, "After faults, not after somebody disconnected me"),
    ("also-after-kick", AutoRejoin::AlsoAfterKick, "Also after somebody disconnected me"),
];

/// `set-auto-resume`: what people choose from, and what it means.
pub(crate) const AUTO_RESUME: [(&str, AutoResume, &str); 3] = [
    ("resume", AutoResume::Resume, "I come back and go on where the music stopped"),
    ("paused", AutoResume::Paused, "I come back and wait, paused, for Resume"),
    ("stay-away", AutoResume::StayAway, "I stay away and keep the queue; /resume brings me back"),
];

/// `set-incident-message`: what people choose from, and what it means.
pub(crate) const WHEN_OVER: [(&str, WhenOver, &str); 3] = [
    ("tidy", WhenOver::Tidy, "One line stays; none after a short interruption"),
    ("keep", WhenOver::Settle, "One line stays"),
    ("delete", WhenOver::Delete, "Deleted once it is over"),
];

const REJOIN: &str = "set-auto-rejoin";
const RESUME: &str = "set-auto-resume";
const INCIDENT: &str = "set-incident-message";
/// The one option of each of them.
const VALUE: &str = "value";

/// A setting that is a number. It is narrowed only after it has been checked.
struct Number {
    name: &'static str,
    description: &'static str,
    least: u32,
    most: u32,
    change: fn(u32) -> SettingChange,
}

const NUMBERS: [Number; 5] = [
    Number {
        name: "set-playlist-limit",
        description: "The most tracks that one request may add",
        least: 1,
        most: 1000,
        change: |tracks| SettingChange::PlaylistLimit(narrow(tracks)),
    },
    Number {
        name: "set-wait-after-queue-empties",
        description: "Seconds until I leave when the queue has run out (0: never)",
        least: 0,
        most: 86_400,
        change: SettingChange::WaitAfterQueueEmpties,
    },
    Number {
        name: "set-default-volume",
        description: "The volume that I begin with, in per cent",
        least: 0,
        most: MAX_VOLUME as u32,
        change: |percent| SettingChange::DefaultVolume(narrow(percent)),
    },
    Number {
        name: "set-reduce-vol-when-voice-target",
        description: "The volume while somebody speaks, in per cent (kept; no effect in this version)",
        least: 0,
        most: 100,
        change: |percent| SettingChange::ReduceVolWhenVoiceTarget(narrow(percent)),
    },
    Number {
        name: "set-default-queue-page-size",
        description: "Tracks on a page of /queue",
        least: 1,
        most: super::MAX_PAGE_SIZE as u32,
        change: |tracks| SettingChange::DefaultQueuePageSize(narrow(tracks)),
    },
];

/// A setting that is on or off.
struct Switch {
    name: &'static str,
    description: &'static str,
    change: fn(bool) -> SettingChange,
}

const SWITCHES: [Switch; 3] = [
    Switch {
        name: "set-leave-if-no-listeners",
        description: "Leave when nobody has listened for a minute; the queue is kept",
        change: SettingChange::LeaveIfNoListeners,
    },
    Switch {
        name: "set-auto-announce-next-song",
        description: "Say in a new message when the next song begins; else the one that is there changes",
        change: SettingChange::AutoAnnounceNextSong,
    },
    Switch {
        name: "set-reduce-vol-when-voice",
        description: "Play more quietly while somebody speaks (kept; no effect in this version)",
        change: SettingChange::ReduceVolWhenVoice,
    },
];

/// The sub-commands, as they are registered.
pub(super) fn sub_commands() -> Vec<SubCommandBuilder> {
    let mut all = vec![
        SubCommandBuilder::new("get", "Show the settings of this server"),
        choosing(REJOIN, "When I come back to the voice channel by myself", &AUTO_REJOIN),
        choosing(INCIDENT, "What becomes of a message about an interruption", &WHEN_OVER),
        choosing(RESUME, "What I do with the music after I was restarted", &AUTO_RESUME),
    ];
    all.extend(NUMBERS.iter().map(|number| {
        let value = IntegerBuilder::new(VALUE, format!("From {} to {}", number.least, number.most));
        let value = value.required(true).min_value(number.least.into()).max_value(number.most.into());
        SubCommandBuilder::new(number.name, number.description).option(value)
    }));
    all.extend(SWITCHES.iter().map(|switch| {
        let value = BooleanBuilder::new(VALUE, "Whether it is to be so").required(true);
        SubCommandBuilder::new(switch.name, switch.description).option(value)
    }));
    all
}

/// A sub-command that takes one of a few values.
fn choosing<T>(name: &str, description: &str, values: &[(&str, T, &str)]) -> SubCommandBuilder {
    let choices = values.iter().map(|(value, _, words)| (*words, *value));
    SubCommandBuilder::new(name, description)
        .option(StringBuilder::new(VALUE, "What it is to be").required(true).choices(choices))
}

/// What a `set-…` is to change; `None` for one that there is not.
pub(super) fn change(sub: &str, options: Options<'_>) -> Result<Option<SettingChange>, BadCommand> {
    let change = match sub {
        REJOIN => SettingChange::AutoRejoin(options.choice(VALUE, &AUTO_REJOIN)?),
        RESUME => SettingChange::AutoResume(options.choice(VALUE, &AUTO_RESUME)?),
        INCIDENT => SettingChange::WhenOver(options.choice(VALUE, &WHEN_OVER)?),
        _ => return number_or_switch(sub, options),
    };
    Ok(Some(change))
}

fn number_or_switch(sub: &str, options: Options<'_>) -> Result<Option<SettingChange>, BadCommand> {
    let missing = || BadCommand::Option { name: options.command.to_owned(), option: VALUE };
    if let Some(number) = NUMBERS.iter().find(|number| number.name == sub) {
        let value = options.number(VALUE, number.least.into()..=number.most.into())?.ok_or_else(missing)?;
        return Ok(u32::try_from(value).ok().map(number.change));
    }
    match SWITCHES.iter().find(|switch| switch.name == sub) {
        Some(switch) => Ok(Some((switch.change)(options.switch(VALUE)?.ok_or_else(missing)?))),
        None => Ok(None),
    }
}

fn narrow(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
