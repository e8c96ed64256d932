//! What is sent, as text or compressed.

use std::io::{self, Write as _};

use flate2::{Compression as Level, write::ZlibEncoder};
use tokio_tungstenite::tungstenite::Message;

use super::query::Compression;

/// Payload compression leaves what is shorter than this alone: "not all payloads will be compressed".
const WORTH_COMPRESSING: usize = 1024;

/// Turns payloads into messages. One a connection: transport compression keeps its context from message to message.
pub(super) enum Encoder {
    Plain,
    /// Large payloads are compressed, each by itself.
    Each,
    Zlib(ZlibEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    pub(super) fn new(compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain,
            Compression::Zlib => Self::Zlib(ZlibEncoder::new(Vec::new(), Level::fast())),
            Compression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?),
        })
    }

    /// The client asked for payload compression, which transport compression rules out.
    pub(super) fn compress_each(&mut self) {
        if let Self::Plain = self {
            *self = Self::Each;
        }
    }

    /// One message for one payload. Streams are flushed, not ended, so that the client can read all of it.
    pub(super) fn encode(&mut self, text: String) -> io::Result<Message> {
        let bytes = match self {
            Self::Plain => return Ok(Message::text(text)),
            Self::Each if text.len() < WORTH_COMPRESSING => return Ok(Message::text(text)),
            Self::Each => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Level::fast());
                encoder.write_all(text.as_bytes())?;
                encoder.finish()?
            }
            Self::Zlib(encoder) => {
                encoder.write_all(text.as_bytes())?;
                encoder.flush()?;
                std::mem::take(encoder.get_mut())
            }
            Self::Zstd(encoder) => {
                encoder.write_all(text.as_bytes())?;
                encoder.flush()?;
                std::mem::take(encoder.get_mut())
            }
        };
        Ok(Message::binary(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress, Status};
    use proptest::prelude::*;
    use std::io::Read as _;

    fn bytes(message: Message) -> Vec<u8> {
        assert!(message.is_binary(), "not compressed: {message:?}");
        message.into_data().to_vec()
    }

    fn inflate(context: &mut Decompress, input: &[u8]) -> String {
        let mut text = Vec::with_capacity(64);
        let start = context.total_in();
        loop {
            let read = usize::try_from(context.total_in() - start).unwrap();
            text.reserve(256);
            let status = context.decompress_vec(&input[read..], &mut text, FlushDecompress::Sync).unwrap();
            let all = context.total_in() - start == input.len() as u64;
            if status == Status::StreamEnd || all && text.len() < text.capacity() {
                return String::from_utf8(text).unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn a_zlib_stream_is_read_message_by_message(texts in prop::collection::vec(".{1,3000}", 1..6)) {
            let mut encoder = Encoder::new(Compression::Zlib).unwrap();
            let mut context = Decompress::new(true);
            for text in texts {
                let message = bytes(encoder.encode(text.clone()).unwrap());
                prop_assert_eq!(&message[message.len() - 4..], &[0, 0, 0xff, 0xff]);
                prop_assert_eq!(inflate(&mut context, &message), text);
            }
        }

        #[test]
        fn a_zstd_stream_is_read_message_by_message(texts in prop::collection::vec(".{1,3000}", 1..6)) {
            let mut encoder = Encoder::new(Compression::Zstd).unwrap();
            let mut decoder = zstd::stream::write::Decoder::new(Vec::new()).unwrap();
            for text in texts {
                decoder.write_all(&bytes(encoder.encode(text.clone()).unwrap())).unwrap();
                decoder.flush().unwrap();
                prop_assert_eq!(String::from_utf8(std::mem::take(decoder.get_mut())).unwrap(), text);
            }
        }
    }

    #[test]
    fn with_payload_compression_only_large_payloads_are_compressed_each_by_itself() {
        let mut encoder = Encoder::new(Compression::None).unwrap();
        encoder.compress_each();
        assert!(matches!(encoder.encode("short".into()).unwrap(), Message::Text(_)));
        let long = "long ".repeat(1000);
        for _ in 0..2 {
            let message = bytes(encoder.encode(long.clone()).unwrap());
            let mut text = String::new();
            flate2::read::ZlibDecoder::new(&message[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, long);
        }
    }

    #[test]
    fn transport_compression_rules_payload_compression_out() {
        let mut encoder = Encoder::new(Compression::Zlib).unwrap();
        encoder.compress_each();
        assert!(matches!(encoder, Encoder::Zlib(_)));
    }
}
