//! What was heard of a track, as a judge asks for it.

use super::{
    Jump, Level, Reader, Segment, Silence,
    meter::Meter,
    segments::{join, jumps},
};
use serde::Serialize;

/// Shorter sounds that could not be read are not told.
const MIN_UNREADABLE_MS: usize = 40;

/// A stretch of sound in which no position could be read, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// When it begins.
    pub start_ms: f64,
    /// How long it lasts.
    pub length_ms: f64,
}

/// A track that began to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Played {
    /// Which.
    pub track: u8,
    /// When.
    pub at_ms: f64,
    /// From which position.
    pub from_ms: f64,
    /// How much of it was heard until another followed.
    pub heard_ms: f64,
}

/// What was heard. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    /// When the samples begin.
    pub start_ms: f64,
    /// How long they last.
    pub length_ms: f64,
    /// How much of it could be read.
    pub read_ms: f64,
    /// Stretches of a track without a break.
    pub segments: Vec<Segment>,
    /// Silences of at least 40 ms after the first sound.
    pub silences: Vec<Silence>,
    /// Where the position went back.
    pub repeats: Vec<Jump>,
    /// Where something was left out.
    pub skips: Vec<Jump>,
    /// The tracks in the order they were heard in.
    pub order: Vec<Played>,
    /// Sound of at least 40 ms that is no track.
    pub unreadable: Vec<Unreadable>,
    /// How loud it was.
    pub level: Level,
}

impl Analysis {
    /// Track and position (in milliseconds) that sounded at this moment; `None` where none was read.
    #[must_use]
    pub fn position_at(&self, at_ms: f64) -> Option<(u8, f64)> {
        let here = self.segments.iter().find(|one| (one.start_ms..one.end_ms()).contains(&at_ms))?;
        Some((here.track, here.from_ms + (at_ms - here.start_ms)))
    }
}

/// Analyses samples as they come.
#[derive(Debug)]
pub struct Analyser {
    start_ms: f64,
    reader: Reader,
    meter: Meter,
}

impl Analyser {
    /// For samples of which the first is heard at `start_ms`.
    #[must_use]
    pub fn new(start_ms: f64) -> Self {
        Self { start_ms, reader: Reader::default(), meter: Meter::new(start_ms) }
    }

    /// The next samples: 48 kHz, stereo, interleaved, full scale being 1.
    pub fn push(&mut self, stereo: &[f32]) {
        self.reader.push(stereo);
        self.meter.push(stereo);
    }

    /// What was heard.
    #[must_use]
    pub fn finish(self) -> Analysis {
        let Self { start_ms, reader, meter } = self;
        let segments = join(&reader.finish(), start_ms, &meter);
        let (repeats, skips) = jumps(&segments);
        Analysis {
            start_ms,
            length_ms: meter.length() as f64,
            read_ms: segments.iter().map(|segment| segment.length_ms).sum(),
            silences: meter.silences(),
            repeats,
            skips,
            order: order(&segments),
            unreadable: unreadable(&segments, start_ms, &meter),
            level: meter.level(),
            segments,
        }
    }
}

fn order(segments: &[Segment]) -> Vec<Played> {
    let mut order: Vec<Played> = Vec::new();
    for segment in segments {
        match order.last_mut() {
            Some(last) if last.track == segment.track => last.heard_ms += segment.length_ms,
            Some(_) | None => order.push(Played {
                track: segment.track,
                at_ms: segment.start_ms,
                from_ms: segment.from_ms,
                heard_ms: segment.length_ms,
            }),
        }
    }
    order
}

fn unreadable(segments: &[Segment], start_ms: f64, meter: &Meter) -> Vec<Unreadable> {
    let mut stretches = Vec::new();
    let mut read = segments.iter().peekable();
    let mut from = None;
    for at in 0..=meter.length() {
        let at_ms = start_ms + at as f64;
        while read.next_if(|segment| segment.end_ms() <= at_ms).is_some() {}
        let is_read = read.peek().is_some_and(|segment| segment.start_ms <= at_ms);
        if meter.is_audible(at) && !is_read {
            from.get_or_insert(at);
        } else if let Some(from) = from.take()
            && at - from >= MIN_UNREADABLE_MS
        {
            stretches.push(Unreadable { start_ms: start_ms + from as f64, length_ms: (at - from) as f64 });
        }
    }
    stretches
}
