//! The task behind a stream: starts from a running child, ends with a reason, whatever happens in between.

use crate::{
    AudioError, AudioErrorKind, EndReason, child::Encoder, log, log::Log, packets::Packets, stream::Shared, toc,
};
use bytes::Bytes;
use rustix::process::Signal;
use std::{
    io,
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    process::{ChildStderr, ChildStdout},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long ffmpeg may take to leave after its last byte.
const LEAVING: Duration = Duration::from_secs(2);

/// A child's log, shared with whoever has to explain a failure.
#[derive(Clone)]
pub(crate) struct SharedLog(Arc<Mutex<Log>>);

impl SharedLog {
    pub(crate) fn new(log: Log) -> Self {
        Self(Arc::new(Mutex::new(log)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the task owns.
pub(crate) struct Reader {
    pub(crate) child: Encoder,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
    pub(crate) log: SharedLog,
    pub(crate) shared: Arc<Shared>,
    pub(crate) cancel: CancellationToken,
}

impl Reader {
    /// Reads to the end, or until cancelled; sees the child out.
    pub(crate) async fn run(self) {
        let Self { child, stdout, stderr, log, shared, cancel } = self;
        let guard = EndGuard(Arc::clone(&shared));
        let words = log.clone();
        let draining = AbortOnDropHandle::new(tokio::spawn(log::drain(stderr, move |line| words.lock().line(line))));
        let read = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            read = read(stdout, &shared) => Some(read),
        };
        // stdout is closed by now, so a blocked ffmpeg wakes up.
        let end = match read {
            None => {
                reaped(child.stop().await);
                return shared.close();
            }
            Some(Ok(())) => {
                let status = child.finish(LEAVING).await;
                // Its last words; somebody else may hold the pipe open.
                let _cut_short = timeout(LEAVING, draining).await;
                verdict(status, &log.lock(), &shared)
            }
            Some(Err(fault)) => {
                reaped(child.stop().await);
                Err(AudioError::new(failure_kind(None, shared.has_begun(), None), fault).said(log.lock().tail()))
            }
        };
        shared.end(end);
        drop(guard);
    }
}

/// Moves frames from the pipe into the window until the pipe ends.
async fn read(stdout: ChildStdout, shared: &Shared) -> Result<(), String> {
    let mut packets = Packets::new(stdout);
    let mut headers = [&b"OpusHead"[..], b"OpusTags"].into_iter();
    while let Some(packet) = packets.next().await.map_err(|error| format!("ffmpeg's output is damaged: {error}"))? {
        if let Some(magic) = headers.next() {
            if !packet.starts_with(magic) {
                return Err("ffmpeg's output is not Opus".to_owned());
            }
            continue;
        }
        match toc::samples(&packet) {
            Some(960) => {}
            other => return Err(format!("ffmpeg's output has a packet of {other:?} samples in place of 960")),
        }
        shared.room().await;
        shared.push(into_shared(packet));
    }
    Ok(())
}

/// `Bytes` sets up its count on the first clone: here, so that the mixer's clones allocate nothing.
fn into_shared(packet: Vec<u8>) -> Bytes {
    let bytes = Bytes::from(packet);
    drop(bytes.clone());
    bytes
}

/// What it means that the output ended: ffmpeg's exit code and words, and whether there was any sound.
fn verdict(status: io::Result<ExitStatus>, log: &Log, shared: &Shared) -> Result<(), AudioError> {
    let begun = shared.has_begun();
    let left_well = status.as_ref().is_ok_and(ExitStatus::success);
    let failure = log.input_failure(begun);
    if left_well && failure.is_none() {
        if begun || !shared.start().is_zero() {
            // Without a frame, the start lies behind the track's end.
            return Ok(());
        }
        return Err(AudioError::new(AudioErrorKind::NotAudio, "there is no sound in it").said(log.tail()));
    }
    let kind = failure_kind(failure.or_else(|| log.guess()), begun, status.as_ref().ok().and_then(ExitStatus::signal));
    let what = match status {
        Ok(status) if status.success() => "the input broke off".to_owned(),
        Ok(status) => format!("ffmpeg failed ({status})"),
        Err(error) => format!("ffmpeg could not be waited for: {error}"),
    };
    Err(AudioError::new(kind, what).said(log.tail()))
}

/// What a child that ended with `signal` and said `told` means: nobody takes sound that played for no sound.
fn failure_kind(told: Option<AudioErrorKind>, begun: bool, signal: Option<i32>) -> AudioErrorKind {
    // ffmpeg crashes by other signals: those are about what it was given to read.
    let killed =
        signal.is_some_and(|n| [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP].iter().any(|s| s.as_raw() == n));
    match told {
        _ if killed => AudioErrorKind::Killed,
        None | Some(AudioErrorKind::NotAudio | AudioErrorKind::Broken) if begun => AudioErrorKind::BrokeOff,
        Some(kind) => kind,
        None => AudioErrorKind::Broken,
    }
}

fn reaped(status: io::Result<ExitStatus>) {
    if let Err(error) = status {
        tracing::warn!(%error, "ffmpeg could not be waited for");
    }
}

/// Ends the stream when the task goes without having said why: a panic, or a runtime that stops.
struct EndGuard(Arc<Shared>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        // Without effect after any other end.
        self.0.end(Err(AudioError::new(AudioErrorKind::BrokeOff, "its reader stopped without a reason")));
    }
}

impl Shared {
    fn end(&self, end: Result<(), AudioError>) {
        match end {
            Ok(()) => self.end_with(EndReason::Finished, None),
            Err(error) => self.end_with(EndReason::Failed(error.kind()), Some(error)),
        }
    }
}
