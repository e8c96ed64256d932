//! What can be asked of the listeners: reports, recordings, and what a timecode track says.

use super::{
    Listeners,
    bot::{BotListener, Sink},
    kept::Kept,
    lock, report,
    timeline::{self, TICKS_PER_MS},
};
use crate::timecode::{Analyser, Analysis};
use anyhow::Context;
use serde_json::{Value, json};
use std::{
    io::Cursor,
    sync::{Arc, atomic::Ordering},
};

/// The longest piece that is told of at once.
const MAX_SPAN: i64 = 60 * 60 * 1000 * TICKS_PER_MS;
/// The longest piece that is written as WAV: 172 MB.
const MAX_WAV: i64 = 15 * 60 * 1000 * TICKS_PER_MS;

/// A part of a recording, in milliseconds of the simulator's clock; what is left out is where it begins, or now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Where it begins.
    pub from_ms: Option<f64>,
    /// Where it ends.
    pub to_ms: Option<f64>,
}

/// What was heard of one bot in one guild.
#[derive(Clone, Debug)]
pub struct Heard {
    pub(super) listeners: Listeners,
    pub(super) guild: u64,
    pub(super) bot: Arc<BotListener>,
}

impl Listeners {
    /// What was heard of this bot in this guild, or of the first bot that was in voice there; `None` when it never was.
    #[must_use]
    pub fn heard(&self, guild: u64, user: Option<u64>) -> Option<Heard> {
        let bot = self.bots(guild).into_iter().find(|bot| user.is_none_or(|user| bot.user == user))?;
        Some(Heard { listeners: self.clone(), guild, bot })
    }

    /// What was heard of the first bot in this guild; `None` when no bot ever connected to voice there.
    /// docs/simulator.md has the fields. Takes milliseconds for a recording of minutes.
    #[must_use]
    pub fn report(&self, guild: u64) -> Option<Value> {
        self.heard(guild, None).map(|heard| heard.report())
    }

    /// The first bot's recording as WAV, from its beginning; `None` when no bot ever connected to voice there.
    #[must_use]
    pub fn wav(&self, guild: u64) -> Option<Vec<u8>> {
        self.heard(guild, None)?.wav(Span::default())
    }
}

impl Heard {
    /// Everything but the sound itself. docs/simulator.md has the fields.
    #[must_use]
    pub fn report(&self) -> Value {
        let mut told = report::report(self.guild, &self.bot);
        let stalls = lock(&self.listeners.0.stalls).since(told["start_ms"].as_f64().unwrap_or(0.0));
        let users: Vec<String> = self.listeners.bots(self.guild).iter().map(|bot| bot.user.to_string()).collect();
        let strays = self.listeners.0.strays.load(Ordering::Relaxed);
        report::merge(&mut told, json!({ "users": users, "strays": strays, "sim_stalls": stalls }));
        told
    }

    /// The recording as WAV (48 kHz, stereo, s16), silences kept, at most 15 minutes of it; silent where nothing was
    /// decoded. Large, and slow for a recording of minutes: not for an async task itself.
    #[must_use]
    pub fn wav(&self, span: Span) -> Option<Vec<u8>> {
        let (kept, from, until) = self.part(span, MAX_WAV);
        let written = write_wav(&kept, from, until);
        written.inspect_err(|error| tracing::error!(%error, self.guild, "writing a listener's recording")).ok()
    }

    /// What the recording says when it is a timecode track, at most an hour of it. As slow as [`wav`](Self::wav).
    #[must_use]
    pub fn analysis(&self, span: Span) -> Analysis {
        let (kept, from, until) = self.part(span, MAX_SPAN);
        let mut analyser = Analyser::new(super::recording::ms(from));
        kept.play(from, until, |samples| analyser.push(samples));
        analyser.finish()
    }

    /// [`analysis`](Self::analysis), and the same as JSON with what the packets tell beside it. docs/simulator.md has the fields.
    #[must_use]
    pub fn timecode(&self, span: Span) -> (Analysis, Value) {
        let analysis = self.analysis(span);
        let mut told = json!(analysis);
        let mut report = self.report();
        for field in [
            "guild",
            "user",
            "users",
            "channel",
            "now_ms",
            "heard_until_ms",
            "decoding",
            "truncated",
            "rtp",
            "before_speaking",
            "undecryptable",
            "transport_only",
            "dave_undecryptable",
            "dave_unheard",
            "silenced",
            "nonce_reuse",
            "decoder_behind",
            "sim_stalls",
        ] {
            told[field] = report[field].take();
        }
        (analysis, told)
    }

    /// Whether there is anything to decode.
    #[must_use]
    pub fn is_decoding(&self) -> bool {
        match self.bot.sink {
            Sink::Decoded => true,
            Sink::Marked => false,
        }
    }

    /// The packets of a part, and where it begins and ends in ticks.
    fn part(&self, span: Span, longest: i64) -> (Kept, i64, i64) {
        let heard_until = self.bot.heard_until();
        let ear = self.bot.caught_up();
        let start = ear.recording().start();
        let end = ear.recording().end().max(heard_until);
        let tick = |ms: Option<f64>, default: i64| {
            ms.map_or(default, |ms| timeline::ticks((ms.clamp(0.0, 1e12) * 1000.0) as u64)).clamp(start, end)
        };
        let from = tick(span.from_ms, start);
        let until = tick(span.to_ms, end).clamp(from, from + longest);
        (ear.kept().between(from, until), from, until)
    }
}

fn write_wav(kept: &Kept, from: i64, until: i64) -> anyhow::Result<Vec<u8>> {
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 2, sample_rate: 48_000, bits_per_sample: 16, sample_format };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).context("beginning the WAV")?;
    let mut failed = None;
    kept.play(from, until, |samples| {
        let mut piece = writer.get_i16_writer(u32::try_from(samples.len()).unwrap_or(0));
        for sample in samples {
            // What is beyond full scale is clipped, as every player would.
            piece.write_sample((sample * 32768.0) as i16);
        }
        failed = piece.flush().err().or(failed.take());
    });
    if let Some(error) = failed {
        return Err(error).context("writing samples into the WAV");
    }
    writer.finalize().context("ending the WAV")?;
    Ok(bytes.into_inner())
}
