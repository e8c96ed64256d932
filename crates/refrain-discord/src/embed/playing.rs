//! What plays, and what was asked to.

use super::{AMBER, GREEN, GREY, again, bold, length_and_requester, plain, sentence, track};
use crate::text;
use refrain::{Delay, NowPlaying, Played, PlayedAll, SilenceReason, Skipped, VoiceSummary};
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::EmbedFooterBuilder;

/// After `/play`, where other tracks come first.
pub(crate) fn queued(played: &Played) -> Embed {
    let embed = track(GREEN, &played.track).description(length_and_requester(&played.track));
    embed.footer(EmbedFooterBuilder::new(place(played.position))).build()
}

/// Beside a track that is current and cannot be heard yet.
pub(crate) fn delayed(delay: &Delay) -> Embed {
    match delay {
        Delay::Source(failure) => {
            plain(AMBER, &format!("{} I keep trying; the music begins by itself as soon as it can.", failure.message))
        }
        Delay::Slow => plain(AMBER, "This takes longer than usual. The music begins by itself as soon as it can."),
    }
}

fn place(position: usize) -> String {
    match position {
        // What plays at once has a panel instead.
        0 | 1 => "Plays next".into(),
        place => format!("Queued as number {place}"),
    }
}

/// After `/favorites use`, where other tracks come first.
pub(crate) fn queued_all(played: &PlayedAll) -> Embed {
    let (what, it) = match played.tracks.as_slice() {
        [one] => (bold(one), "it plays"),
        several => (text::counted(several.len(), "track"), "they play"),
    };
    let place = match played.position {
        0 | 1 => format!(": {it} next"),
        place => format!(" from number {place} on"),
    };
    plain(GREEN, &format!("Queued {what}{place}.{}", left_out(played.left_out)))
}

/// What there is to say beside the track that plays at once.
pub(crate) fn more_queued(played: &PlayedAll) -> Option<Embed> {
    let queued = match played.tracks.len().saturating_sub(1) {
        0 => String::new(),
        1 => "1 more track is queued.".into(),
        more => format!("{more} more tracks are queued."),
    };
    let words = format!("{queued}{}", left_out(played.left_out));
    (!words.is_empty()).then(|| sentence(words.trim_start()))
}

fn left_out(tracks: usize) -> String {
    if tracks == 0 {
        String::new()
    } else {
        format!(" {} found no room, or could not be found.", text::counted(tracks, "other track"))
    }
}

/// After `/skip`.
pub(crate) fn skipped(skipped: &Skipped) -> Embed {
    let what = match skipped.skipped.as_slice() {
        [one] => format!("Skipped {}.", bold(one)),
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

/// `/now-playing`, and the answer to `/pause`, `/resume`, `/seek` and their like.
pub(crate) fn now_playing(now: &NowPlaying) -> Embed {
    let heard = text::clock(now.position);
    let position = match now.track.info.duration {
        _ if now.track.info.live => format!("🔴 live, listening for {heard}"),
        Some(length) => format!("{}\n`{heard} / {}`", text::bar(now.position, length), text::clock(length)),
        None => format!("`{heard}`"),
    };
    let (colour, state) = state(now);
    let trouble = now.trouble.as_ref().map(|failure| format!("\n⏳ {} I keep trying.", failure.message));
    let trouble = trouble.unwrap_or_default();
    let mut footer = vec![state.to_owned()];
    footer.extend(again(now.looping).map(str::to_owned));
    footer.extend((now.volume != 100).then(|| format!("volume {} %", now.volume)));
    track(colour, &now.track)
        .description(format!("{position}\nasked for by <@{}>{trouble}", now.track.requested_by))
        .footer(EmbedFooterBuilder::new(footer.join(" · ")))
        .build()
}

/// Colour and words for how the music is.
pub(super) fn state(now: &NowPlaying) -> (u32, &'static str) {
    match (now.voice, now.paused) {
        (VoiceSummary::Retrying { .. }, _) => (AMBER, "Connecting to the voice channel"),
        (VoiceSummary::Idle, _) => (GREY, "Not in a voice channel; /resume comes back and goes on"),
        (VoiceSummary::Stable { .. }, true) => (AMBER, "Paused"),
        (VoiceSummary::Stable { .. }, false) if now.trouble.is_some() => (AMBER, "Waiting for the track's site"),
        (VoiceSummary::Stable { .. }, false) => match now.silence {
            Some(SilenceReason::Halted) => (AMBER, "Stopped; /resume goes on"),
            Some(SilenceReason::NotHeard) => (AMBER, "Waiting until members can hear me"),
            Some(
                SilenceReason::Opening | SilenceReason::Starved | SilenceReason::SourceBackoff | SilenceReason::Loading,
            ) => (AMBER, "Loading"),
            Some(SilenceReason::Paused | SilenceReason::Voice | SilenceReason::OutOfVoice) | None => (GREEN, "Playing"),
        },
    }
}

pub(super) fn symbol(now: &NowPlaying) -> &'static str {
    match (now.voice, now.paused) {
        (VoiceSummary::Retrying { .. }, _) => "🔄",
        (VoiceSummary::Idle, _) => "⏹️",
        (VoiceSummary::Stable { .. }, true) => "⏸️",
        (VoiceSummary::Stable { .. }, false) if now.trouble.is_some() => "⏳",
        (VoiceSummary::Stable { .. }, false) => match now.silence {
            Some(SilenceReason::Halted) => "⏹️",
            Some(SilenceReason::NotHeard) => "🔇",
            Some(
                SilenceReason::Opening | SilenceReason::Starved | SilenceReason::SourceBackoff | SilenceReason::Loading,
            ) => "⏳",
            Some(SilenceReason::Paused | SilenceReason::Voice | SilenceReason::OutOfVoice) | None => "▶️",
        },
    }
}
