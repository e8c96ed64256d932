//! What was heard of one bot, as JSON. docs/simulator.md has the fields.

use super::{bot::BotListener, ear::Ear, lock, recording::ms};
use serde_json::{Value, json};

/// Everything that is told of a bot's listener, but for what all listeners share.
pub(super) fn report(guild: u64, bot: &BotListener) -> Value {
    let now_ms = bot.clock.now_ms();
    let heard_until = bot.heard_until();
    let ear = bot.caught_up();
    let mut report = sound(&ear, heard_until);
    let (tally, malformed, rtp, decoding) =
        (ear.tally(), ear.malformed(), ear.facts.report(), ear.recording().is_decoding());
    drop(ear);
    let counters = bot.counters();
    let history = lock(&bot.history).clone();
    let ssrcs: Vec<u32> = history.sessions.iter().map(|session| session.ssrc).collect();
    let rest = json!({
        "guild": guild.to_string(),
        "user": bot.user.to_string(),
        "channel": history.channel.to_string(),
        "now_ms": now_ms,
        "heard_until_ms": ms(heard_until),
        "decoding": decoding,
        "packets": counters.packets,
        "undecryptable": counters.undecryptable,
        "transport_only": counters.transport_only,
        "dave_undecryptable": counters.dave_undecryptable,
        "dave_unheard": counters.dave_unheard,
        "silenced": counters.silenced,
        "out_of_order": counters.out_of_order,
        "duplicates": counters.duplicates,
        "nonce_reuse": counters.nonce_reuse,
        "before_speaking": counters.before_speaking,
        "unknown": counters.unknown,
        "malformed": malformed,
        "underruns": tally.underruns,
        "late": tally.late,
        "lost": tally.lost,
        "overflow": tally.overflow,
        "decoder_behind": counters.decoder_behind,
        "rtp": rtp,
        "ssrcs": ssrcs,
        "sessions": history.sessions,
        "closes": history.closes,
        "speaking": history.speaking,
    });
    merge(&mut report, rest);
    report
}

/// Adds the fields of an object to another's.
pub(super) fn merge(report: &mut Value, more: Value) {
    if let (Value::Object(report), Value::Object(more)) = (report, more) {
        report.extend(more);
    }
}

fn sound(ear: &Ear, heard_until: i64) -> Value {
    let recording = ear.recording();
    let silences: Vec<Value> = recording
        .silences(heard_until, ear.held())
        .into_iter()
        .map(|silence| {
            let mut told = json!({ "start_ms": silence.start_ms, "length_ms": silence.length_ms });
            if silence.is_open {
                told["open"] = Value::Bool(true);
            }
            told
        })
        .collect();
    json!({
        "start_ms": recording.start_ms(),
        "decoded_ms": ms(recording.decoded),
        "music_ms": ms(recording.music),
        "first_frame_ms": recording.first_music_ms(),
        "truncated": recording.is_truncated,
        "level": recording.levels(),
        "silences": silences,
    })
}
