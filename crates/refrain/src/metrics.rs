//! What operators count: every metric's name, unit and meaning, in one place.
//!
//! They go through the `metrics` facade, so that whoever embeds this chooses the exporter; without one they cost next to
//! nothing. Labels are bounded: no guild, channel or user is one.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use refrain_model::FailureClass;
use refrain_recovery::{CloseCode, Urgency, governor::Load};
use std::{borrow::Cow, time::Duration};

const DISCONNECTS: &str = "voice_disconnect_total";
const UNLISTED_CLOSES: &str = "voice_unlisted_close_total";
const RECONNECT_SUCCESSES: &str = "voice_reconnect_success_total";
const RECONNECT_FAILURES: &str = "voice_reconnect_failure_total";
const ATTEMPTS: &str = "voice_reconnect_attempts_current";
const DURATION: &str = "voice_reconnect_duration_seconds";
const LATENCY: &str = "voice_latency_ms";
const OP4: &str = "voice_op4_total";
const WAITING: &str = "voice_turns_waiting";
const UNDER_WAY: &str = "voice_turns_current";
const SOURCE_FAILURES: &str = "source_failures_total";
const SOURCE_STALLS: &str = "source_stalls_total";
const SOURCE_OUTAGES: &str = "source_outages_current";
const WAITS: &str = "voice_turn_wait_seconds";

/// Tells the recorder what each metric means. Call it once, after a recorder has been installed.
pub fn describe_metrics() {
    let counters = [
        (DISCONNECTS, "Voice connections that ended without being told to, and handshakes refused, by close code."),
        (UNLISTED_CLOSES, "Those of them whose close code is documented nowhere."),
        (RECONNECT_SUCCESSES, "Voice connections that came back."),
        (RECONNECT_FAILURES, "Attempts to bring a voice connection back that failed."),
        (SOURCE_FAILURES, "Failures of tracks' sources, by what they are about: track, site, machine or request."),
        (SOURCE_STALLS, "Sources that brought no frames for so long that they counted as broken."),
        (OP4, "Voice state updates (op 4) sent to the main gateway, by kind."),
    ];
    for (name, meaning) in counters {
        describe_counter!(name, Unit::Count, meaning);
    }
    let gauges = [
        (
            ATTEMPTS,
            Unit::Count,
            "Attempts made so far in the recoveries that are under way now, summed over all guilds.",
        ),
        (
            LATENCY,
            Unit::Milliseconds,
            "The main gateway's heartbeat round trip, or a voice server's answer to a probe.",
        ),
        (WAITING, Unit::Count, "Guilds that wait for the governor to let them make an attempt."),
        (
            SOURCE_OUTAGES,
            Unit::Count,
            "Guilds whose queue waits because the sources of several tracks in a row failed.",
        ),
        (UNDER_WAY, Unit::Count, "Attempts under way that the governor has granted."),
    ];
    for (name, unit, meaning) in gauges {
        describe_gauge!(name, unit, meaning);
    }
    describe_histogram!(DURATION, Unit::Seconds, "From the loss of a voice connection to its return.");
    describe_histogram!(WAITS, Unit::Seconds, "How long an attempt waited for the governor, by urgency.");
}

/// How a voice connection ended, where that says more than a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server closed it.
    Code(CloseCode),
    /// The socket ended without a close code.
    NoCode,
    /// The peer fell silent.
    Silent,
}

pub(crate) fn disconnected(ending: Ending) {
    counter!(DISCONNECTS, "code" => label(ending)).increment(1);
    if let Ending::Code(code) = ending
        && !code.is_listed()
    {
        counter!(UNLISTED_CLOSES, "code" => label(ending)).increment(1);
    }
}

/// A close code is the other side's word, so only those that can mean something become labels of their own.
fn label(ending: Ending) -> Cow<'static, str> {
    match ending {
        Ending::Code(code) if code.is_listed() || (4000..4100).contains(&code.0) => code.to_string().into(),
        Ending::Code(_) => "other".into(),
        Ending::NoCode => "none".into(),
        Ending::Silent => "silent".into(),
    }
}

/// A connection came back; after so long, where it had been gone at all.
pub(crate) fn reconnected(after: Option<Duration>) {
    counter!(RECONNECT_SUCCESSES).increment(1);
    if let Some(after) = after {
        histogram!(DURATION).record(after);
    }
}

pub(crate) fn attempt_failed() {
    counter!(RECONNECT_FAILURES).increment(1);
}

pub(crate) fn attempt_begun() {
    gauge!(ATTEMPTS).increment(1.0);
}

/// A recovery is over, however it ended: its attempts are no longer current.
pub(crate) fn attempts_over(attempts: u32) {
    gauge!(ATTEMPTS).decrement(f64::from(attempts));
}

/// The main gateway's heartbeat was answered.
pub(crate) fn gateway_latency(latency: Duration) {
    gauge!(LATENCY, "source" => "gateway").set(milliseconds(latency));
}

/// A voice server answered a probe.
pub(crate) fn probe_latency(latency: Duration) {
    gauge!(LATENCY, "source" => "probe").set(milliseconds(latency));
}

fn milliseconds(latency: Duration) -> f64 {
    latency.as_secs_f64() * 1000.0
}

pub(crate) fn op4_sent(joins: bool) {
    let kind = if joins { "join" } else { "leave" };
    counter!(OP4, "kind" => kind).increment(1);
}

/// A track's source failed.
pub(crate) fn source_failed(class: FailureClass) {
    let class = match class {
        FailureClass::Track => "track",
        FailureClass::Site => "site",
        FailureClass::Machine => "machine",
        FailureClass::Request => "request",
    };
    counter!(SOURCE_FAILURES, "class" => class).increment(1);
}

/// A source brought no frames for too long.
pub(crate) fn source_stalled() {
    counter!(SOURCE_STALLS).increment(1);
}

/// A guild's queue waits for sources.
pub(crate) fn outage_began() {
    gauge!(SOURCE_OUTAGES).increment(1.0);
}

/// It waits no more.
pub(crate) fn outage_over() {
    gauge!(SOURCE_OUTAGES).decrement(1.0);
}

pub(crate) fn turn_granted(urgency: Urgency, waited: Duration) {
    let urgency = match urgency {
        Urgency::Asked => "asked",
        Urgency::Recovery => "recovery",
    };
    histogram!(WAITS, "urgency" => urgency).record(waited);
}

pub(crate) fn load(load: Load) {
    // Counts of guilds are far below what a float holds exactly.
    gauge!(WAITING).set(load.waiting as f64);
    gauge!(UNDER_WAY).set(load.under_way as f64);
}
