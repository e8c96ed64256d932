//! What people are told without having asked, in words.

use crate::text;
use refrain::{
    AnnouncementKind, CloseCode, Ending, FailedTrack, Interruption, MissingPermission, NextStep, NotHeard,
    SourceTrouble, Trouble,
};
use refrain_model::ChannelId;

/// Content of a message takes 2000 characters.
const MAX_CONTENT: usize = 2000;

/// A title in a message.
const MAX_TITLE: usize = 200;
/// A reason in a message.
const MAX_REASON: usize = 300;

/// What the message of an interruption says in the end, where the process that wrote it was killed.
pub(crate) const LEFTOVER: &str = "🔁 The music was away when I was restarted. `/now-playing` shows how things are.";

/// The message for an announcement.
pub(crate) fn words(what: &AnnouncementKind) -> String {
    let words = match what {
        AnnouncementKind::Interrupted(interruption) => interrupted(interruption),
        AnnouncementKind::Back { gap, elsewhere } => {
            let place = elsewhere.map(|channel| format!(" in <#{channel}>")).unwrap_or_default();
            format!("✅ The music is back{place} after {}.", text::span(*gap))
        }
        AnnouncementKind::Ended(ending) => ended(*ending),
        AnnouncementKind::Left => "⏹️ I have left the voice channel.".into(),
        AnnouncementKind::SourceTrouble(trouble) => source_trouble(trouble),
        AnnouncementKind::SourceBack { gap } => format!("✅ The music goes on after {}.", text::span(*gap)),
        AnnouncementKind::TracksFailed { tracks, earlier } => tracks_failed(tracks, *earlier),
        AnnouncementKind::Halted { failed, kept, reason } => halted(*failed, *kept, reason),
        AnnouncementKind::StartedOver { title } => format!(
            "⏮️ **{}** begins again: its site cannot send it from the place where it stopped.",
            text::title(title, MAX_TITLE)
        ),
        AnnouncementKind::NotHeard { why, channel } => not_heard(*why, *channel),
        AnnouncementKind::HeardAgain => "🔊 You can hear me again. The music goes on.".into(),
    };
    text::shorten(&words, MAX_CONTENT)
}

/// What happened, then what comes next and what people can do about it.
fn interrupted(interruption: &Interruption) -> String {
    let Interruption { trouble, stood, since_unix, next, attempt } = interruption;
    let what =
        if *trouble == Trouble::Lost && !stood { "Discord does not let me in yet".into() } else { happened(*trouble) };
    let what = if *stood {
        format!("The music stopped {}: {what}.", text::relative(*since_unix))
    } else {
        format!("The music cannot begin: {what}.")
    };
    match next {
        NextStep::Trying => {
            let place = if *stood { " and go on where it stopped" } else { "" };
            format!("🔄 {what}\nI am connecting again{place}{}.", nth(*attempt))
        }
        NextStep::Attempt { at_unix } => format!(
            "🔄 {what}\nI try again {}{}. A moderator who does not want to wait: `/recover`.",
            text::relative(*at_unix),
            nth(*attempt)
        ),
        NextStep::Round { at_unix } => format!(
            "⏳ {what}\nI wait a while and try again {}. A moderator who does not want to wait: \
             `/recover`. To give up: `/disconnect`.",
            text::relative(*at_unix)
        ),
        NextStep::AwaitingPermission { channel, missing } => format!(
            "🔒 {what}\nI cannot come back: I need the permission **{}** in <#{channel}>. I come back by myself as soon as a \
             moderator gives it to me.",
            permission(*missing)
        ),
        NextStep::AwaitingDiscord => {
            format!("⏳ {what}\nI come back as soon as Discord lets me; you need not do anything.")
        }
    }
}

/// A permission as Discord's settings call it.
pub(crate) const fn permission(missing: MissingPermission) -> &'static str {
    match missing {
        MissingPermission::ViewChannel => "View Channel",
        MissingPermission::Connect => "Connect",
        MissingPermission::Speak => "Speak",
    }
}

fn source_trouble(trouble: &SourceTrouble) -> String {
    let SourceTrouble { title, reason, machine, since_unix, next_unix, began, deferred, outage, kept } = trouble;
    let (title, since) = (text::title(title, MAX_TITLE), text::relative(*since_unix));
    let reason = text::shorten(&text::plain(reason), MAX_REASON);
    let next = match next_unix {
        _ if *deferred && !outage => "It plays later. I am trying the next track now".into(),
        Some(at) => format!("I try again {}", text::relative(*at)),
        None => "I am trying again now".into(),
    };
    let queue = match kept {
        0 => String::new(),
        kept => format!(" The queue still holds {}.", text::counted(*kept, "track")),
    };
    let skip = if *outage || *deferred { "" } else { " `/skip` goes on to the next track." };
    let operator = if *machine { " My operator has to act." } else { "" };
    let what = if *outage {
        format!("The music stopped {since}: several tracks in a row cannot be reached. {reason}")
    } else if *began {
        format!("**{title}** stopped {since}. {reason}")
    } else {
        format!("**{title}** cannot be played at the moment. {reason}")
    };
    format!("⏳ {what}{operator}\n{next}.{queue}{skip}")
}

