//! What people are told without having asked, in words.

use crate::text;
use refrain::{AnnouncementKind, CloseCode, Ending, Interruption, NextStep, Trouble};

/// Content of a message takes 2000 characters.
const MAX_CONTENT: usize = 2000;

/// What an interruption's message says in the end, where the process that wrote it was killed.
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
        AnnouncementKind::TrackFailed { title, reason } => {
            format!("⏭️ **{}** could not be played: {}", text::title(title, 200), text::plain(reason))
        }
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
        NextStep::AwaitingDiscord => {
            format!("⏳ {what}\nI come back as soon as Discord lets me; you need not do anything.")
        }
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
        Ending::Kicked => "👋 Somebody disconnected me. The queue is kept: `/resume` goes on where the music stopped, \
                           `/disconnect` clears it."
            .into(),
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
    use refrain_model::ChannelId;
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
        all.push(AnnouncementKind::TrackFailed { title: "a_b".into(), reason: "It is gone.".into() });
        insta::assert_snapshot!(all.iter().map(words).collect::<Vec<_>>().join("\n\n"));
    }

    #[test]
    fn a_reason_of_any_length_fits_a_message() {
        let what = AnnouncementKind::TrackFailed { title: "t".repeat(5000), reason: "r".repeat(5000) };
        assert!(words(&what).encode_utf16().count() <= MAX_CONTENT);
    }
}
