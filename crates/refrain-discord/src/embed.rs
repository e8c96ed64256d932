//! Answers as people see them: short embeds, made of values, with every length bounded.

use crate::text;
use refrain::{NowPlaying, Played, QueueView, Skipped, VoiceSummary};
use refrain_model::{Track, TrackInfo};
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::{EmbedBuilder, EmbedFooterBuilder, ImageSource};

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

/// After `/play`.
pub(crate) fn played(played: &Played) -> Embed {
    let heading = match played.position {
        0 => "Now playing".to_owned(),
        place => format!("Queued as number {place}"),
    };
    let embed = track(GREEN, &played.track).description(length_and_requester(&played.track));
    embed.footer(EmbedFooterBuilder::new(heading)).build()
}

/// After `/skip`.
pub(crate) fn skipped(skipped: &Skipped) -> Embed {
    let what = match skipped.skipped.as_slice() {
        [one] => format!("Skipped **{}**.", text::title(&one.info.title, MAX_LISTED)),
        several => format!("Skipped {}.", text::counted(several.len(), "track")),
    };
    match &skipped.current {
        Some(next) => track(GREEN, next)
            .description(format!("{what}\n{}", length_and_requester(next)))
            .footer(EmbedFooterBuilder::new("Now playing"))
            .build(),
        None => plain(GREY, &format!("{what} That was the last one; `/play` starts something new.")),
    }
}

/// After `/stop`.
pub(crate) fn stopped(tracks: usize) -> Embed {
    sentence(&format!("Stopped. {} removed; `/play` starts something new.", text::counted(tracks, "track")))
}

/// `/now-playing`, and the answer to `/pause` and `/resume`.
pub(crate) fn now_playing(now: &NowPlaying) -> Embed {
    let heard = text::clock(now.position);
    let position = match now.track.info.duration {
        _ if now.track.info.live => format!("🔴 live, listening for {heard}"),
        Some(length) => format!("{}\n`{heard} / {}`", text::bar(now.position, length), text::clock(length)),
        None => format!("`{heard}`"),
    };
    let (colour, state) = state(now);
    track(colour, &now.track)
        .description(format!("{position}\nasked for by <@{}>", now.track.requested_by))
        .footer(EmbedFooterBuilder::new(state))
        .build()
}

/// `/queue`.
pub(crate) fn queue(view: &QueueView) -> Embed {
    let Some(now) = &view.now else {
        return sentence("The queue is empty and nothing is playing. `/play` starts something.");
    };
    let mut lines = format!("{} {}\n", symbol(now), listed(&now.track.info));
    if view.page.tracks.is_empty() {
        lines.push_str("\nNothing comes after it. `/play` adds something.");
    }
    for (place, track) in (view.page.first_position..).zip(&view.page.tracks) {
        let line = format!("\n`{place}.` {} · <@{}>", listed(&track.info), track.requested_by);
        // A page of the longest links would not fit: what is left out is still on the next page's numbers.
        if lines.encode_utf16().count() + line.encode_utf16().count() > MAX_DESCRIPTION - 1 {
            lines.push('…');
            break;
        }
        lines.push_str(&line);
    }
    let (colour, _) = state(now);
    let description = text::shorten(&lines, MAX_DESCRIPTION);
    let embed = EmbedBuilder::new().color(colour).title("Queue").description(description);
    if view.page.total == 0 {
        return embed.build();
    }
    embed.footer(EmbedFooterBuilder::new(queue_footer(view))).build()
}

fn queue_footer(view: &QueueView) -> String {
    let mut parts = vec![format!("{} to come", text::counted(view.page.total, "track"))];
    if let Some(total) = view.total.filter(|total| !total.is_zero()) {
        parts.push(text::clock(total));
    }
    if view.page.pages > 1 {
        parts.push(format!("page {} of {}", view.page.number, view.page.pages));
    }
    parts.join(" · ")
}

/// Colour and words for how the music is.
fn state(now: &NowPlaying) -> (u32, &'static str) {
    match (now.voice, now.paused) {
        (VoiceSummary::Retrying { .. }, _) => (AMBER, "Connecting to the voice channel"),
        (VoiceSummary::Idle, _) => (GREY, "Not in a voice channel; /resume comes back and goes on"),
        (VoiceSummary::Stable { .. }, true) => (AMBER, "Paused"),
        (VoiceSummary::Stable { .. }, false) => (GREEN, "Playing"),
    }
}

