//! The commands that people give, and what each does to the model.

use super::{Change, Guild, Looping, Place, Song};
use serde_json::{Value, json};
use std::fmt;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::crash) enum Command {
    Play(Song),
    /// Before the rest of the queue.
    PlayNext(Song),
    /// In place of the current song.
    PlayNow(Song),
    Skip(usize),
    SkipTo(usize),
    Previous,
    Replay,
    Seek(u32),
    Pause,
    Resume,
    Stop,
    Clear,
    Remove(usize, usize),
    Move(usize, usize),
    Undo,
    Shuffle,
    Loop,
    LoopQueue,
    Volume(u16),
    Disconnect,
    Configure(Change),
    FavoriteAdd(String, Song),
    FavoriteRemove(String),
}

/// A command that was given.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::crash) struct Given {
    pub(in crate::crash) command: Command,
    /// When, on the simulator's clock.
    pub(in crate::crash) asked_ms: f64,
}

impl Given {
    /// The guild after it. A command that makes no sense there changes nothing.
    pub(in crate::crash) fn applied_to(&self, guild: &Guild) -> Guild {
        let mut after = guild.clone();
        let (guild, asked_ms) = (&mut after, self.asked_ms);
        match &self.command {
            Command::Play(song) => guild.add(*song, guild.upcoming.len(), asked_ms),
            Command::PlayNext(song) => guild.add(*song, 0, asked_ms),
            Command::PlayNow(song) => {
                guild.add(*song, 0, asked_ms);
                guild.interrupt_for(*song, asked_ms);
            }
            Command::Skip(count) => guild.skip(*count, asked_ms),
            Command::SkipTo(position) if *position <= guild.upcoming.len() => guild.skip(*position, asked_ms),
            Command::SkipTo(_) => {}
            Command::Previous => guild.previous(asked_ms),
            Command::Replay if guild.current.is_some() => guild.begins(asked_ms),
            Command::Replay => {}
            Command::Seek(seconds) if guild.in_voice && guild.current.is_some() => {
                guild.place = Place::Put { at_ms: f64::from(*seconds) * 1_000.0, asked_ms };
            }
            Command::Seek(_) => {}
            Command::Pause => guild.paused |= guild.plays(),
            Command::Resume if guild.current.is_some() => (guild.paused, guild.in_voice) = (false, true),
            Command::Resume => {}
            Command::Stop => guild.take_all(),
            Command::Clear => guild.remove(1, guild.upcoming.len()),
            Command::Remove(position, count) => guild.remove(*position, *count),
            Command::Move(from, to) => guild.move_song(*from, *to),
            Command::Undo => guild.undo(asked_ms),
            Command::Shuffle => guild.shuffle(),
            Command::Loop => guild.toggle(Looping::Track),
            Command::LoopQueue => guild.toggle(Looping::Queue),
            Command::Volume(percent) => guild.volume = Some(*percent),
            Command::Disconnect if guild.in_voice || guild.current.is_some() => {
                guild.take_all();
                (guild.in_voice, guild.volume, guild.looping) = (false, None, Looping::Off);
            }
            Command::Disconnect => {}
            Command::Configure(change) => drop(guild.settings.insert(change.field, change.stored.clone())),
            Command::FavoriteAdd(name, song) => drop(guild.favorites.insert(name.clone(), vec![*song])),
            Command::FavoriteRemove(name) => drop(guild.favorites.remove(name)),
        }
        after
    }
}

impl Guild {
    fn toggle(&mut self, mode: Looping) {
        self.looping = if self.looping == mode { Looping::Off } else { mode };
    }
}

impl Command {
    /// Its name, and its options.
    pub(in crate::crash) fn words(&self, media: &str) -> (&'static str, Value) {
        let page = |song: &Song| format!("{media}{}", song.page());
        match self {
            Self::Play(song) => ("play", json!({ "query": page(song) })),
            Self::PlayNext(song) => ("play", json!({ "query": page(song), "immediate": true })),
            Self::PlayNow(song) => ("play", json!({ "query": page(song), "skip": true })),
            Self::Skip(count) => ("skip", json!({ "number": count })),
            Self::SkipTo(position) => ("skipto", json!({ "position": position })),
            Self::Previous => ("back", json!({})),
            Self::Replay => ("replay", json!({})),
            Self::Seek(seconds) => ("seek", json!({ "time": format!("{}:{:02}", seconds / 60, seconds % 60) })),
            Self::Pause => ("pause", json!({})),
            Self::Resume => ("resume", json!({})),
            Self::Stop => ("stop", json!({})),
            Self::Clear => ("clear", json!({})),
            Self::Remove(position, count) => ("remove", json!({ "position": position, "range": count })),
            Self::Move(from, to) => ("move", json!({ "from": from, "to": to })),
            Self::Undo => ("undo", json!({})),
            Self::Shuffle => ("shuffle", json!({})),
            Self::Loop => ("loop", json!({})),
            Self::LoopQueue => ("loop-queue", json!({})),
            Self::Volume(percent) => ("volume", json!({ "level": percent })),
            Self::Disconnect => ("disconnect", json!({})),
            Self::Configure(change) => (change.command, json!({ "value": change.given })),
            Self::FavoriteAdd(name, song) => ("favorites create", json!({ "name": name, "query": page(song) })),
            Self::FavoriteRemove(name) => ("favorites remove", json!({ "name": name })),
        }
    }

    /// The song that it asks for.
    pub(in crate::crash) const fn song(&self) -> Option<Song> {
        if let Self::Play(song) | Self::PlayNext(song) | Self::PlayNow(song) = self { Some(*song) } else { None }
    }

    /// The bot must look something up, or join, before it answers.
    pub(in crate::crash) const fn is_slow(&self) -> bool {
        self.song().is_some()
    }

    /// It is for whoever the guild belongs to.
    pub(in crate::crash) const fn is_owners(&self) -> bool {
        matches!(self, Self::Configure(_) | Self::FavoriteAdd(..) | Self::FavoriteRemove(_))
    }
}

/// As a person types it.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, options) = self.words("");
        write!(f, "/{name}")?;
        for (option, value) in options.as_object().into_iter().flatten() {
            match value {
                Value::String(text) => write!(f, " {text}")?,
                Value::Bool(true) if option != "value" => write!(f, " {option}")?,
                other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    write!(f, " {other}")?
                }
            }
        }
        Ok(())
    }
}
