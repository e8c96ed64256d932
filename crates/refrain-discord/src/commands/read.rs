//! What comes back from Discord, read.

use super::{Ask, BadCommand, FavoritesAsk, Jump, MAX_PAGE_SIZE, config, options::Options};
use refrain::{LoopMode, Place};
use refrain_model::MAX_VOLUME;
use twilight_model::application::interaction::application_command::{
    CommandData, CommandDataOption, CommandOptionValue,
};

/// Reads what somebody asks for.
pub(crate) fn parse(data: &CommandData) -> Result<Ask, BadCommand> {
    let options = Options { command: &data.name, given: &data.options };
    if let Some(ask) = plain(&data.name) {
        return Ok(ask);
    }
    match data.name.as_str() {
        "play" => Ok(Ask::Play { query: options.text("query")?, place: place(options)? }),
        "skip" => Ok(Ask::Skip { count: options.count("number")?.unwrap_or(1) }),
        "skipto" => Ok(Ask::SkipTo { position: options.position("position")? }),
        "seek" => Ok(Ask::Seek(Jump::To(options.time("time")?))),
        "fseek" => Ok(Ask::Seek(Jump::Ahead(options.time("time")?))),
        "rewind" => Ok(Ask::Seek(Jump::Back(options.time("time")?))),
        "shuffle" => Ok(Ask::Shuffle { on: options.switch("on")? }),
        "move" => Ok(Ask::Move { from: options.position("from")?, to: options.position("to")? }),
        "remove" => {
            let (position, count) = (options.count("position")?, options.count("range")?);
            Ok(Ask::Remove { position: position.unwrap_or(1), count: count.unwrap_or(1) })
        }
        "queue" => {
            let size = options.number("page-size", 1..=MAX_PAGE_SIZE.into())?;
            let size = size.and_then(|size| usize::try_from(size).ok());
            Ok(Ask::Queue { page: options.count("page")?.unwrap_or(1), size })
        }
        "volume" => {
            let percent = options.number("level", 0..=MAX_VOLUME.into())?;
            Ok(Ask::Volume { percent: percent.and_then(|percent| u16::try_from(percent).ok()) })
        }
        "voice-status" => Ok(Ask::VoiceStatus { page: options.count("page")?.unwrap_or(1) }),
        "favorites" => favorites(data),
        "config" => config(data),
        name => Err(BadCommand::Unknown { name: name.chars().take(32).collect() }),
    }
}

/// Commands without options.
fn plain(name: &str) -> Option<Ask> {
    let ask = match name {
        "next" => Ask::Skip { count: 1 },
        "unskip" | "back" => Ask::Back,
        "replay" => Ask::Replay,
        "pause" => Ask::Pause,
        "resume" => Ask::Resume,
        "stop" => Ask::Stop,
        "disconnect" => Ask::Disconnect,
        "loop" => Ask::Loop(LoopMode::Track),
        "loop-queue" => Ask::Loop(LoopMode::Queue),
        "clear" => Ask::Clear,
        "undo" => Ask::Undo,
        "history" => Ask::History,
        "now-playing" => Ask::NowPlaying,
        "recover" => Ask::Recover,
        _ => return None,
    };
    Some(ask)
}

/// `skip` says more than `immediate` does, where somebody gives both.
fn place(options: Options<'_>) -> Result<Place, BadCommand> {
    let on = |name| options.switch(name).map(|given| given == Some(true));
    Ok(match (on("skip")?, on("immediate")?) {
        (true, _) => Place::Now,
        (false, true) => Place::Next,
        (false, false) => Place::End,
    })
}

/// The one sub-command, and what was given with it.
fn sub_command(data: &CommandData) -> Result<(&str, Options<'_>), BadCommand> {
    match data.options.as_slice() {
        [CommandDataOption { name, value: CommandOptionValue::SubCommand(given) }] => {
            Ok((name, Options { command: &data.name, given }))
        }
        _ => Err(BadCommand::Unknown { name: data.name.clone() }),
    }
}

fn favorites(data: &CommandData) -> Result<Ask, BadCommand> {
    let (sub, options) = sub_command(data)?;
    let ask = match sub {
        "use" => FavoritesAsk::Use { name: options.text("name")?, place: place(options)? },
        "list" => FavoritesAsk::List,
        "create" => FavoritesAsk::Create { name: options.text("name")?, query: options.text("query")? },
        "remove" => FavoritesAsk::Remove { name: options.text("name")? },
        _ => return Err(BadCommand::Unknown { name: data.name.clone() }),
    };
    Ok(Ask::Favorites(ask))
}

fn config(data: &CommandData) -> Result<Ask, BadCommand> {
    let (sub, options) = sub_command(data)?;
    if sub == "get" {
        return Ok(Ask::Config);
    }
    let change = config::change(sub, options)?;
    change.map(Ask::Configure).ok_or_else(|| BadCommand::Unknown { name: data.name.clone() })
}
