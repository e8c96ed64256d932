//! What comes, and what was.

use super::{
    GREY, again, lines, listed,
    playing::{state, symbol},
    sentence,
};
use crate::text;
use refrain::QueueView;
use refrain_model::Track;
use std::sync::Arc;
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::{EmbedBuilder, EmbedFooterBuilder};

/// `/queue`.
pub(crate) fn queue(view: &QueueView) -> Embed {
    let Some(now) = &view.now else {
        return sentence("The queue is empty and nothing is playing. `/play` starts something.");
    };
    let mut first = format!("{} {}\n", symbol(now), listed(&now.track.info));
    if view.page.tracks.is_empty() {
        first.push_str("\nNothing comes after it. `/play` adds something.");
    }
    let upcoming = (view.page.first_position..).zip(&view.page.tracks);
    // A page of the longest links would not fit: what is left out is still on the next page's numbers.
    let upcoming =
        upcoming.map(|(place, track)| format!("`{place}.` {} · <@{}>", listed(&track.info), track.requested_by));
    let (colour, _) = state(now);
    let embed = EmbedBuilder::new().color(colour).title("Queue").description(lines(first, upcoming));
    match footer(view) {
        footer if footer.is_empty() => embed.build(),
        footer => embed.footer(EmbedFooterBuilder::new(footer)).build(),
    }
}

fn footer(view: &QueueView) -> String {
    let mut parts = Vec::new();
    if view.page.total > 0 {
        parts.push(format!("{} to come", text::counted(view.page.total, "track")));
        parts.extend(view.total.filter(|total| !total.is_zero()).map(text::clock));
    }
    if view.page.pages > 1 {
        parts.push(format!("page {} of {}", view.page.number, view.page.pages));
    }
    parts.extend(again(view.looping).map(str::to_owned));
    parts.extend(view.shuffled.then(|| "🔀 shuffled".to_owned()));
    parts.join(" · ")
}

/// `/history`.
pub(crate) fn history(tracks: &[Arc<Track>]) -> Embed {
    let mut played = tracks.iter().map(|track| format!("{} · <@{}>", listed(&track.info), track.requested_by));
    let Some(first) = played.next() else {
        return sentence("Nothing has played yet.");
    };
    EmbedBuilder::new().color(GREY).title("What has played, newest first").description(lines(first, played)).build()
}
