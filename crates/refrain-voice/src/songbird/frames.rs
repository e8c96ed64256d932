//! Our frames as a songbird input: a container format whose packets are the 20 ms Opus frames of a [`FrameStream`].
//!
//! songbird passes Opus packets of 20 ms through untouched while one track plays at full volume, so what the pipeline
//! made is what people hear, and songbird never decodes. Its mixer asks for a packet every 20 ms, only while connected.

use crate::{DriverReport, ReportSender};
use refrain_audio::{FrameStream, Next};
use songbird::input::{
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
};
use std::io::{self, Cursor};

/// One Opus packet of 20 ms that decodes to silence: what is sent while the source is late, so that the clock runs on.
const SILENCE: [u8; 3] = [0xF8, 0xFF, 0xFE];

const TRACK_ID: u32 = 0;
const SAMPLE_RATE: u32 = 48_000;
const SAMPLES_PER_FRAME: u64 = 960;

/// A songbird input that plays `stream`, and reports its end once.
pub(super) fn input(stream: FrameStream, reports: ReportSender) -> Result<Input> {
    let reader = FrameReader { stream: Some(stream), reports: Some(reports), ..FrameReader::empty() };
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
    stream: Option<FrameStream>,
    /// Taken by the first report, so that there is one.
    reports: Option<ReportSender>,
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
        Self {
            stream: None,
            reports: None,
            tracks: [Track::new(TRACK_ID, parameters)],
            metadata: MetadataLog::default(),
            timestamp: 0,
        }
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
        let Some(stream) = self.stream.clone() else { return Err(end_of_stream()) };
        match stream.next() {
            Next::Frame(frame) => Ok(self.packet(&frame.data)),
            Next::Starved => Ok(self.packet(&SILENCE)),
            Next::Ended(reason) => {
                if let Some(reports) = self.reports.take() {
                    // An error says that the guild's actor has ended, and then nobody wants to know.
                    let _ = reports.send(DriverReport::StreamEnded { stream, reason });
                }
                Err(end_of_stream())
            }
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
