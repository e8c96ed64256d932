//! Bodies: where their bytes come from, and sending them as the faults allow.

use super::{
    Shared,
    delivery::{Delivery, Step},
    fault::{Cut, RuleId},
    station::Reception,
};
use axum::body::Bytes;
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

/// How long a body that has nothing to send waits before it looks again.
const TICK: Duration = Duration::from_millis(20);

/// Where a body's bytes come from.
#[derive(Debug)]
pub(super) enum Source {
    Bytes(Bytes),
    /// Read piece by piece, off the runtime's threads. A file that shrinks meanwhile ends early.
    File {
        path: PathBuf,
        at: u64,
        to: u64,
    },
    Station(Reception),
    /// Nothing, for ever.
    Nothing,
}

/// What a source gives.
enum Piece {
    Bytes(Bytes),
    NotYet,
    End,
}

impl Source {
    async fn next(&mut self, now: Duration, most: u64) -> io::Result<Piece> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes.split_to(usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len())),
            Self::File { path, at, to } => {
                let (path, from, length) = (path.clone(), *at, (*to - *at).min(most));
                let read = tokio::task::spawn_blocking(move || read_piece(path, from, length)).await;
                let bytes = read.map_err(io::Error::other)??;
                *at += bytes.len() as u64;
                bytes
            }
            Self::Station(reception) => {
                let bytes = reception.next(now, usize::try_from(most).unwrap_or(usize::MAX));
                return Ok(if bytes.is_empty() { Piece::NotYet } else { Piece::Bytes(bytes) });
            }
            Self::Nothing => return Ok(Piece::NotYet),
        };
        Ok(if bytes.is_empty() { Piece::End } else { Piece::Bytes(bytes) })
    }
}

fn read_piece(path: PathBuf, from: u64, length: u64) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// A body that is being sent.
pub(super) struct Sending<'a> {
    pub(super) shared: &'a Shared,
    pub(super) path: &'a str,
    pub(super) source: Source,
    pub(super) delivery: Delivery,
    pub(super) chunked: bool,
    /// Rules up to this one have been looked at.
    pub(super) seen: RuleId,
}

/// What became of waiting.
enum Waited {
    GoOn,
    ClientIsGone,
}

impl Sending<'_> {
    /// Sends it all, or as much as the faults allow.
    pub(super) async fn send(mut self, stream: &mut TcpStream) -> io::Result<()> {
        loop {
            self.look_at_the_rules();
            match self.delivery.step(self.shared.now()) {
                Step::Wait(time) => {
                    if let Waited::ClientIsGone = self.wait(stream, time).await {
                        return Ok(());
                    }
                }
                Step::Cut(Cut::Close) => return Ok(()),
                Step::Cut(Cut::Reset) => return stream.set_zero_linger(),
                Step::Cut(Cut::Stall) => {
                    while let Waited::GoOn = self.wait(stream, Duration::MAX).await {}
                    return Ok(());
                }
                Step::Cut(Cut::End) => return self.end(stream).await,
                Step::Send(most) => match self.source.next(self.shared.now(), most).await? {
                    Piece::Bytes(bytes) => {
                        if let Waited::ClientIsGone = self.write(stream, bytes).await? {
                            return Ok(());
                        }
                    }
                    Piece::NotYet => {
                        if let Waited::ClientIsGone = self.wait(stream, TICK).await {
                            return Ok(());
                        }
                    }
                    Piece::End => return self.end(stream).await,
                },
            }
        }
    }

    fn look_at_the_rules(&mut self) {
        let now = self.shared.now();
        let mut rules = self.shared.rules();
        for met in rules.meet_on_the_way(now, self.path, self.seen) {
            self.delivery.meet(now, &met);
        }
        self.seen = rules.last();
        if self.delivery.drips_by().is_some_and(|rule| !rules.holds(now, rule)) {
            self.delivery.drips_no_more();
        }
    }

    async fn wait(&self, stream: &TcpStream, time: Duration) -> Waited {
        tokio::select! {
            () = tokio::time::sleep(time) => Waited::GoOn,
            () = self.shared.ordered.notified() => Waited::GoOn,
            () = gone(stream) => Waited::ClientIsGone,
        }
    }

    /// Writes a piece. A fault that is ordered while the client takes nothing ends the waiting.
    async fn write(&mut self, stream: &mut TcpStream, bytes: Bytes) -> io::Result<Waited> {
        let length = bytes.len() as u64;
        let mut framed: Bytes =
            if self.chunked { [format!("{length:x}\r\n").as_bytes(), &bytes, b"\r\n"].concat().into() } else { bytes };
        while !framed.is_empty() {
            tokio::select! {
                written = stream.write(&framed) => match written {
                    Ok(written) if written > 0 => drop(framed.split_to(written)),
                    Ok(_) | Err(_) => return Ok(Waited::ClientIsGone),
                },
                () = tokio::time::sleep(TICK) => {
                    self.look_at_the_rules();
                    if let Step::Cut(_) = self.delivery.step(self.shared.now()) {
                        return Ok(Waited::GoOn);
                    }
                }
            }
        }
        self.delivery.sent(length);
        Ok(Waited::GoOn)
    }

    async fn end(&self, stream: &mut TcpStream) -> io::Result<()> {
        if self.chunked { stream.write_all(b"0\r\n\r\n").await } else { Ok(()) }
    }
}

/// Returns once the client has hung up.
async fn gone(stream: &TcpStream) {
    let mut nothing = [0; 64];
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut nothing) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {}
        }
    }
}
