//! Ogg pages from a pipe, taken apart into packets.

use ogg::reading::{BasePacketReader, OggReadError, PageParser};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};

/// Two orders of magnitude above any packet of 20 ms: what is longer is not what was asked for.
const LONGEST_PACKET: usize = 128 * 1024;

/// The packets of the only logical stream in an Ogg file.
pub(crate) struct Packets<R> {
    pipe: BufReader<R>,
    reader: BasePacketReader,
    serial: Option<u32>,
    /// Bytes of a packet that is not complete yet.
    carried: usize,
}

impl<R: AsyncRead + Unpin> Packets<R> {
    pub(crate) fn new(pipe: R) -> Self {
        Self { pipe: BufReader::new(pipe), reader: BasePacketReader::new(), serial: None, carried: 0 }
    }

    /// The next packet; `None` at the end of the pipe, between two pages.
    ///
    /// # Errors
    /// The pipe's own, and [`io::ErrorKind::InvalidData`] or [`io::ErrorKind::UnexpectedEof`] for what is not Ogg.
    /// Not cancel-safe.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(packet) = self.reader.read_packet() {
                self.carried = 0;
                return Ok(Some(packet.data));
            }
            if !self.read_page().await? {
                return Ok(None);
            }
        }
    }

    async fn read_page(&mut self) -> io::Result<bool> {
        let mut header = [0; 27];
        if self.pipe.read(&mut header[..1]).await? == 0 {
            return Ok(false);
        }
        self.pipe.read_exact(&mut header[1..]).await?;
        self.check(&header)?;
        let (mut page, segments) = PageParser::new(header).map_err(damaged)?;
        let mut lengths = vec![0; segments];
        self.pipe.read_exact(&mut lengths).await?;
        let mut body = vec![0; page.parse_segments(lengths)];
        self.pipe.read_exact(&mut body).await?;
        self.carried += body.len();
        if self.carried > LONGEST_PACKET {
            return Err(invalid("a packet without an end"));
        }
        let page = page.parse_packet_data(body).map_err(damaged)?;
        self.reader.push_page(page).map_err(damaged)?;
        Ok(true)
    }

    /// One stream was asked for; more would be memory that nobody reads.
    fn check(&mut self, header: &[u8; 27]) -> io::Result<()> {
        if !header.starts_with(b"OggS") {
            return Err(invalid("no Ogg page where one should begin"));
        }
        let serial = u32::from_le_bytes([header[14], header[15], header[16], header[17]]);
        if *self.serial.get_or_insert(serial) != serial {
            return Err(invalid("a second stream"));
        }
        Ok(())
    }
}

fn damaged(error: OggReadError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ogg::writing::{PacketWriteEndInfo, PacketWriter};

    fn file(packets: &[&[u8]], serial: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = PacketWriter::new(&mut bytes);
        for (n, packet) in packets.iter().enumerate() {
            let end = if n + 1 == packets.len() { PacketWriteEndInfo::EndStream } else { PacketWriteEndInfo::EndPage };
            writer.write_packet(packet.to_vec(), serial, end, n as u64).unwrap();
        }
        bytes
    }

    async fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Result<(), io::ErrorKind>) {
        let mut packets = Packets::new(bytes);
        let mut all = Vec::new();
        loop {
            match packets.next().await {
                Ok(Some(packet)) => all.push(packet),
                Ok(None) => return (all, Ok(())),
                Err(error) => return (all, Err(error.kind())),
            }
        }
    }

    #[tokio::test]
    async fn reads_packets_also_those_that_span_pages() {
        let long = vec![7; 70_000];
        let (all, end) = read(&file(&[b"a", &long, b"b"], 1)).await;
        assert_eq!(all, [b"a".to_vec(), long, b"b".to_vec()]);
        assert_eq!(end, Ok(()));
    }

    #[tokio::test]
    async fn a_pipe_that_breaks_off_within_a_page_is_an_error() {
        let bytes = file(&[b"a", &[1; 200]], 1);
        let (all, end) = read(&bytes[..bytes.len() - 9]).await;
        assert_eq!((all.len(), end), (1, Err(io::ErrorKind::UnexpectedEof)));
    }

    #[tokio::test]
    async fn damage_a_second_stream_and_endless_packets_are_errors() {
        let mut bytes = file(&[b"a", &[1; 200]], 1);
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert_eq!(read(&bytes).await.1, Err(io::ErrorKind::InvalidData));
        assert_eq!(read(b"<html><body>no such thing here</body></html>").await.1, Err(io::ErrorKind::InvalidData));
        let two = [file(&[b"a"], 1), file(&[b"b"], 2)].concat();
        assert_eq!(read(&two).await.1, Err(io::ErrorKind::InvalidData));
        assert_eq!(read(&file(&[&vec![0; 300_000]], 1)).await.1, Err(io::ErrorKind::InvalidData));
    }
}
