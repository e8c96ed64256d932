//! One thread a guild turns packets into the recorded timeline, away from the sockets.

use super::{
    Counters, Packet,
    recording::Recording,
    timeline::{Arrival, TICKS_PER_MS, Tally, Timeline},
};
use crate::clock::SimClock;
use opus2::{Channels, Decoder};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

const RATE: u32 = 48_000;
/// The longest Opus packet, 120 ms, in stereo.
const MAX_FRAME: usize = 120 * TICKS_PER_MS as usize * 2;
/// Streams that are kept apart; each session has one of its own.
const MAX_STREAMS: usize = 8;
/// What a sender ends its speech with.
const SILENCE_FRAME: [u8; 3] = [0xf8, 0xff, 0xfe];
const IDLE: Duration = Duration::from_secs(3600);

/// Microseconds of the clock as ticks of 48 kHz.
pub(super) fn ticks(micros: u64) -> i64 {
    i64::try_from(u128::from(micros) * 48 / 1000).unwrap_or(i64::MAX / 4)
}

struct Stream {
    ssrc: u32,
    timeline: Timeline<Vec<u8>>,
    told: Tally,
    /// Absent where nothing is decoded.
    decoder: Option<Decoder>,
}

/// What the thread works with.
pub(super) struct Studio {
    pub(super) clock: SimClock,
    pub(super) is_decoding: bool,
    pub(super) recording: Arc<Mutex<Recording>>,
    pub(super) counters: Arc<Mutex<Counters>>,
}

/// Works until the sender of packets is gone.
pub(super) fn run(studio: &Studio, packets: &Receiver<Packet>) {
    // The newest last.
    let mut streams: Vec<Stream> = Vec::new();
    let mut pcm = vec![0; MAX_FRAME];
    loop {
        let now = ticks(studio.clock.micros());
        let due = streams.iter().filter_map(|stream| stream.timeline.due()).min();
        let wait = due.map_or(IDLE, |due| {
            let left = u64::try_from((due - now).max(0)).unwrap_or(0);
            Duration::from_micros(left * 1000 / 48 + 1)
        });
        match packets.recv_timeout(wait) {
            Ok(packet) => take(studio, &mut streams, packet, &mut pcm),
            Err(RecvTimeoutError::Timeout) => {
                let now = ticks(studio.clock.micros());
                for stream in &mut streams {
                    let Stream { timeline, decoder, .. } = stream;
                    timeline.advance(now, &mut |at, opus| studio.record(decoder, at, &opus, &mut pcm));
                    studio.tell(stream);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn take(studio: &Studio, streams: &mut Vec<Stream>, packet: Packet, pcm: &mut [i16]) {
    let Ok(samples) = opus2::packet::get_nb_samples(&packet.opus, RATE) else {
        studio.count(|counters| counters.malformed += 1);
        return;
    };
    let at = match streams.iter().position(|stream| stream.ssrc == packet.ssrc) {
        Some(at) => at,
        None => {
            if streams.len() >= MAX_STREAMS {
                streams.remove(0);
            }
            streams.push(studio.stream(packet.ssrc));
            streams.len() - 1
        }
    };
    let Some(stream) = streams.get_mut(at) else {
        return;
    };
    let arrival = Arrival {
        at: ticks(packet.arrival_us),
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        ticks: i64::try_from(samples).unwrap_or(0),
        is_quiet: packet.opus == SILENCE_FRAME,
    };
    let Stream { timeline, decoder, .. } = stream;
    timeline.push(arrival, packet.opus, &mut |at, opus| {
        studio.record(decoder, at, &opus, pcm);
    });
    studio.tell(stream);
}

impl Studio {
    fn stream(&self, ssrc: u32) -> Stream {
        let decoder = self.is_decoding.then(|| Decoder::new(RATE, Channels::Stereo));
        let decoder = decoder.and_then(|made| {
            made.inspect_err(|error| tracing::error!(%error, "making the listener's Opus decoder")).ok()
        });
        Stream { ssrc, timeline: Timeline::default(), told: Tally::default(), decoder }
    }

    /// A frame has its place: it is decoded into the recording, or only noted.
    fn record(&self, decoder: &mut Option<Decoder>, at: i64, opus: &[u8], pcm: &mut [i16]) {
        let is_music = *opus != SILENCE_FRAME;
        let Some(decoder) = decoder else {
            let samples = opus2::packet::get_nb_samples(opus, RATE).unwrap_or(0);
            let length = i64::try_from(samples).unwrap_or(0);
            return lock(&self.recording).mark(at, length, is_music);
        };
        match decoder.decode(opus, pcm, false) {
            Ok(samples) => {
                let frame = pcm.get(..samples * 2).unwrap_or_default();
                lock(&self.recording).write(at, frame, is_music);
            }
            Err(error) => {
                tracing::debug!(%error, "decoding what a listener received");
                self.count(|counters| counters.malformed += 1);
            }
        }
    }

    /// Adds what happened to the stream since the last time to the counters.
    fn tell(&self, stream: &mut Stream) {
        let (now, told) = (stream.timeline.tally, stream.told);
        if now != told {
            self.count(|counters| {
                counters.underruns += now.underruns - told.underruns;
                counters.late += now.late - told.late;
                counters.lost += now.lost - told.lost;
                counters.overflow += now.overflow - told.overflow;
            });
            stream.told = now;
        }
    }

    fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.counters));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
