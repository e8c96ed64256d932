//! What was changed about what comes, and how it sounds.

use super::{bold, sentence};
use crate::text;
use refrain::{Stopped, Undone};
use refrain_model::{LoopMode, Track};
use std::sync::Arc;
use twilight_model::channel::message::Embed;

/// After `/stop`.
pub(crate) fn stopped(stopped: Stopped) -> Embed {
    let Stopped { removed: tracks, look_ups } = stopped;
    let ended = ended(look_ups);
    if tracks == 0 {
        return sentence(&format!("Stopped.{ended} `/play` starts something new."));
    }
    let them = if tracks == 1 { "it" } else { "them" };
    let removed = text::counted(tracks, "track");
    sentence(&format!("Stopped. {removed} removed; `/undo` brings {them} back, `/play` starts something new.{ended}"))
}

/// After `/disconnect`.
pub(crate) fn disconnected(stopped: Stopped) -> Embed {
    sentence(&format!("Stopped, cleared the queue and left the voice channel.{}", ended(stopped.look_ups)))
}

/// What became of look-ups that were under way.
fn ended(look_ups: usize) -> String {
    match look_ups {
        0 => String::new(),
        1 => " I no longer look for the track that was asked for.".into(),
        more => format!(" I no longer look for the {more} tracks that were asked for."),
    }
}

/// After `/clear`.
pub(crate) fn cleared(tracks: usize) -> Embed {
    match tracks {
        0 => sentence("There was nothing to clear: nothing comes after this track."),
        1 => sentence("Removed 1 track. `/undo` brings it back."),
        more => sentence(&format!("Removed {more} tracks. `/undo` brings them back.")),
    }
}

/// After `/remove`.
pub(crate) fn removed(tracks: &[Arc<Track>]) -> Embed {
    match tracks {
        [one] => sentence(&format!("Removed {}. `/undo` brings it back.", bold(one))),
        several => cleared(several.len()),
    }
}

/// After `/undo`.
pub(crate) fn undone(undone: &Undone) -> Embed {
    match undone.restored.as_slice() {
        [one] => sentence(&format!("Brought back {}.", bold(one))),
        several => sentence(&format!("Brought back {}.", text::counted(several.len(), "track"))),
    }
}

/// After `/move`.
pub(crate) fn moved(track: &Track, to: usize) -> Embed {
    sentence(&format!("Moved {} to place {to}.", bold(track)))
}

/// After `/shuffle`.
pub(crate) fn shuffled(on: bool) -> Embed {
    if on {
        sentence("🔀 What comes is shuffled. `/shuffle` puts it back into its order.")
    } else {
        sentence("What comes is in its order again.")
    }
}

/// After `/loop` and `/loop-queue`.
pub(crate) fn looping(mode: LoopMode) -> Embed {
    sentence(match mode {
        LoopMode::Off => "Nothing is repeated any more.",
        LoopMode::Track => "🔂 This track plays again and again. `/loop` ends that.",
        LoopMode::Queue => "🔁 The queue plays again and again. `/loop-queue` ends that.",
    })
}

/// `/volume`.
pub(crate) fn volume(percent: u16) -> Embed {
    sentence(&format!("The volume is {percent} %."))
}
