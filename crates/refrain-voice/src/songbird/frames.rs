//! Our frames as a songbird input: a container format whose packets are the 20 ms Opus frames of a [`FrameStream`].
//!
//! songbird passes Opus packets of 20 ms through untouched while one track plays at full volume, so what the pipeline
//! made is what people hear, and songbird never decodes. Its mixer asks for a packet every 20 ms, only while connected.

use super::baton::Baton;
use crate::{DriverReport, ReportSender};
use refrain_audio::{FrameStream, Next};
use refrain_recovery::Generation;
use songbird::{
    input::{
        Input, LiveInput, Parsed,
        codecs::get_codec_registry,
        core::{
            codecs::{CODEC_TYPE_OPUS, CodecParameters, DecoderOptions},
            errors::{Error, Result, SeekErrorKind},
            formats::{Cue, FormatOptions, FormatReader, Packet, SeekMode, SeekTo, SeekedTo, Track},
            io::{MediaSourceStream, MediaSourceStreamOptions},
            meta::{Metadata, MetadataLog, MetadataOptions},
            probe::{Descriptor, Hint, Instantiate, Probe, ProbedMetadata, QueryDescriptor},
            support_format,
        },
    },
    tracks::TrackHandle,
};
use std::{
    io::{self, Cursor},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

/// One Opus packet of 20 ms that decodes to silence: what is sent while the source is late, so that the clock runs on, and
/// while there is no frame for this connection, until songbird has paused or dropped it, or has sent the beats it missed.
const SILENCE: [u8; 3] = [0xF8, 0xFF, 0xFE];

/// How long songbird may take for the beats that it has missed.
const BURST: Duration = Duration::from_millis(60);

const TRACK_ID: u32 = 0;
const SAMPLE_RATE: u32 = 48_000;
const SAMPLES_PER_FRAME: u64 = 960;

/// The stream that is attached, for all connections that are to play it.
pub(super) struct Source {
    stream: FrameStream,
    reports: ReportSender,
    /// What was reported of it last: a `Supply`.
    supply: AtomicU8,
}

/// How a source keeps up with the mixer. Each change is reported once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Supply {
    /// No frame was asked for yet.
    Untried,
    Flowing,
    Starved,
    Ended,
}

impl Source {
    pub(super) fn new(stream: FrameStream, reports: ReportSender) -> Arc<Self> {
        Arc::new(Self { stream, reports, supply: AtomicU8::new(Supply::Untried as u8) })
    }

    /// Reports what came of asking for a frame, when that is news. While frames flow this costs one load.
    fn note(&self, next: &Next) {
        let supply = match next {
            Next::Frame(_) => Supply::Flowing,
            Next::Starved => Supply::Starved,
            Next::Ended(_) => Supply::Ended,
        };
        if self.supply.load(Ordering::Relaxed) == supply as u8
            || self.supply.swap(supply as u8, Ordering::Relaxed) == supply as u8
        {
            return;
        }
        let stream = self.stream.clone();
        // An error says that the guild's actor has ended, and then nobody wants to know.
        let _ = self.reports.send(match next {
            Next::Frame(_) => DriverReport::SourceFlowing { stream },
            Next::Starved => DriverReport::SourceStarved { stream },
            Next::Ended(reason) => DriverReport::StreamEnded { stream, reason: *reason },
        });
    }
}

/// How a connection comes by the frames of a source.
struct Feed {
    source: Arc<Source>,
    baton: Arc<Baton>,
    generation: Generation,
    track: Arc<OnceLock<TrackHandle>>,
    /// `None` outside of a runtime, which only tests are.
    runtime: Option<Handle>,
}

impl Feed {
    /// After a freeze, songbird sends all beats that it has missed at once. A client cannot tell a burst of silence from
    /// music that is too early: it plays what comes next seconds later, or throws it away. A track that is paused gives
    /// songbird nothing to send.
    fn skip_missed_beats(&self) {
        let (Some(track), Some(runtime)) = (self.track.get().cloned(), &self.runtime) else { return };
        // An error says that the track is over.
        if track.pause().is_err() {
            return;
        }
        let baton = Arc::clone(&self.baton);
        runtime.spawn(async move {
            sleep(BURST).await;
            // Held meanwhile, it is started by what lets the frames flow again.
            if baton.is_flowing() {
                let _over = track.play();
            }
        });
    }
}

