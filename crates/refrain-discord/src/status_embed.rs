//! `/voice-status` and `/recover` as people see them.

use crate::{
    embed::{AMBER, GREEN, GREY, MAX_DESCRIPTION, RED, sentence},
    notice, text,
};
use refrain::{CloseCode, Doing, NotHeard, Presence, Recovering, TimelineEntry, Verdict, VoiceStatus, Waiting};
use refrain_model::ChannelId;
use std::time::Duration;
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::{EmbedBuilder, EmbedFieldBuilder, EmbedFooterBuilder};

/// A reason in the timeline.
const MAX_REASON: usize = 200;

/// `/voice-status`: how things are, then what happened.
pub(crate) fn voice_status(status: &VoiceStatus) -> Vec<Embed> {
    vec![now(status), timeline(status)]
}

/// After `/recover`.
pub(crate) fn recovering(recovering: Recovering) -> Embed {
    let words = match recovering {
        Recovering::Rejoining { channel } => format!("I am coming back to <#{channel}>."),
        Recovering::Hurried { channel } => {
            format!(
                "The wait is over: I am connecting to <#{channel}> now, and earlier failures do not count any more."
            )
        }
        Recovering::UnderWay { channel } => {
            format!("I am on my way to <#{channel}> already; `/voice-status` shows how far.")
        }
        Recovering::Anew { channel } => format!(
            "My connection to <#{channel}> looked well from here. I am leaving and joining again to make it anew; the \
             music goes on where it stopped."
        ),
    };
    sentence(&words)
}

fn now(status: &VoiceStatus) -> Embed {
    let mut embed = EmbedBuilder::new().color(colour(status.doing)).title("Voice connection").description(format!(
        "{}{}{}\n-# {}",
        doing(status),
        not_heard(status),
        source(status),
        status.state
    ));
    for (name, value) in fields(status) {
        embed = embed.field(field(name, &value).inline());
    }
    embed.build()
}

fn fields(status: &VoiceStatus) -> Vec<(&'static str, String)> {
    let ago = |unix: Option<u64>| unix.map_or_else(|| "none yet".into(), text::relative);
    let attempts = match status.attempt {
        0 => format!("none needed (up to {} in a row)", status.attempts),
        attempt => format!("{attempt} of {}", status.attempts),
    };
    let cooldown =
        status.cooldown_until_unix.map_or_else(|| "none".into(), |at| format!("until {}", text::relative(at)));
    let last_close = status.last_close.map_or_else(|| "none".into(), |(at, code)| close(at, code));
    vec![
        ("I should be in", channel(status.intent)),
        ("Discord has me in", presence(status.presence)),
        ("Last sign of life", ago(status.last_alive_unix)),
        ("Latency", latency(status)),
        ("Attempts", attempts),
        ("Cooldown", cooldown),
        ("Next", status.next.map_or_else(|| "nothing is due".into(), |(at, waiting)| next(at, waiting))),
        ("Last trouble", last_close),
    ]
}

fn latency(status: &VoiceStatus) -> String {
    let millis =
        |to: &str, latency: Option<Duration>| latency.map(|latency| format!("{to} {} ms", latency.as_millis()));
    let both = [millis("gateway", status.gateway_latency), millis("voice server", status.voice_latency)];
    let known: Vec<_> = both.into_iter().flatten().collect();
    if known.is_empty() { "not measured yet".into() } else { known.join(", ") }
}

fn timeline(status: &VoiceStatus) -> Embed {
    let page = &status.timeline;
    let embed = EmbedBuilder::new().color(GREY).title("What happened, newest first");
    if page.lines.is_empty() {
        return embed.description("Nothing so far.").build();
    }
    let lines: Vec<_> = page.lines.iter().map(line).collect();
    let embed = embed.description(text::shorten(&lines.join("\n"), MAX_DESCRIPTION));
    if page.pages == 1 {
        return embed.build();
    }
    embed.footer(EmbedFooterBuilder::new(format!("page {} of {}", page.number, page.pages))).build()
}

fn line(entry: &TimelineEntry) -> String {
    let seconds = entry.unix_ms / 1000;
    let reason = text::shorten(&text::escape(&entry.reason), MAX_REASON);
    let code = entry.code.filter(|code| !reason.contains(&code.to_string()));
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let attempt = if entry.attempt > 1 { format!(", attempt {}", entry.attempt) } else { String::new() };
    let times = if entry.times > 1 { format!(" (×{})", entry.times) } else { String::new() };
    format!("<t:{seconds}:d> <t:{seconds}:T> **{}**: {reason}{code}{attempt}{times}", verdict(entry.verdict))
}

