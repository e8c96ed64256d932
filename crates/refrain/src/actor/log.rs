//! A guild's log lines. `WARN` is trouble that is dealt with, `INFO` what an operator wants to read back, `DEBUG` every
//! event on its way in; an alert of the recovery machine is an `ERROR`.

use refrain_guild::{GuildInput, GuildOutput, LeaveReason, Observation, StaysAway, VoiceView};
use refrain_model::{GuildId, TrackId};
use refrain_recovery::{CloseCode, DriverEvent, Incident};
use std::time::Duration;

/// A line about the voice connection, with the fields that every such line has.
macro_rules! voice_line {
    ($guild:expr, $view:expr, $level:ident, $code:expr, $attempt:expr, $($rest:tt)+) => {{
        let view: Option<&VoiceView> = $view;
        tracing::$level!(
            guild_id = %$guild,
            voice_channel_id = view.and_then(|view| view.intent).map(tracing::field::display),
            close_code = Option::<CloseCode>::map($code, |code| code.0),
            attempt = $attempt,
            latency_ms = view.and_then(latency_ms),
            state = view.map_or("IDLE", |view| view.state),
            $($rest)+
        )
    }};
}

/// What the guild is told, where it is about the voice connection.
pub(super) fn told(guild: GuildId, view: Option<&VoiceView>, input: &GuildInput) {
    let attempt = view.map_or(0, |view| view.attempt);
    match input {
        GuildInput::Gateway(event) => voice_line!(guild, view, debug, None, attempt, ?event, "gateway"),
        GuildInput::Driver { generation, event } => {
            voice_line!(guild, view, debug, code_of(*event), attempt, %generation, ?event, "driver");
        }
        GuildInput::Turn => voice_line!(guild, view, debug, None, attempt, "a turn was granted"),
        GuildInput::Loaded(_)
        | GuildInput::Command { .. }
        | GuildInput::LookedUp { .. }
        | GuildInput::Source { .. }
        | GuildInput::ChannelChanged
        | GuildInput::PanelIs(_)
        | GuildInput::PanelFailed(_)
        | GuildInput::IncidentMessageIs(_) => {}
    }
}

/// What the guild says, where an operator may want to read it.
pub(super) fn said(guild: GuildId, view: Option<&VoiceView>, output: &GuildOutput) {
    if let GuildOutput::Observe(observation) = output {
        observed(guild, view, observation);
    } else if let GuildOutput::AskTurn { urgency, listeners } = output {
        let attempt = view.map_or(0, |view| view.attempt);
        voice_line!(guild, view, debug, None, attempt, ?urgency, listeners, "asking for a turn");
    }
}

fn observed(guild: GuildId, view: Option<&VoiceView>, observation: &Observation) {
    match observation {
        Observation::Voice(_) | Observation::Driver { .. } => {}
        Observation::Incident(incident) => voice(guild, view, incident),
        Observation::LoadFailed { error, again } => load_failed(guild, error, *again),
        Observation::ComingBack { .. }
        | Observation::StayingAway { .. }
        | Observation::BackAfterRestart { .. }
        | Observation::Leaving { .. }
        | Observation::NotHeard(_) => stays(guild, view, observation),
        Observation::SourceRetry { .. }
        | Observation::SourceBack { .. }
        | Observation::SourceStalled { .. }
        | Observation::SourceEndedEarly { .. }
        | Observation::OutageBegan
        | Observation::OutageOver { .. }
        | Observation::TrackFailed { .. }
        | Observation::TrackDeferred { .. }
        | Observation::Halted { .. }
        | Observation::LookUpFailed { .. } => source(guild, observation),
    }
}

fn voice(guild: GuildId, view: Option<&VoiceView>, incident: &Incident) {
    let Incident { generation, attempt, code, verdict, reason, alert, .. } = incident;
    match alert {
        None => voice_line!(guild, view, info, *code, *attempt, %generation, ?verdict, %reason, "voice"),
        // The operator has to look: an alert is the one thing here that is logged as an error.
        Some(alert) => {
            voice_line!(guild, view, error, *code, *attempt, ?alert, %generation, ?verdict, %reason, "voice");
        }
    }
}

fn load_failed(guild: GuildId, error: &str, again: Option<Duration>) {
    match again {
        Some(pause) => {
            tracing::warn!(guild_id = %guild, error, ?pause, "the guild's record could not be read; again after a pause");
        }
        None => tracing::error!(
            guild_id = %guild,
            error,
            "the guild's record cannot be read: it begins without one, and nothing of it is kept until the bot is started \
             again; stop the bot and see what `refrain store check` says"
        ),
    }
}