/// A songbird input that plays `source` over this connection, when that holds the baton, and reports its end once. The
/// caller puts songbird's track into `track`.
pub(super) fn input(
    source: Arc<Source>,
    baton: Arc<Baton>,
    generation: Generation,
    track: Arc<OnceLock<TrackHandle>>,
) -> Result<Input> {
    let feed = Feed { source, baton, generation, track, runtime: Handle::try_current().ok() };
    let reader = FrameReader { feed: Some(feed), ..FrameReader::empty() };
    let decoder = get_codec_registry().make(&reader.tracks[0].codec_params, &DecoderOptions::default())?;
    Ok(Input::Live(
        LiveInput::Parsed(Parsed {
            format: Box::new(reader),
            decoder,
            track_id: TRACK_ID,
            meta: no_metadata()?,
            supports_backseek: false,
        }),
        None,
    ))
}

/// symphonia makes this value only as the result of a probe, so an empty stream of our own format is probed.
fn no_metadata() -> Result<ProbedMetadata> {
    let mut probe = Probe::default();
    probe.register_all::<FrameReader>();
    let nothing = MediaSourceStream::new(Box::new(Cursor::new(MARKER)), MediaSourceStreamOptions::default());
    let found = probe.format(&Hint::new(), nothing, &FormatOptions::default(), &MetadataOptions::default())?;
    Ok(found.metadata)
}

const MARKER: &[u8] = b"refrain frames, 20 ms of Opus each";

struct FrameReader {
    /// `None` only in the reader that a probe makes.
    feed: Option<Feed>,
    tracks: [Track; 1],
    metadata: MetadataLog,
    timestamp: u64,
}

impl FrameReader {
    fn empty() -> Self {
        let mut parameters = CodecParameters::new();
        parameters
            .for_codec(CODEC_TYPE_OPUS)
            .with_sample_rate(SAMPLE_RATE)
            .with_max_frames_per_packet(SAMPLES_PER_FRAME);
        Self { feed: None, tracks: [Track::new(TRACK_ID, parameters)], metadata: MetadataLog::default(), timestamp: 0 }
    }

    fn packet(&mut self, data: &[u8]) -> Packet {
        let packet = Packet::new_from_slice(TRACK_ID, self.timestamp, SAMPLES_PER_FRAME, data);
        self.timestamp += SAMPLES_PER_FRAME;
        packet
    }
}

impl QueryDescriptor for FrameReader {
    fn query() -> &'static [Descriptor] {
        &[support_format!("refrain", "Refrain's frames", &[], &[], &[b"refrain frames"])]
    }

    fn score(_context: &[u8]) -> u8 {
        u8::MAX
    }
}

impl FormatReader for FrameReader {
    fn try_new(_source: MediaSourceStream, _options: &FormatOptions) -> Result<Self> {
        Ok(Self::empty())
    }

    fn next_packet(&mut self) -> Result<Packet> {
        let Some(feed) = &self.feed else { return Err(end_of_stream()) };
        let next = feed.baton.take(feed.generation, &feed.source.stream, Instant::now());
        if next.is_none() && feed.baton.fell_behind() {
            feed.skip_missed_beats();
        }
        if let Some(next) = &next {
            feed.source.note(next);
        }
        match next {
            Some(Next::Frame(frame)) => Ok(self.packet(&frame.data)),
            Some(Next::Starved) | None => Ok(self.packet(&SILENCE)),
            Some(Next::Ended(_)) => Err(end_of_stream()),
        }
    }

    fn cues(&self) -> &[Cue] {
        &[]
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn seek(&mut self, _mode: SeekMode, _to: SeekTo) -> Result<SeekedTo> {
        // Seeking is the stream's business (`FrameStream::rewind`), never songbird's.
        Err(Error::SeekError(SeekErrorKind::Unseekable))
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn into_inner(self: Box<Self>) -> MediaSourceStream {
        MediaSourceStream::new(Box::new(Cursor::new(MARKER)), MediaSourceStreamOptions::default())
    }
}

fn end_of_stream() -> Error {
    Error::IoError(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream of frames is over"))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
