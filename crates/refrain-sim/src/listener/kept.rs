//! The packets that were heard, kept as they came: a twelfth of the samples' size. They are decoded again on demand.

use super::{
    ear::{MAX_FRAME, new_decoder},
    timeline::TICKS_PER_MS,
};
use opus2::Decoder;
use std::collections::VecDeque;

/// Bytes of Opus that are kept of a bot: half an hour at 128 kbit/s. After that the oldest stay and nothing is added.
const MAX_BYTES: usize = 32 << 20;
/// How far in the past a frame may still have its place when later ones have theirs.
const DISORDER: i64 = 3000 * TICKS_PER_MS;
/// How long before what is asked for decoding begins: a decoder needs a few frames to come to the same samples.
const LEAD: i64 = 200 * TICKS_PER_MS;
/// Silence is told in pieces of at most this many ticks.
const PIECE: i64 = 1000 * TICKS_PER_MS;

#[derive(Clone, Copy, Debug)]
struct Note {
    at: i64,
    ssrc: u32,
    offset: u32,
    length: u16,
}

/// Opus packets with their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    notes: Vec<Note>,
    bytes: Vec<u8>,
}

impl Kept {
    /// Keeps a packet of this stream that is heard at `at` ticks; false where there is no more room.
    pub(super) fn keep(&mut self, ssrc: u32, at: i64, opus: &[u8]) -> bool {
        let (Ok(offset), Ok(length)) = (u32::try_from(self.bytes.len()), u16::try_from(opus.len())) else {
            return false;
        };
        if self.bytes.len() + opus.len() > MAX_BYTES {
            return false;
        }
        self.notes.push(Note { at, ssrc, offset, length });
        self.bytes.extend_from_slice(opus);
        true
    }

    /// A copy of what is needed to hear what lies between these ticks.
    pub(super) fn between(&self, from: i64, until: i64) -> Self {
        let first = self.notes.partition_point(|note| note.at < from - LEAD - DISORDER);
        let last = self.notes.partition_point(|note| note.at < until + DISORDER);
        let mut copy = Self::default();
        for note in self.notes.get(first..last).unwrap_or_default() {
            if (from - LEAD..until).contains(&note.at) {
                copy.keep(note.ssrc, note.at, self.opus(*note));
            }
        }
        copy
    }

    /// Plays what lies between these ticks, silences included: `sound` gets stereo samples, in pieces, in order.
    pub(super) fn play(&self, from: i64, until: i64, mut sound: impl FnMut(&[f32])) {
        let mut decoders: Vec<(u32, Decoder)> = Vec::new();
        let mut pcm = vec![0.0; MAX_FRAME];
        let mut mixer = Mixer { from, until, waiting: VecDeque::new(), piece: Vec::new() };
        for note in &self.notes {
            let at = match decoders.iter().position(|(ssrc, _)| *ssrc == note.ssrc) {
                Some(at) => at,
                None => {
                    let Some(decoder) = new_decoder() else {
                        continue;
                    };
                    decoders.push((note.ssrc, decoder));
                    decoders.len() - 1
                }
            };
            let Some((_, decoder)) = decoders.get_mut(at) else {
                continue;
            };
            if let Ok(samples) = decoder.decode_float(self.opus(*note), &mut pcm, false) {
                mixer.release(note.at - DISORDER, &mut sound);
                mixer.add(note.at, pcm.get(..samples * 2).unwrap_or_default());
            }
        }
        mixer.release(until, &mut sound);
    }

    fn opus(&self, note: Note) -> &[u8] {
        let offset = note.offset as usize;
        self.bytes.get(offset..offset + usize::from(note.length)).unwrap_or_default()
    }
}

/// Adds frames to each other where they lie at the same time.
struct Mixer {
    from: i64,
    until: i64,
    waiting: VecDeque<f32>,
    piece: Vec<f32>,
}

impl Mixer {
    fn add(&mut self, at: i64, frame: &[f32]) {
        let skipped = usize::try_from(self.from - at).unwrap_or(0) * 2;
        let offset = usize::try_from(at - self.from).unwrap_or(0) * 2;
        let frame = frame.get(skipped..).unwrap_or_default();
        if at >= self.until || frame.is_empty() {
            return;
        }
        if self.waiting.len() < offset + frame.len() {
            self.waiting.resize(offset + frame.len(), 0.0);
        }
        for (sample, new) in self.waiting.range_mut(offset..).zip(frame) {
            *sample += new;
        }
    }

    /// Lets go of everything before `before`.
    fn release(&mut self, before: i64, sound: &mut impl FnMut(&[f32])) {
        while self.from < before.min(self.until) {
            let ticks = (before.min(self.until) - self.from).min(PIECE);
            let samples = usize::try_from(ticks).unwrap_or(0) * 2;
            self.piece.clear();
            let ready = samples.min(self.waiting.len());
            self.piece.extend(self.waiting.drain(..ready));
            self.piece.resize(samples, 0.0);
            sound(&self.piece);
            self.from += ticks;
        }
    }
}