fn doing(status: &VoiceStatus) -> String {
    let since = status.since_unix.map(|at| format!(" The music stopped {}.", text::relative(at))).unwrap_or_default();
    match status.doing {
        Doing::Connected => {
            let made = status.since_unix.map(|at| format!(" The connection was made {}.", text::relative(at)));
            format!("🟢 Connected.{}", made.unwrap_or_default())
        }
        Doing::Resuming => "🟢 The connection is being resumed; the music goes on.".into(),
        Doing::Joining => format!("🔄 Connecting.{since}"),
        Doing::Leaving => "🔄 Leaving.".into(),
        Doing::BackingOff => format!("🔄 An attempt failed; the next one comes in a moment.{since}"),
        Doing::AwaitingTurn => format!("🔄 Waiting for my turn: other servers are connecting.{since}"),
        Doing::Weighing => {
            format!("⏳ Discord closed the connection; whether I was moved, removed or lost is not clear yet.{since}")
        }
        Doing::CoolingDown => format!("⏳ Several attempts failed, so I wait a while.{since}"),
        Doing::AwaitingServer => format!("⏳ Discord has to name a voice server.{since}"),
        Doing::AwaitingGuild => format!("⏳ Discord itself is away.{since}"),
        Doing::AwaitingPermission { missing } => {
            let what = missing.map_or_else(
                || "I cannot come back: a permission is missing".to_owned(),
                |missing| format!("I need the permission **{}**", notice::permission(missing)),
            );
            let place = status.intent.map(|channel| format!(" in <#{channel}>")).unwrap_or_default();
            format!("🔒 {what}{place}. I come back by myself once a moderator gives it to me.{since}")
        }
        Doing::NotWanted => "⚪ In no voice channel, as it should be.".into(),
        Doing::Kicked => "👋 Somebody disconnected me. `/resume` or `/recover` brings me back.".into(),
        Doing::StaysOut => {
            "🔌 The connection was lost, and this server wants no rejoin. `/recover` brings me back.".into()
        }
        Doing::Unanswered => "🚫 Discord did not let me into the voice channel.".into(),
        Doing::Gone => "🚫 The voice channel is gone.".into(),
        Doing::Fatal { code } => {
            let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
            format!("⛔ Discord refuses my voice connection{code}. Whoever runs me finds the reason in the log.")
        }
    }
}

/// Why members hear nothing of a connection that stands.
const fn not_heard(status: &VoiceStatus) -> &'static str {
    match status.not_heard {
        Some(NotHeard::Muted) => "\n🔇 A moderator muted me: nobody hears me until I am unmuted.",
        Some(NotHeard::Suppressed) => "\n🔇 I am in the audience of the stage: nobody hears me until I may speak.",
        None => "",
    }
}

/// What is wrong with the current track's source.
fn source(status: &VoiceStatus) -> String {
    let Some((failure, next)) = &status.source else { return String::new() };
    let next =
        next.map_or_else(|| "I am trying again now.".to_owned(), |at| format!("I try again {}.", text::relative(at)));
    format!("\n⏳ The track's source fails: {} {next}", failure.message)
}

const fn colour(doing: Doing) -> u32 {
    match doing {
        Doing::Connected | Doing::Resuming => GREEN,
        Doing::NotWanted | Doing::Leaving => GREY,
        Doing::Joining
        | Doing::Weighing
        | Doing::BackingOff
        | Doing::CoolingDown
        | Doing::AwaitingTurn
        | Doing::AwaitingServer
        | Doing::AwaitingGuild
        | Doing::AwaitingPermission { .. } => AMBER,
        Doing::Kicked | Doing::StaysOut | Doing::Unanswered | Doing::Gone | Doing::Fatal { .. } => RED,
    }
}

fn next(at: u64, waiting: Waiting) -> String {
    let at = text::relative(at);
    match waiting {
        Waiting::Answer => format!("an answer, {at} at the latest"),
        Waiting::Attempt => format!("an attempt {at}"),
        Waiting::Round => format!("a new round of attempts {at}"),
        Waiting::HealthCheck => format!("a check {at}"),
        Waiting::Forgetting => format!("earlier trouble is forgotten {at}"),
    }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Join => "join",
        Verdict::Leave => "leave",
        Verdict::Recovered => "well again",
        Verdict::Resume => "resume",
        Verdict::NewSession => "new session",
        Verdict::Weigh => "wait for an explanation",
        Verdict::Follow => "follow",
        Verdict::Wait => "wait",
        Verdict::CoolDown => "cooldown",
        Verdict::StayOut => "stay out",
        Verdict::Fatal => "give up",
    }
}

fn close(at: u64, code: Option<CloseCode>) -> String {
    let what = code.map_or_else(|| "lost without a code".into(), |code| format!("code {code}"));
    format!("{what}, {}", text::relative(at))
}

fn channel(channel: Option<ChannelId>) -> String {
    channel.map_or_else(|| "no channel".into(), |channel| format!("<#{channel}>"))
}

fn presence(presence: Presence) -> String {
    match presence {
        Presence::Nowhere => "no channel".into(),
        Presence::In(there) => channel(Some(there)),
        Presence::Unknown => "not known".into(),
    }
}

fn field(name: &str, value: &str) -> EmbedFieldBuilder {
    EmbedFieldBuilder::new(name, value)
}

#[cfg(test)]
#[path = "status_embed_tests.rs"]
mod tests;
