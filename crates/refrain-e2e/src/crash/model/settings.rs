//! The settings of a guild, and how they are changed.

use crate::track::Dice;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What was set, by the name that the store gives it; what is not here is as it always was.
pub(in crate::crash) type Settings = BTreeMap<&'static str, Value>;

/// A setting that is given a value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::crash) struct Change {
    /// The command.
    pub(in crate::crash) command: &'static str,
    /// What is given as its value.
    pub(in crate::crash) given: Value,
    /// The store's name for it.
    pub(super) field: &'static str,
    /// What it is then.
    pub(super) stored: Value,
}

/// A value as it is given, and as it is kept.
type Choice = (Value, Value);

/// What can be set: the command, the field, the values. None of them lets the bot leave by itself within a run.
fn catalogue() -> Vec<(&'static str, &'static str, Vec<Choice>)> {
    let words = |pairs: &[(&str, &str)]| pairs.iter().map(|(given, kept)| (json!(given), json!(kept))).collect();
    let same = |values: Vec<Value>| values.into_iter().map(|value| (value.clone(), value)).collect();
    vec![
        (
            "config set-auto-rejoin",
            "auto_rejoin",
            words(&[("after-faults", "after-faults"), ("also-after-kick", "also-after-kick")]),
        ),
        (
            "config set-incident-message",
            "when_over",
            words(&[("tidy", "tidy"), ("keep", "settle"), ("delete", "delete")]),
        ),
        (
            "config set-auto-resume",
            "auto_resume",
            words(&[("resume", "resume"), ("resume", "resume"), ("paused", "paused"), ("stay-away", "stay-away")]),
        ),
        ("config set-playlist-limit", "playlist_limit", same(vec![json!(20), json!(50), json!(200)])),
        (
            "config set-wait-after-queue-empties",
            "wait_after_queue_empties",
            same(vec![json!(0), json!(600), json!(3600)]),
        ),
        ("config set-leave-if-no-listeners", "leave_if_no_listeners", same(vec![json!(true), json!(false)])),
        ("config set-default-volume", "default_volume", same(vec![json!(60), json!(80), json!(100)])),
        ("config set-default-queue-page-size", "default_queue_page_size", same(vec![json!(5), json!(10), json!(30)])),
    ]
}

/// A change drawn from all that there are.
pub(in crate::crash) fn any_change(dice: &mut Dice) -> Change {
    let mut all = catalogue();
    let (command, field, mut choices) = all.swap_remove(dice.below(all.len()));
    let (given, stored) = choices.swap_remove(dice.below(choices.len()));
    Change { command, given, field, stored }
}

/// The change that has a restarted bot go on by itself.
pub(in crate::crash) fn to_resume() -> Change {
    Change { command: "config set-auto-resume", given: json!("resume"), field: "auto_resume", stored: json!("resume") }
}
