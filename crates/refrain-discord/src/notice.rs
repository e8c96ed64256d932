//! What the recovery tells the people of a guild, in words.

use crate::text;
use refrain::{AnnouncementKind, Notice};

/// Content of a message takes 2000 characters.
const MAX_CONTENT: usize = 2000;

/// The message for an announcement.
pub(crate) fn words(what: &AnnouncementKind) -> String {
    let words = match what {
        AnnouncementKind::Voice(notice) => voice(notice),
        AnnouncementKind::TrackFailed { title, reason } => {
            format!("⏭️ **{}** could not be played: {}", text::title(title, 200), text::plain(reason))
        }
    };
    text::shorten(&words, MAX_CONTENT)
}

fn voice(notice: &Notice) -> String {
    match notice {
        Notice::Interrupted { next, attempt } if next.is_zero() => {
            format!("🔄 The voice connection was lost. I am coming back{}.", nth(*attempt))
        }
        Notice::Interrupted { next, attempt } => {
            format!("🔄 The voice connection was lost. I try again in {}{}.", text::span(*next), nth(*attempt))
        }
        Notice::CoolingDown { next } => format!(
            "⏳ Discord's voice server does not take me back. I try again in {}; `/resume` tries at once.",
            text::span(*next)
        ),
        Notice::Recovered { gap } => format!("✅ The music is back. It was gone for {}.", text::span(*gap)),
        Notice::Kicked => "👋 Somebody disconnected me. The queue is kept: `/resume` goes on where the music stopped, \
                           `/disconnect` clears it."
            .into(),
        Notice::StayedOut => {
            "🔌 The voice connection was lost, and this server does not want me to come back by myself. \
                              The queue is kept: `/resume` goes on where the music stopped."
                .into()
        }
        Notice::Moved { to } => format!("➡️ I was moved to <#{to}>; the music goes on there."),
        Notice::ChannelGone => {
            "The voice channel is gone, so I left. The queue is kept: `/play` in another channel goes \
                                on."
            .into()
        }
        Notice::JoinUnanswered => {
            "Discord did not let me into the voice channel. Check that it is not full and that I \
                                   may connect there, then try again."
                .into()
        }
        Notice::Fatal { code } => {
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

    #[test]
    fn what_people_are_told() {
        let wait = Duration::from_secs;
        let all = [
            Notice::Interrupted { next: Duration::ZERO, attempt: 1 },
            Notice::Interrupted { next: wait(4), attempt: 2 },
            Notice::CoolingDown { next: wait(120) },
            Notice::Recovered { gap: Duration::from_millis(420) },
            Notice::Kicked,
            Notice::StayedOut,
            Notice::Moved { to: ChannelId::new(5) },
            Notice::ChannelGone,
            Notice::JoinUnanswered,
            Notice::Fatal { code: None },
        ];
        let mut said: Vec<_> = all.into_iter().map(|notice| words(&AnnouncementKind::Voice(notice))).collect();
        said.push(words(&AnnouncementKind::TrackFailed { title: "a_b".into(), reason: "It is gone.".into() }));
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn a_reason_of_any_length_fits_a_message() {
        let what = AnnouncementKind::TrackFailed { title: "t".repeat(5000), reason: "r".repeat(5000) };
        assert!(words(&what).encode_utf16().count() <= MAX_CONTENT);
    }
}