fn tracks_failed(tracks: &[FailedTrack], earlier: usize) -> String {
    let line = |track: &FailedTrack| {
        let reason = text::shorten(&text::plain(&track.reason), MAX_REASON);
        format!("**{}**: {reason}", text::title(&track.title, MAX_TITLE))
    };
    match (tracks, earlier) {
        ([one], 0) => format!(
            "⏭️ **{}** could not be played: {}",
            text::title(&one.title, MAX_TITLE),
            text::shorten(&text::plain(&one.reason), MAX_REASON)
        ),
        (several, earlier) => {
            let total = several.len().saturating_add(earlier);
            let mut lines = vec![format!("⏭️ {} could not be played:", text::counted(total, "track"))];
            if earlier > 0 {
                lines.push(format!("{earlier} before these"));
            }
            lines.extend(several.iter().map(line));
            lines.join("\n")
        }
    }
}

fn halted(failed: usize, kept: usize, reason: &str) -> String {
    let reason = text::shorten(&text::plain(reason), MAX_REASON);
    let queue = match kept {
        0 => "The queue is empty now. `/play` starts something new.".into(),
        kept => format!("The queue still holds {}: `/resume` goes on with it.", text::counted(kept, "track")),
    };
    format!(
        "⏹️ I stopped: {} in a row could not be played. The last one: {reason}\n{queue}",
        text::counted(failed, "track")
    )
}

fn not_heard(why: NotHeard, channel: Option<ChannelId>) -> String {
    let place = channel.map(|channel| format!(" in <#{channel}>")).unwrap_or_default();
    match why {
        NotHeard::Muted => format!(
            "🔇 You cannot hear me{place}: a moderator muted me for this server. The music waits and goes on as soon as I am \
             unmuted."
        ),
        NotHeard::Suppressed => format!(
            "🔇 You cannot hear me{place}: I am in the audience of the stage. I asked to speak; the music waits until a \
             moderator lets me."
        ),
    }
}

fn happened(trouble: Trouble) -> String {
    match trouble {
        Trouble::Closed(code) => closed(code),
        Trouble::ServerGone => "Discord took the voice server away and has not named another one".into(),
        Trouble::GatewayAway => "Discord itself cannot be reached, or has an outage".into(),
        Trouble::Lost => "the voice connection was lost".into(),
    }
}

fn closed(code: CloseCode) -> String {
    match code.0 {
        1000 | 1005 | 1006 => "the voice connection was lost".into(),
        1001 => "Discord's voice server is restarting".into(),
        4003 | 4004 | 4006 | 4009 | 4011 => "Discord ended my voice session".into(),
        4014 | 4022 => "Discord disconnected me from the voice channel".into(),
        4015 => "Discord's voice server crashed".into(),
        4021 => "Discord wants me to connect to voice less often".into(),
        _ => format!("Discord closed the voice connection (code {code})"),
    }
}

fn ended(ending: Ending) -> String {
    match ending {
        Ending::Kicked => {
            "👋 A moderator disconnected me. The queue is kept: `/resume` goes on where the music stopped, \
                           `/disconnect` clears it."
                .into()
        }
        Ending::StayedOut => {
            "🔌 The voice connection was lost, and this server does not want me to come back by myself. \
                              The queue is kept: `/resume` goes on where the music stopped, `/disconnect` clears it."
                .into()
        }
        Ending::ChannelGone => {
            "The voice channel is gone, so I left. The queue is kept: `/play` in another channel goes \
                                on."
            .into()
        }
        Ending::Unanswered => {
            "Discord did not let me into the voice channel. Check that it is not full and that I may \
                               connect there, then try again."
                .into()
        }
        Ending::Fatal { code } => {
            let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
            format!("⛔ Discord refuses my voice connection{code}. Only whoever runs me can change that.")
        }
    }
}