/// Coming, staying and going.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller picks these")]
fn stays(guild: GuildId, view: Option<&VoiceView>, observation: &Observation) {
    match observation {
        Observation::ComingBack { channel, from, paused } => {
            tracing::info!(guild_id = %guild, voice_channel_id = %channel, ?from, paused, "coming back after a restart");
        }
        Observation::StayingAway { channel, why } => {
            let why = stays_away(*why);
            tracing::info!(guild_id = %guild, voice_channel_id = %channel, why, "staying away after a restart");
        }
        Observation::BackAfterRestart { away, from } => {
            tracing::info!(guild_id = %guild, ?away, ?from, "the music is back after a restart");
        }
        Observation::Leaving { channel, why } => {
            let why = match why {
                LeaveReason::Idle => "the queue has run out",
                LeaveReason::Alone => "no member listens",
            };
            tracing::info!(guild_id = %guild, voice_channel_id = %channel, "leaving: {why}");
        }
        Observation::NotHeard(why) => {
            let channel = view.and_then(|view| view.intent).map(tracing::field::display);
            match why {
                Some(why) => {
                    tracing::info!(guild_id = %guild, voice_channel_id = channel, ?why, "members cannot hear the bot");
                }
                None => tracing::info!(guild_id = %guild, voice_channel_id = channel, "members can hear the bot again"),
            }
        }
        _ => {}
    }
}

const fn stays_away(why: StaysAway) -> &'static str {
    match why {
        StaysAway::AsSet => "as the guild or the operator has set",
        StaysAway::NobodyListens => "no member listens",
        StaysAway::NoWayIn => "the channel is gone, or a permission is missing",
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the caller picks these")]
fn source(guild: GuildId, observation: &Observation) {
    match observation {
        Observation::SourceRetry { track: TrackId(track), title, failure, attempt, pause } => {
            let (class, kind) = (failure.class, &*failure.kind);
            tracing::warn!(guild_id = %guild, track, title, ?class, kind, attempt, ?pause, "a source failed; it is tried again after a pause");
        }
        Observation::SourceBack { track: TrackId(track), gap } => {
            tracing::info!(guild_id = %guild, track, ?gap, "a source that failed is open again");
        }
        Observation::SourceStalled { id, starved } => {
            tracing::warn!(guild_id = %guild, source = id.0, ?starved, "a source brings no frames and counts as broken");
        }
        Observation::SourceEndedEarly { id, at, length } => {
            tracing::warn!(guild_id = %guild, source = id.0, ?at, ?length, "a source ended early and is opened again");
        }
        Observation::OutageBegan => {
            tracing::warn!(guild_id = %guild, "the sources of several tracks fail: the queue waits until one opens");
        }
        Observation::OutageOver { lasted } => {
            tracing::info!(guild_id = %guild, ?lasted, "a source opened again: the queue waits no more");
        }
        Observation::TrackFailed { track: TrackId(track), title, failure } => {
            let (class, kind) = (failure.class, &*failure.kind);
            tracing::warn!(guild_id = %guild, track, title, ?class, kind, "the track cannot be played and is passed over");
        }
        Observation::TrackDeferred { track: TrackId(track), title } => {
            tracing::warn!(guild_id = %guild, track, title, "the track's source keeps failing: it goes to the end of the queue");
        }
        Observation::Halted { failed } => {
            tracing::warn!(guild_id = %guild, failed, "too many tracks in a row cannot be played: the music stops, the queue is kept");
        }
        Observation::LookUpFailed { id, failure } => {
            let (class, kind) = (failure.class, &*failure.kind);
            tracing::debug!(guild_id = %guild, look_up = id.0, ?class, kind, "a look-up failed");
        }
        _ => {}
    }
}

/// The main gateway's round trip, once it is known.
pub(super) fn latency_ms(view: &VoiceView) -> Option<u64> {
    Some(millis(view.gateway_latency)).filter(|_| !view.gateway_latency.is_zero())
}

pub(super) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn code_of(event: DriverEvent) -> Option<CloseCode> {
    match event {
        DriverEvent::Closed { code, .. } => code,
        DriverEvent::Failed { kind } => kind.code(),
        DriverEvent::Connected
        | DriverEvent::Resumed
        | DriverEvent::Unresponsive
        | DriverEvent::Alive
        | DriverEvent::Reachable => None,
    }
}
