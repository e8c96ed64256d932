//! From readings to stretches of a track played on without a break, and what happened between them.

use super::{FRAME_MS, Reading, meter::Meter};
use serde::Serialize;

/// Frames belong together when time and position went on alike, to this many milliseconds.
const TOLERANCE_MS: f64 = 6.0;
/// Shorter holes in which the position went on with the time do not end a stretch.
const MAX_HOLE_MS: f64 = 40.0;
/// Smaller changes of the position are none: what is read is exact to about a millisecond.
const MIN_JUMP_MS: f64 = 10.0;
/// A frame that stands alone is believed from this confidence on.
const ALONE: f32 = 0.8;

/// A stretch of a track that sounded without a break. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// When it begins.
    pub start_ms: f64,
    /// How long it lasts.
    pub length_ms: f64,
    /// Which track it is.
    pub track: u8,
    /// The position in the track that it begins with.
    pub from_ms: f64,
    /// The position that it ends with.
    pub to_ms: f64,
    /// How many of its frames were read.
    pub frames: u64,
}

impl Segment {
    /// When it ends.
    #[must_use]
    pub fn end_ms(&self) -> f64 {
        self.start_ms + self.length_ms
    }
}

/// The position did not go on where it had been.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Jump {
    /// When the new position was first heard.
    pub at_ms: f64,
    /// Which track it is.
    pub track: u8,
    /// The position before.
    pub from_ms: f64,
    /// The position after.
    pub to_ms: f64,
    /// By how much: what was heard twice, or never.
    pub by_ms: f64,
    /// How long nothing was read before it: a skip by as much is music that played on unheard.
    pub pause_ms: f64,
}

/// Joins readings into segments.
pub(super) fn join(readings: &[Reading], start_ms: f64, meter: &Meter) -> Vec<Segment> {
    let mut segments: Vec<(Segment, f32)> = Vec::new();
    for reading in readings {
        let at_ms = start_ms + reading.at_ms;
        match segments.last_mut() {
            Some((segment, best)) if goes_on(segment, at_ms, reading) => {
                segment.length_ms = at_ms + FRAME_MS - segment.start_ms;
                segment.to_ms = reading.position_ms + FRAME_MS;
                segment.frames += 1;
                *best = best.max(reading.confidence);
            }
            Some(_) | None => segments.push((first(reading, at_ms), reading.confidence)),
        }
    }
    segments.retain(|(segment, best)| segment.frames > 1 || *best >= ALONE);
    let mut segments: Vec<Segment> = segments.into_iter().map(|(segment, _)| segment).collect();
    widen(&mut segments, start_ms, meter);
    segments
}

fn first(reading: &Reading, at_ms: f64) -> Segment {
    Segment {
        start_ms: at_ms,
        length_ms: FRAME_MS,
        track: reading.track,
        from_ms: reading.position_ms,
        to_ms: reading.position_ms + FRAME_MS,
        frames: 1,
    }
}

fn goes_on(segment: &Segment, at_ms: f64, reading: &Reading) -> bool {
    let time = at_ms - segment.end_ms();
    let position = reading.position_ms - segment.to_ms;
    segment.track == reading.track && time < MAX_HOLE_MS && (time - position).abs() < TOLERANCE_MS
}

/// A stretch seldom begins and ends with a frame of the track: the sound beside it, less than a frame that could not be
/// read, is its own. Longer sound is something else.
fn widen(segments: &mut [Segment], start_ms: f64, meter: &Meter) {
    let is_heard = |at_ms: f64| at_ms >= start_ms && meter.is_audible((at_ms - start_ms) as usize);
    let mut before = f64::NEG_INFINITY;
    for at in 0..segments.len() {
        let next = segments.get(at + 1).map_or(f64::INFINITY, |next| next.start_ms);
        let Some(segment) = segments.get_mut(at) else {
            continue;
        };
        let more = beside(segment.start_ms - before, |ms| is_heard(segment.start_ms - ms)).min(segment.from_ms);
        segment.start_ms -= more;
        segment.from_ms -= more;
        segment.length_ms += more;
        let end_ms = segment.end_ms();
        let room = next - end_ms;
        // Where two stretches meet, each gets half of what lies between.
        let room = if room < FRAME_MS { room / 2.0 } else { room };
        let more = beside(room, |ms| is_heard(end_ms + ms - 1.0));
        segment.to_ms += more;
        segment.length_ms += more;
        before = segment.end_ms();
    }
}

/// How many milliseconds of sound there are, within this room, when it is less than a frame.
fn beside(room: f64, is_heard: impl Fn(f64) -> bool) -> f64 {
    let room = room.clamp(0.0, FRAME_MS);
    let heard = (1..=room as usize).take_while(|&ms| is_heard(ms as f64)).count() as f64;
    if heard < FRAME_MS { heard } else { 0.0 }
}

/// Where the position of a track changed between two segments: first what was heard again, then what was left out.
pub(super) fn jumps(segments: &[Segment]) -> (Vec<Jump>, Vec<Jump>) {
    let pairs = segments.iter().zip(segments.iter().skip(1)).filter(|(before, after)| before.track == after.track);
    let all = pairs.map(|(before, after)| Jump {
        at_ms: after.start_ms,
        track: after.track,
        from_ms: before.to_ms,
        to_ms: after.from_ms,
        by_ms: (after.from_ms - before.to_ms).abs(),
        pause_ms: (after.start_ms - before.end_ms()).max(0.0),
    });
    all.filter(|jump| jump.by_ms >= MIN_JUMP_MS).partition(|jump| jump.to_ms < jump.from_ms)
}
