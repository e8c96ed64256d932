//! Answers as people see them: short embeds, made of values, with every length bounded.

mod edit;
mod favorites;
mod playing;
mod queue;

pub(crate) use edit::{cleared, disconnected, looping, moved, removed, shuffled, stopped, undone, volume};
pub(crate) use favorites::{dropped, favorites, kept, not_yours};
pub(crate) use playing::{delayed, more_queued, now_playing, queued, queued_all, skipped};
pub(crate) use queue::{history, queue};

use crate::text;
use refrain_model::{LoopMode, Track, TrackInfo};
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::{EmbedBuilder, ImageSource};

/// Music is playing, or will.
pub(crate) const GREEN: u32 = 0x2e_8b57;
/// It is paused, or coming back.
pub(crate) const AMBER: u32 = 0xd9_8e04;
/// Nothing plays.
pub(crate) const GREY: u32 = 0x74_7f8d;
/// It could not be done.
pub(crate) const RED: u32 = 0xc0_392b;

/// Discord takes 256 characters in a title and 4096 in a description.
const MAX_TITLE: usize = 256;
pub(crate) const MAX_DESCRIPTION: usize = 4096;
/// Longer addresses are left out of an embed.
const MAX_URL: usize = 2000;
/// A title in a list.
const MAX_LISTED: usize = 70;

/// A plain sentence.
pub(crate) fn sentence(words: &str) -> Embed {
    plain(GREY, words)
}

/// Why it could not be done.
pub(crate) fn failure(words: &str) -> Embed {
    plain(RED, words)
}

/// The track's title, linked to its page, with its picture.
pub(crate) fn track(colour: u32, track: &Track) -> EmbedBuilder {
    let info = &track.info;
    let mut embed = EmbedBuilder::new().color(colour).title(text::title(&info.title, MAX_TITLE));
    if let Some(url) = text::link(&info.page_url, MAX_URL) {
        embed = embed.url(url);
    }
    let picture = info.thumbnail.as_deref().and_then(|url| text::link(url, MAX_URL));
    if let Some(picture) = picture.and_then(|url| ImageSource::url(url).ok()) {
        embed = embed.thumbnail(picture);
    }
    embed
}

pub(crate) fn length_and_requester(track: &Track) -> String {
    format!("{} · asked for by <@{}>", length(&track.info), track.requested_by)
}

/// What happens at the end of a track, where it is not what people expect anyway.
pub(crate) const fn again(looping: LoopMode) -> Option<&'static str> {
    match looping {
        LoopMode::Off => None,
        LoopMode::Track => Some("🔂 this track again and again"),
        LoopMode::Queue => Some("🔁 the queue again and again"),
    }
}

/// The title, in bold, as it stands in a sentence.
fn bold(track: &Track) -> String {
    format!("**{}**", text::title(&track.info.title, MAX_LISTED))
}

fn listed(info: &TrackInfo) -> String {
    let title = text::title(&info.title, MAX_LISTED);
    format!("{} · {}", text::masked_link(&title, &info.page_url), length(info))
}

fn length(info: &TrackInfo) -> String {
    match info.duration {
        _ if info.live => "live".into(),
        Some(length) => text::clock(length),
        None => "length unknown".into(),
    }
}

/// Lines below each other, as many as an embed takes.
fn lines(first: String, more: impl IntoIterator<Item = String>) -> String {
    let mut all = first;
    let mut used = all.encode_utf16().count();
    for line in more {
        used += line.encode_utf16().count() + 1;
        if used > MAX_DESCRIPTION - 2 {
            all.push_str("\n…");
            break;
        }
        all.push('\n');
        all.push_str(&line);
    }
    text::shorten(&all, MAX_DESCRIPTION)
}

fn plain(colour: u32, words: &str) -> Embed {
    EmbedBuilder::new().color(colour).description(text::shorten(words, MAX_DESCRIPTION)).build()
}

#[cfg(test)]
mod tests;
