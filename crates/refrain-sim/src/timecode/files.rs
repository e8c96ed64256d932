//! A track as a file: WAV, or Ogg Opus for bots that pass Opus through.

use super::Track;
use ogg::{PacketWriteEndInfo, PacketWriter};
use opus2::{Application, Bitrate, Channels, Encoder};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// Bits a second of the Ogg file.
const BITRATE: i32 = 128_000;
/// Packets on a page: a second, as encoders do.
const ON_A_PAGE: usize = 50;
/// The longest packet that is asked for.
const MAX_PACKET: usize = 1500;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The name ends with something else.
    #[error("{0}: the name must end with .wav, .ogg or .opus")]
    Kind(String),
    /// The rate cannot be made.
    #[error("a rate of {0} Hz cannot be made: 8000 to 192000 Hz in steps of 50 can, and only 48000 for Ogg")]
    Rate(u32),
    /// The file system refused.
    #[error("writing {0}: {1}")]
    Write(String, #[source] std::io::Error),
    /// The encoder refused.
    #[error("encoding {0}: {1}")]
    Encode(String, #[source] opus2::Error),
}

impl Track {
    /// Writes the track in stereo: 16-bit WAV at `rate` hertz, or Ogg Opus at 128 kbit/s, by the name's end.
    ///
    /// # Errors
    /// When the name's end or the rate is none of these, or the file cannot be written.
    pub fn write(&self, path: &Path, rate: u32) -> Result<(), FileError> {
        let name = path.display().to_string();
        if !(8000..=192_000).contains(&rate) || !rate.is_multiple_of(50) {
            return Err(FileError::Rate(rate));
        }
        let end = path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        match end {
            "wav" => self.wav(path, rate).map_err(|error| FileError::Write(name, io_error(error))),
            "ogg" | "opus" if rate != 48_000 => Err(FileError::Rate(rate)),
            "ogg" | "opus" => self.ogg(path, &name),
            _ => Err(FileError::Kind(name)),
        }
    }

    fn wav(&self, path: &Path, rate: u32) -> hound::Result<()> {
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec { channels: 2, sample_rate: rate, bits_per_sample: 16, sample_format };
        let mut writer = hound::WavWriter::create(path, spec)?;
        for sample in self.sound(rate).flatten() {
            let sample = (sample * f32::from(i16::MAX)).round() as i16;
            writer.write_sample(sample)?;
            writer.write_sample(sample)?;
        }
        writer.finalize()
    }

    fn ogg(&self, path: &Path, name: &str) -> Result<(), FileError> {
        let refused = |error| FileError::Encode(name.to_owned(), error);
        let failed = |error| FileError::Write(name.to_owned(), error);
        let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).map_err(refused)?;
        encoder.set_bitrate(Bitrate::Bits(BITRATE)).map_err(refused)?;
        let skip = u16::try_from(encoder.get_lookahead().map_err(refused)?).unwrap_or(312);
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        let mut pages = PacketWriter::new(&mut file);
        let serial = u32::from(self.id) + 1;
        let page = PacketWriteEndInfo::EndPage;
        pages.write_packet(head(skip), serial, page, 0).map_err(failed)?;
        pages.write_packet(tags(self.id), serial, page, 0).map_err(failed)?;
        // Silence at the end pushes the last of the track through the encoder.
        let frames = self.sound(48_000).chain([vec![0.0; 960]]);
        let last = self.frames as usize;
        let length = u64::from(self.frames) * 960;
        for (at, frame) in frames.enumerate() {
            let stereo: Vec<f32> = frame.iter().flat_map(|sample| [*sample; 2]).collect();
            let packet = encoder.encode_vec_float(&stereo, MAX_PACKET).map_err(refused)?;
            let end = match at {
                at if at == last => PacketWriteEndInfo::EndStream,
                at if at % ON_A_PAGE == ON_A_PAGE - 1 => page,
                _ => PacketWriteEndInfo::NormalPacket,
            };
            let heard = ((at as u64 + 1) * 960).min(length + u64::from(skip));
            pages.write_packet(packet, serial, end, heard).map_err(failed)?;
        }
        drop(pages);
        file.flush().map_err(failed)
    }
}

/// The identification header of RFC 7845.
fn head(skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x02".to_vec();
    head.extend(skip.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    // No gain, and the one mapping that needs no table.
    head.extend([0, 0, 0]);
    head
}

fn tags(id: u8) -> Vec<u8> {
    let mut tags = b"OpusTags".to_vec();
    let title = format!("TITLE=timecode {id}");
    for text in ["refrain-sim", &title] {
        if text.starts_with("TITLE") {
            tags.extend(1_u32.to_le_bytes());
        }
        tags.extend((text.len() as u32).to_le_bytes());
        tags.extend(text.as_bytes());
    }
    tags
}

fn io_error(error: hound::Error) -> std::io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other @ (hound::Error::FormatError(_)
        | hound::Error::TooWide
        | hound::Error::UnfinishedSample
        | hound::Error::Unsupported
        | hound::Error::InvalidSampleFormat) => std::io::Error::other(other),
    }
}