fn nth(attempt: u32) -> String {
    if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SINCE: u64 = 1_800_000_000;

    fn interruption(trouble: Trouble, next: NextStep, attempt: u32) -> AnnouncementKind {
        AnnouncementKind::Interrupted(Interruption { trouble, stood: true, since_unix: SINCE, next, attempt })
    }

    #[test]
    fn what_people_are_told() {
        let closed = |code| Trouble::Closed(CloseCode(code));
        let at_unix = SINCE + 4;
        let mut all = vec![
            interruption(closed(4006), NextStep::Trying, 1),
            interruption(closed(4015), NextStep::Attempt { at_unix }, 2),
            interruption(closed(4021), NextStep::Round { at_unix }, 5),
            interruption(closed(4014), NextStep::AwaitingDiscord, 1),
            interruption(closed(4999), NextStep::Trying, 3),
            interruption(Trouble::ServerGone, NextStep::AwaitingDiscord, 1),
            interruption(Trouble::GatewayAway, NextStep::AwaitingDiscord, 1),
            interruption(Trouble::Lost, NextStep::Trying, 1),
            AnnouncementKind::Interrupted(Interruption {
                trouble: Trouble::Lost,
                stood: false,
                since_unix: SINCE,
                next: NextStep::Attempt { at_unix },
                attempt: 2,
            }),
            AnnouncementKind::Back { gap: Duration::from_millis(4_420), elsewhere: None },
            AnnouncementKind::Back { gap: Duration::from_secs(200), elsewhere: Some(ChannelId::new(5)) },
            AnnouncementKind::Left,
        ];
        let fatal = Ending::Fatal { code: Some(CloseCode(4017)) };
        let endings = [Ending::Kicked, Ending::StayedOut, Ending::ChannelGone, Ending::Unanswered, fatal];
        all.extend(endings.map(AnnouncementKind::Ended));
        all.extend(about_sources());
        all.extend(about_being_heard());
        insta::assert_snapshot!(all.iter().map(words).collect::<Vec<_>>().join("\n\n"));
    }

    fn failed(title: &str) -> FailedTrack {
        FailedTrack { title: title.into(), reason: "It is gone.".into() }
    }

    fn about_sources() -> Vec<AnnouncementKind> {
        let trouble = SourceTrouble {
            title: "a_b".into(),
            reason: "The site does not answer in time.".into(),
            machine: false,
            since_unix: SINCE,
            next_unix: Some(SINCE + 4),
            began: true,
            deferred: false,
            outage: false,
            kept: 3,
        };
        vec![
            AnnouncementKind::SourceTrouble(trouble.clone()),
            AnnouncementKind::SourceTrouble(SourceTrouble {
                next_unix: None,
                kept: 0,
                machine: true,
                ..trouble.clone()
            }),
            AnnouncementKind::SourceTrouble(SourceTrouble { began: false, ..trouble.clone() }),
            AnnouncementKind::SourceTrouble(SourceTrouble { deferred: true, next_unix: None, ..trouble.clone() }),
            AnnouncementKind::SourceTrouble(SourceTrouble { outage: true, kept: 1, ..trouble }),
            AnnouncementKind::SourceBack { gap: Duration::from_secs(12) },
            AnnouncementKind::TracksFailed { tracks: vec![failed("a_b")], earlier: 0 },
            AnnouncementKind::TracksFailed { tracks: vec![failed("a_b"), failed("c")], earlier: 7 },
            AnnouncementKind::Halted { failed: 10, kept: 4, reason: "It is gone.".into() },
            AnnouncementKind::Halted { failed: 10, kept: 0, reason: "It is gone.".into() },
            AnnouncementKind::StartedOver { title: "a_b".into() },
        ]
    }

    fn about_being_heard() -> Vec<AnnouncementKind> {
        let channel = ChannelId::new(5);
        let mut all = vec![
            AnnouncementKind::NotHeard { why: NotHeard::Muted, channel: Some(channel) },
            AnnouncementKind::NotHeard { why: NotHeard::Suppressed, channel: None },
            AnnouncementKind::HeardAgain,
        ];
        let missing = [MissingPermission::ViewChannel, MissingPermission::Connect, MissingPermission::Speak];
        let waits = |missing| NextStep::AwaitingPermission { channel, missing };
        all.extend(missing.map(|missing| interruption(Trouble::Lost, waits(missing), 1)));
        all
    }

    #[test]
    fn titles_and_reasons_of_any_length_fit_a_message() {
        let track = FailedTrack { title: "t".repeat(5000), reason: "r".repeat(5000) };
        let what = AnnouncementKind::TracksFailed { tracks: vec![track; 20], earlier: 9 };
        assert!(words(&what).encode_utf16().count() <= MAX_CONTENT);
        let trouble = SourceTrouble {
            title: "t".repeat(5000),
            reason: "r".repeat(5000),
            machine: true,
            since_unix: SINCE,
            next_unix: None,
            began: true,
            deferred: false,
            outage: false,
            kept: 1000,
        };
        assert!(words(&AnnouncementKind::SourceTrouble(trouble)).contains("`/skip`"), "what to do is not cut off");
    }
}
