//! What people see of the voice connection, in words.

use super::*;
use refrain::{FailureClass, GuildSettings, MissingPermission, SourceFailure, TimelinePage};

const NOW: u64 = 1_800_000_000;

fn entry(verdict: Verdict, code: Option<u16>, reason: &'static str) -> TimelineEntry {
    TimelineEntry {
        unix_ms: NOW * 1000 + 300,
        state: "RETRYING",
        attempt: 2,
        code: code.map(CloseCode),
        verdict,
        reason: reason.into(),
        times: 3,
    }
}

fn well() -> VoiceStatus {
    VoiceStatus {
        state: "STABLE",
        doing: Doing::Connected,
        intent: Some(ChannelId::new(5)),
        presence: Presence::In(ChannelId::new(5)),
        since_unix: Some(NOW - 600),
        last_alive_unix: Some(NOW - 2),
        gateway_latency: Some(Duration::from_millis(43)),
        voice_latency: Some(Duration::from_millis(21)),
        attempt: 0,
        attempts: 5,
        cooldown_until_unix: None,
        next: Some((NOW + 40, Waiting::HealthCheck)),
        last_close: None,
        not_heard: None,
        source: None,
        settings: GuildSettings::default(),
        timeline: TimelinePage { lines: Vec::new(), number: 1, pages: 1 },
    }
}

fn ill() -> VoiceStatus {
    let lines = vec![
        entry(Verdict::CoolDown, None, "all attempts of the round are used"),
        entry(Verdict::NewSession, Some(4006), "the voice session is no longer valid (4006)"),
    ];
    VoiceStatus {
        state: "RETRYING",
        doing: Doing::CoolingDown,
        presence: Presence::Unknown,
        gateway_latency: None,
        voice_latency: None,
        since_unix: Some(NOW - 60),
        attempt: 5,
        cooldown_until_unix: Some(NOW + 25),
        next: Some((NOW + 25, Waiting::Round)),
        last_close: Some((NOW - 5, Some(CloseCode(4006)))),
        timeline: TimelinePage { lines, number: 2, pages: 3 },
        ..well()
    }
}

/// As people read it, embed by embed.
fn read(embeds: &[Embed]) -> String {
    let read = embeds.iter().map(|embed| {
        let mut lines: Vec<_> = [&embed.title, &embed.description].into_iter().flatten().cloned().collect();
        lines.extend(embed.fields.iter().map(|field| format!("{} | {}", field.name, field.value)));
        lines.extend(embed.footer.as_ref().map(|footer| footer.text.clone()));
        lines.join("\n")
    });
    read.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn what_people_see_of_the_voice_connection() {
    insta::assert_snapshot!(read(&[voice_status(&well()), voice_status(&ill())].concat()));
}

#[test]
fn what_members_see_of_other_reasons_for_silence() {
    let failure = SourceFailure::new(FailureClass::Site, "network", "I cannot reach the site at the moment.");
    let all = [
        VoiceStatus { not_heard: Some(NotHeard::Muted), ..well() },
        VoiceStatus { not_heard: Some(NotHeard::Suppressed), ..well() },
        VoiceStatus { source: Some((failure.clone(), Some(NOW + 4))), ..well() },
        VoiceStatus { source: Some((failure, None)), ..well() },
        VoiceStatus { doing: Doing::AwaitingPermission { missing: Some(MissingPermission::Connect) }, ..ill() },
        VoiceStatus { doing: Doing::AwaitingPermission { missing: None }, intent: None, ..ill() },
    ];
    let said: Vec<_> = all.iter().map(|status| now(status).description.unwrap()).collect();
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn what_people_see_after_recover() {
    let channel = ChannelId::new(5);
    let all = [
        Recovering::Rejoining { channel },
        Recovering::Hurried { channel },
        Recovering::UnderWay { channel },
        Recovering::Anew { channel },
    ];
    insta::assert_snapshot!(read(&all.map(recovering)));
}

#[test]
fn every_state_and_the_longest_page_fit_discord() {
    let states = [
        Doing::NotWanted,
        Doing::Kicked,
        Doing::StaysOut,
        Doing::Unanswered,
        Doing::Gone,
        Doing::Fatal { code: Some(CloseCode(4017)) },
        Doing::Leaving,
        Doing::Joining,
        Doing::Resuming,
        Doing::Weighing,
        Doing::BackingOff,
        Doing::AwaitingTurn,
        Doing::AwaitingServer,
        Doing::AwaitingGuild,
        Doing::AwaitingPermission { missing: Some(MissingPermission::Connect) },
        Doing::AwaitingPermission { missing: None },
    ];
    let mut long = ill();
    let reason = "*".repeat(5000);
    long.timeline.lines = vec![TimelineEntry { reason: reason.into(), ..entry(Verdict::Weigh, Some(4014), "") }; 10];
    let mut all: Vec<_> = states.into_iter().map(|doing| VoiceStatus { doing, ..ill() }).collect();
    all.push(long);
    for status in all {
        let embeds = voice_status(&status);
        for embed in &embeds {
            twilight_validate::embed::embed(embed).unwrap();
        }
        let total: usize = embeds.iter().map(twilight_validate::embed::chars).sum();
        assert!(total <= twilight_validate::embed::EMBED_TOTAL_LENGTH, "{total}");
    }
}
