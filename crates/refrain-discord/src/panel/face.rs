//! What a panel shows, in words.

use crate::{
    embed::{AMBER, GREEN, GREY, again, length_and_requester, sentence, track},
    text,
};
use refrain::{NotHeard, PanelFace, PanelNews, PanelWaits, StaysAway};
use refrain_model::Track;
use std::time::Duration;
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::EmbedFooterBuilder;

/// The panel's one embed.
pub(crate) fn embed(face: &PanelFace) -> Embed {
    let PanelFace::Track { track: playing, paused, looping, news, waits } = face else {
        return sentence("Nothing plays any more. `/play` starts something new.");
    };
    let (colour, state) = match (news, paused) {
        (None | Some(PanelNews::Resumed { .. }), false) if waits.is_some() => (AMBER, "Waiting"),
        (Some(PanelNews::StaysAway { .. }), _) => (GREY, "Not in a voice channel"),
        (Some(PanelNews::Stopped), _) => (GREY, "Stopped"),
        (Some(PanelNews::Waits { .. }), _) | (_, true) => (AMBER, "Paused"),
        (Some(PanelNews::Resumed { .. }) | None, false) => (GREEN, "Playing"),
    };
    let news = news.map(|news| format!("{}\n", words(news, playing))).unwrap_or_default();
    let waits = waits.map(|waits| format!("{}\n", waiting(waits))).unwrap_or_default();
    let footer: Vec<_> = [state].into_iter().chain(again(*looping)).collect();
    track(colour, playing)
        .description(format!("{news}{waits}{}", length_and_requester(playing)))
        .footer(EmbedFooterBuilder::new(footer.join(" · ")))
        .build()
}

fn words(news: PanelNews, track: &Track) -> String {
    match news {
        PanelNews::Resumed { away, from } => {
            format!("🔁 Back after a restart: away for {}, goes on{}.", text::span(away), at(from, track))
        }
        PanelNews::Waits { from } => format!("⏸️ I was restarted. Press Resume to go on{}.", at(from, track)),
        PanelNews::Stopped => "💤 I was switched off. The queue is kept until I am back.".into(),
        PanelNews::StaysAway { why, from } => {
            let (why, where_from) = match why {
                StaysAway::AsSet => (", as it is set here", ""),
                StaysAway::NobodyListens => (": nobody is listening", ""),
                StaysAway::NoWayIn => (": I can no longer get into the voice channel", " from another channel"),
            };
            format!("💤 I was restarted and stay away{why}. `/resume`{where_from} goes on{}.", at(from, track))
        }
    }
}

const fn waiting(waits: PanelWaits) -> &'static str {
    match waits {
        PanelWaits::Source => "⏳ This track cannot be reached at the moment. I keep trying.",
        PanelWaits::NotHeard(NotHeard::Muted) => "🔇 A moderator muted me: the music waits until I am unmuted.",
        PanelWaits::NotHeard(NotHeard::Suppressed) => "🔇 I am in the audience: the music waits until I may speak.",
        PanelWaits::Halted => "⏹️ Too many tracks in a row could not be played. Press Resume to go on.",
        PanelWaits::OutOfVoice => "🔌 I am in no voice channel. The queue is kept: press Resume to go on.",
    }
}

/// A live stream goes on wherever it is.
fn at(position: Duration, track: &Track) -> String {
    if track.info.live { String::new() } else { format!(" at {}", text::clock(position)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::buttons;
    use refrain::LoopMode;
    use refrain_model::{ChannelId, TrackId, TrackInfo, UserId};
    use std::sync::Arc;
    use twilight_model::channel::message::Component;

    fn some_track(title: &str, live: bool) -> Arc<Track> {
        Arc::new(Track {
            id: TrackId(1),
            info: TrackInfo {
                title: title.into(),
                page_url: "https://example.org/watch".into(),
                uploader: None,
                thumbnail: Some("https://example.org/p.jpg".into()),
                duration: Some(Duration::from_secs(185)),
                live,
            },
            requested_by: UserId::new(7),
            requested_in: ChannelId::new(8),
        })
    }

    /// As people read it, with the buttons below.
    fn read(face: &PanelFace) -> String {
        let embed = embed(face);
        twilight_validate::embed::embed(&embed).unwrap();
        let mut lines: Vec<_> = [embed.title, embed.url, embed.description].into_iter().flatten().collect();
        lines.extend(embed.footer.map(|footer| footer.text));
        for row in buttons(face) {
            twilight_validate::component::component_v1(&row).unwrap();
            let Component::ActionRow(row) = row else { panic!("{row:?}") };
            let labels = row.components.into_iter().map(|button| {
                let Component::Button(button) = button else { panic!("{button:?}") };
                format!("[{}]", button.label.unwrap())
            });
            lines.push(labels.collect::<Vec<_>>().join(" "));
        }
        lines.join("\n")
    }

    #[test]
    fn what_people_see_on_the_panel() {
        let face = |paused, looping, news| {
            let track = some_track("A *song*", false);
            PanelFace::Track { track, paused, looping, news, waits: None }
        };
        let waits = |waits| PanelFace::Track {
            track: some_track("A *song*", false),
            paused: false,
            looping: LoopMode::Off,
            news: None,
            waits: Some(waits),
        };
        let from = Duration::from_secs(83);
        let stays = |why| Some(PanelNews::StaysAway { why, from });
        let live = PanelFace::Track {
            track: some_track("Radio", true),
            paused: false,
            looping: LoopMode::Off,
            news: Some(PanelNews::Resumed { away: Duration::from_secs(12), from }),
            waits: None,
        };
        let all = [
            face(false, LoopMode::Off, None),
            face(true, LoopMode::Track, None),
            face(false, LoopMode::Queue, Some(PanelNews::Resumed { away: Duration::from_millis(12_300), from })),
            face(true, LoopMode::Off, Some(PanelNews::Waits { from })),
            face(false, LoopMode::Off, Some(PanelNews::Stopped)),
            face(false, LoopMode::Off, stays(StaysAway::AsSet)),
            face(false, LoopMode::Off, stays(StaysAway::NobodyListens)),
            face(false, LoopMode::Off, stays(StaysAway::NoWayIn)),
            live,
            waits(PanelWaits::Source),
            waits(PanelWaits::NotHeard(NotHeard::Muted)),
            waits(PanelWaits::NotHeard(NotHeard::Suppressed)),
            waits(PanelWaits::Halted),
            waits(PanelWaits::OutOfVoice),
            PanelFace::Over,
        ];
        insta::assert_snapshot!(all.iter().map(read).collect::<Vec<_>>().join("\n\n"));
    }
}
