//! What the killed bot has left on the disk, read from a copy by the bot's own `store` commands.

use super::model::{Found, Looping, Song};
use crate::harness::{control::text_or_number, world};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

/// How long a look into the file may take.
const LIMIT: Duration = Duration::from_secs(30);

/// What is in a data directory.
pub(super) struct Stored {
    /// The guild; `None` where the file could not be read.
    pub(super) found: Option<Found>,
    /// What is wrong with the file.
    pub(super) complaints: Vec<String>,
}

/// Copies the data directory of a dead bot to `copy` and reads what is in it.
pub(super) async fn look(bot: &Path, data: &Path, copy: &Path) -> Result<Stored> {
    let _none_yet = std::fs::remove_dir_all(copy);
    copy_folder(data, copy)?;
    // A file that is opened is repaired: it must be the first who opens it that finds it well.
    let mut complaints = Vec::new();
    for command in ["check", "export"] {
        match run(bot, command, copy).await {
            Err(error) => complaints.push(format!("{error:#}")),
            Ok(told) if command == "export" => {
                let found = read(&told).context("reading what `refrain store export` told")?;
                return Ok(Stored { found: Some(found), complaints });
            }
            Ok(_) => {}
        }
    }
    Ok(Stored { found: None, complaints })
}

async fn run(bot: &Path, command: &str, data: &Path) -> Result<String> {
    let running = tokio::process::Command::new(bot)
        .args(["store", command, "--data"])
        .arg(data)
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Ok(output) = tokio::time::timeout(LIMIT, running).await else {
        bail!("`refrain store {command}` has not ended after {} s", LIMIT.as_secs());
    };
    let output = output.with_context(|| format!("starting `refrain store {command}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`refrain store {command}` failed ({}): {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let copying = || format!("copying {}", from.display());
    std::fs::create_dir_all(to).with_context(copying)?;
    for entry in std::fs::read_dir(from).with_context(copying)? {
        let entry = entry.with_context(copying)?;
        let (path, target): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().with_context(copying)?;
        if kind.is_dir() {
            copy_folder(&path, &target)?;
        } else if kind.is_file() {
            std::fs::copy(&path, &target).with_context(copying)?;
        }
    }
    Ok(())
}

/// The guild in an export: lines of JSON, after one about the file; one is the guild's record, one each of its favorites.
pub(super) fn read(export: &str) -> Result<Found> {
    let lines = export.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>().context("a line is no JSON")?;
    let ours = |line: &&Value| text_or_number(&line["guild"]).as_deref() == Some(world::GUILD);
    let record = lines.iter().filter(ours).find(|line| line["kind"] == "guild").map(|line| &line["record"]);
    let favorites = lines.iter().filter(ours).filter(|line| line["kind"] == "favorite").filter_map(favorite);
    Ok(Found { favorites: Some(favorites.collect()), ..record.map_or_else(nothing, found) })
}

/// A guild of which nothing is kept.
fn nothing() -> Found {
    Found {
        current: Some(None),
        upcoming: Some(Vec::new()),
        history: Some(Vec::new()),
        looping: Some(Looping::Off),
        true_order: Some(None),
        in_voice: Some(false),
        volume: Some(None),
        ..Found::default()
    }
}

fn found(guild: &Value) -> Found {
    let current = guild_value(guild, "current").map(song);
    let upcoming = guild_value(guild, "upcoming").map(songs);
    let ids = ids(guild);
    let order = |order: &Value| {
        let ids = order.as_array()?.iter().filter_map(|id| Some(ids.get(&text_or_number(id)?).copied()));
        ids.collect::<Option<Vec<Song>>>()
    };
    Found {
        current,
        upcoming,
        history: guild_value(guild, "history").map(songs),
        history_is_cut: false,
        looping: guild_value(guild, "looping").and_then(looping),
        true_order: guild_value(guild, "true_order").map(order),
        in_voice: guild_value(guild, "voice_channel").map(|channel| !channel.is_null()),
        paused: guild_value(guild, "paused").and_then(Value::as_bool),
        volume: guild_value(guild, "volume").map(|volume| volume.as_u64().map(|percent| percent as u16)),
        settings: guild_value(guild, "settings").map(settings),
        playhead_ms: guild_value(guild, "playhead").and_then(playhead_ms),
        ..Found::default()
    }
}

/// The first field of this name, however deep it stands.
fn guild_value<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => {
            fields.get(name).or_else(|| fields.values().find_map(|value| guild_value(value, name)))
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn song(track: &Value) -> Option<Song> {
    Song::all_in(guild_value(track, "title")?.as_str()?).first().copied()
}

/// Doubles stay: they are what is looked for.
fn songs(tracks: &Value) -> Vec<Song> {
    tracks.as_array().into_iter().flatten().filter_map(song).collect()
}

/// The songs by the numbers that the queue gives them.
fn ids(guild: &Value) -> BTreeMap<String, Song> {
    let upcoming = guild_value(guild, "upcoming").and_then(Value::as_array);
    let pairs = upcoming.into_iter().flatten().filter_map(|track| Some((text_or_number(&track["id"])?, song(track)?)));
    pairs.collect()
}

fn looping(value: &Value) -> Option<Looping> {
    match value.as_str()? {
        "off" => Some(Looping::Off),
        "track" => Some(Looping::Track),
        "queue" => Some(Looping::Queue),
        _ => None,
    }
}

fn settings(value: &Value) -> BTreeMap<String, Value> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(field, value)| (field.clone(), value.clone())).collect()
}

fn favorite(line: &Value) -> Option<(String, Vec<Song>)> {
    let queries = line["queries"].as_array()?.iter().filter_map(Value::as_str);
    Some((line["name"].as_str()?.to_owned(), queries.filter_map(Song::of_page).collect()))
}

/// A position in milliseconds: as a number of them, or as seconds and nanoseconds.
fn playhead_ms(playhead: &Value) -> Option<f64> {
    let position = guild_value(playhead, "position_ms").or_else(|| guild_value(playhead, "position"))?;
    let parts = || Some(position["secs"].as_f64()? * 1_000.0 + position["nanos"].as_f64()? / 1e6);
    position.as_f64().or_else(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn track(id: u64, number: u16) -> Value {
        json!({ "id": id, "info": { "title": Song(number).to_string() } })
    }

    #[test]
    fn a_guild_is_read_from_its_line() {
        let guild = json!({ "kind": "guild", "guild": 1_216_000_000_000_000_001_u64, "record": {
            "voice_channel": 7, "paused": true, "volume": 70, "looping": "queue", "true_order": [6, 5],
            "current": track(4, 1), "upcoming": [track(5, 2), track(6, 3)], "history": [track(1, 9)],
            "playhead": { "track": 4, "position": { "secs": 3, "nanos": 500_000_000 } },
            "settings": { "when_over": "settle" },
        } });
        let page = format!("http://127.0.0.1:1/{}", Song(8).page());
        let favorite =
            json!({ "kind": "favorite", "guild": 1_216_000_000_000_000_001_u64, "name": "mix1", "queries": [page] });
        let found = read(&format!("{}\n{guild}\n{favorite}\n", json!({ "refrain": "store" }))).unwrap();
        assert_eq!((found.current, found.upcoming), (Some(Some(Song(1))), Some(vec![Song(2), Song(3)])));
        assert_eq!(found.true_order, Some(Some(vec![Song(3), Song(2)])));
        assert_eq!((found.history, found.looping), (Some(vec![Song(9)]), Some(Looping::Queue)));
        assert_eq!((found.in_voice, found.paused, found.volume), (Some(true), Some(true), Some(Some(70))));
        assert_eq!(found.playhead_ms, Some(3_500.0));
        assert_eq!(found.favorites.unwrap()["mix1"], [Song(8)]);
    }

    #[test]
    fn a_guild_without_a_line_has_nothing() {
        assert_eq!(read("{\"refrain\":\"store\"}\n").unwrap().current, Some(None));
        assert!(read("not JSON").is_err());
    }
}
