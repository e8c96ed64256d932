//! Packets become what is heard: each stream is played by a timeline of its own and decoded.

use super::{
    Packet,
    bot::Sink,
    facts::Facts,
    kept::Kept,
    recording::Recording,
    timeline::{Arrival, TICKS_PER_MS, Tally, Timeline},
};
use opus2::{Channels, Decoder};

pub(super) const RATE: u32 = 48_000;
/// The longest Opus packet, 120 ms, in stereo.
pub(super) const MAX_FRAME: usize = 120 * TICKS_PER_MS as usize * 2;
/// Streams that are kept apart; each session has one of its own.
const MAX_STREAMS: usize = 8;
/// What a sender ends its speech with.
const SILENCE_FRAME: [u8; 3] = [0xf8, 0xff, 0xfe];

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    timeline: Timeline<Vec<u8>>,
    /// Absent where nothing is decoded.
    decoder: Option<Decoder>,
}

/// What a bot's packets have become.
#[derive(Debug)]
pub(super) struct Ear {
    sink: Sink,
    /// The newest last.
    streams: Vec<Stream>,
    /// Of streams that are gone.
    forgotten: Tally,
    /// Decrypted, but not Opus.
    pub(super) malformed: u64,
    pub(super) facts: Facts,
    out: Out,
}

/// Where frames that have their place go.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) recording: Recording,
    pub(super) kept: Kept,
    malformed: u64,
    pcm: Vec<f32>,
}

impl Ear {
    /// One that begins to listen at `start` ticks.
    pub(super) fn new(start: i64, sink: Sink) -> Self {
        let is_decoding = sink == Sink::Decoded;
        Self {
            sink,
            streams: Vec::new(),
            forgotten: Tally::default(),
            malformed: 0,
            facts: Facts::default(),
            out: Out {
                recording: Recording::new(start, is_decoding),
                kept: Kept::default(),
                malformed: 0,
                pcm: if is_decoding { vec![0.0; MAX_FRAME] } else { Vec::new() },
            },
        }
    }

    pub(super) fn recording(&self) -> &Recording {
        &self.out.recording
    }

    pub(super) fn kept(&self) -> &Kept {
        &self.out.kept
    }

    /// Frames that are not Opus, at whatever point that showed.
    pub(super) fn malformed(&self) -> u64 {
        self.malformed + self.out.malformed
    }

    /// What became of the packets of all streams.
    pub(super) fn tally(&self) -> Tally {
        self.streams.iter().fold(self.forgotten, |sum, stream| sum.plus(stream.timeline.tally))
    }

    /// Music that waits behind a hole, hence has no place yet: where it would be, and for how long, in ticks.
    pub(super) fn held(&self) -> impl Iterator<Item = (i64, i64)> {
        self.streams.iter().flat_map(|stream| stream.timeline.held())
    }

    /// A packet arrived.
    pub(super) fn take(&mut self, packet: Packet) {
        let Ok(samples) = opus2::packet::get_nb_samples(&packet.opus, RATE) else {
            self.malformed += 1;
            return;
        };
        let arrival = Arrival {
            at: super::timeline::ticks(packet.arrival_us),
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ticks: i64::try_from(samples).unwrap_or(0),
            is_quiet: packet.opus == SILENCE_FRAME,
        };
        self.facts.note(packet.ssrc, arrival);
        let at = match self.streams.iter().position(|stream| stream.ssrc == packet.ssrc) {
            Some(at) => at,
            None => self.begin(packet.ssrc),
        };
        if let Some(Stream { timeline, decoder, .. }) = self.streams.get_mut(at) {
            let out = &mut self.out;
            timeline.push(arrival, packet.opus, &mut |at, opus| out.place(packet.ssrc, decoder, at, &opus));
        }
    }

    /// Frames behind a hole get their place once their moment is before `now` ticks.
    pub(super) fn advance(&mut self, now: i64) {
        for Stream { ssrc, timeline, decoder } in &mut self.streams {
            let out = &mut self.out;
            timeline.advance(now, &mut |at, opus| out.place(*ssrc, decoder, at, &opus));
        }
    }

    fn begin(&mut self, ssrc: u32) -> usize {
        if self.streams.len() >= MAX_STREAMS {
            let gone = self.streams.remove(0);
            self.forgotten = self.forgotten.plus(gone.timeline.tally);
        }
        let decoder = match self.sink {
            Sink::Decoded => new_decoder(),
            Sink::Marked => None,
        };
        self.streams.push(Stream { ssrc, timeline: Timeline::default(), decoder });
        self.streams.len() - 1
    }
}

impl Out {
    /// A frame has its place: it is decoded for its level and kept, or only noted.
    fn place(&mut self, ssrc: u32, decoder: &mut Option<Decoder>, at: i64, opus: &[u8]) {
        let is_music = *opus != SILENCE_FRAME;
        let Some(decoder) = decoder else {
            let samples = opus2::packet::get_nb_samples(opus, RATE).unwrap_or(0);
            return self.recording.mark(at, i64::try_from(samples).unwrap_or(0), is_music);
        };
        match decoder.decode_float(opus, &mut self.pcm, false) {
            Ok(samples) => {
                let frame = self.pcm.get(..samples * 2).unwrap_or_default();
                self.recording.write(at, frame, is_music);
                if !self.kept.keep(ssrc, at, opus) {
                    self.recording.is_truncated = true;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "decoding what a listener received");
                self.malformed += 1;
            }
        }
    }
}

/// A decoder as the listeners use it; `None`, logged, where libopus refuses.
pub(super) fn new_decoder() -> Option<Decoder> {
    let made = Decoder::new(RATE, Channels::Stereo);
    made.inspect_err(|error| tracing::error!(%error, "making a listener's Opus decoder")).ok()
}