fn symbol(now: &NowPlaying) -> &'static str {
    match (now.voice, now.paused) {
        (VoiceSummary::Retrying { .. }, _) => "🔄",
        (VoiceSummary::Idle, _) => "⏹️",
        (VoiceSummary::Stable { .. }, true) => "⏸️",
        (VoiceSummary::Stable { .. }, false) => "▶️",
    }
}

/// The track's title, linked to its page, with its picture.
fn track(colour: u32, track: &Track) -> EmbedBuilder {
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

fn length_and_requester(track: &Track) -> String {
    format!("{} · asked for by <@{}>", length(&track.info), track.requested_by)
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

fn plain(colour: u32, words: &str) -> Embed {
    EmbedBuilder::new().color(colour).description(text::shorten(words, MAX_DESCRIPTION)).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain::Page;
    use refrain_model::{ChannelId, TrackId, UserId};
    use std::time::Duration;

    fn some_track(id: u64, title: &str) -> Track {
        Track {
            id: TrackId(id),
            info: TrackInfo {
                title: title.into(),
                page_url: format!("https://example.org/watch_(v)?n={id}"),
                uploader: Some("Somebody".into()),
                thumbnail: Some("https://example.org/p.jpg".into()),
                duration: Some(Duration::from_secs(185)),
                live: false,
            },
            requested_by: UserId::new(7),
            requested_in: ChannelId::new(8),
        }
    }

    fn now(voice: VoiceSummary, paused: bool) -> NowPlaying {
        NowPlaying { track: some_track(1, "A song"), position: Duration::from_secs(65), paused, voice }
    }

    const STABLE: VoiceSummary = VoiceSummary::Stable { channel: ChannelId::new(9) };

    fn view(tracks: Vec<Track>, number: usize, pages: usize, total: usize) -> QueueView {
        let first_position = (number - 1) * 10 + 1;
        let page = Page { number, pages, first_position, tracks, total };
        QueueView { now: Some(now(STABLE, false)), page, total: Some(Duration::from_secs(4000)) }
    }

    fn shown(embeds: &[Embed]) -> String {
        serde_json::to_string_pretty(embeds).unwrap()
    }

    #[test]
    fn what_people_see_after_play() {
        let at = |position| played(&Played { track: some_track(1, "**A** [song]"), position });
        insta::assert_snapshot!(shown(&[at(0), at(3)]));
    }

    #[test]
    fn what_people_see_after_skip_and_stop() {
        let (one, two) = (some_track(1, "One"), some_track(2, "Two"));
        let first = skipped(&Skipped { skipped: vec![one.clone()], current: Some(two.clone()) });
        let both = skipped(&Skipped { skipped: vec![one, two], current: None });
        insta::assert_snapshot!(shown(&[first, both, stopped(1), stopped(4)]));
    }

    #[test]
    fn what_people_see_of_the_current_track() {
        let mut live = now(STABLE, false);
        live.track.info.live = true;
        let mut unknown = now(VoiceSummary::Idle, true);
        unknown.track.info.duration = None;
        let coming = now(VoiceSummary::Retrying { channel: None }, false);
        let all = [now(STABLE, false), now(STABLE, true), coming, live, unknown];
        insta::assert_snapshot!(shown(&all.each_ref().map(now_playing)));
    }

    #[test]
    fn what_people_see_of_the_queue() {
        let some = view((1..=3).map(|n| some_track(n, &format!("Song {n}"))).collect(), 2, 2, 13);
        let last = view(Vec::new(), 1, 1, 0);
        let empty = QueueView { now: None, ..last.clone() };
        insta::assert_snapshot!(shown(&[queue(&some), queue(&last), queue(&empty)]));
    }

    #[test]
    fn the_longest_titles_still_fit_discord() {
        let long = |n| {
            let mut track = some_track(n, &"*🎵".repeat(400));
            track.info.page_url = format!("https://example.org/{}", "(".repeat(170));
            track
        };
        let mut page = view((0..25).map(long).collect(), 1, 1, 25);
        if let Some(now) = &mut page.now {
            now.track = long(99);
        }
        let everything = [
            queue(&page),
            played(&Played { track: long(1), position: 0 }),
            skipped(&Skipped { skipped: vec![long(1)], current: Some(long(2)) }),
            failure(&"x".repeat(9000)),
        ];
        for embed in everything {
            twilight_validate::embed::embed(&embed).unwrap();
        }
    }
}
