//! The task behind a stream: starts from a running child, ends with a reason, whatever happens in between.

use crate::{
    AudioError, AudioErrorKind, EndReason, OpenAt, PipelineConfig,
    args::Request,
    child::Encoder,
    log::{self, Log, SharedLog},
    packets::Packets,
    probe::{Body, Probe},
    shared::{Handle, Shared},
    toc,
    window::Window,
};
use bytes::Bytes;
use rustix::process::Signal;
use std::{future::pending, io, os::unix::process::ExitStatusExt as _, process::ExitStatus, sync::Arc, time::Duration};
use tokio::{
    process::{ChildStderr, ChildStdout},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long ffmpeg may take to leave after its last byte.
const LEAVING: Duration = Duration::from_secs(2);

/// Starts a child and the task that reads it, to a stream that begins at `start`.
///
/// # Errors
/// The child cannot be started.
pub(crate) fn start(
    config: &PipelineConfig,
    at: OpenAt,
    start: Duration,
    request: Request,
    probe: Arc<Probe>,
) -> Result<Handle, AudioError> {
    let (child, stdout, stderr) = Encoder::spawn(&config.ffmpeg, &request)?;
    let window = Window::new(start, config.lead_frames(), config.rewind_frames());
    let log = SharedLog::new(Log::new(request.url, request.secrets));
    let shared = Arc::new(Shared::new(at, start, window, log, probe));
    let cancel = CancellationToken::new();
    let handle = Handle { shared: Arc::clone(&shared), cancel: cancel.clone(), pid: child.id() };
    tokio::spawn(Reader { child, stdout, stderr, shared, cancel }.run());
    Ok(handle)
}

/// What the task owns.
struct Reader {
    child: Encoder,
    stdout: ChildStdout,
    stderr: ChildStderr,
    shared: Arc<Shared>,
    cancel: CancellationToken,
}

impl Reader {
    /// Reads to the end, or until cancelled; sees the child out.
    async fn run(self) {
        let Self { child, stdout, stderr, shared, cancel } = self;
        let guard = EndGuard(Arc::clone(&shared));
        let draining = AbortOnDropHandle::new(tokio::spawn(drain(stderr, Arc::clone(&shared))));
        let asking = async {
            shared.needs_probe().await;
            shared.probe.ask().await;
            pending().await
        };
        let read = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            read = read(stdout, &shared) => Some(read),
            () = asking => None,
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
                let body = tokio::select! {
                    biased;
                    () = cancel.cancelled() => None,
                    body = body_in_doubt(&shared) => body,
                };
                verdict(status, &shared.log.lock(), &shared, body)
            }
            Some(Err(fault)) => {
                reaped(child.stop().await);
                Err(AudioError::new(failure_kind(None, shared.has_begun(), None), fault).said(shared.log.lock().tail()))
            }
        };
        shared.end(end);
        drop(guard);
    }
}

async fn drain(stderr: ChildStderr, shared: Arc<Shared>) {
    log::drain(stderr, |line| {
        let news = shared.log.lock().line(line);
        if news {
            shared.told();
        }
    })
    .await;
}

/// What the body was, where its end may have been a cut: ffmpeg does not tell a body that ends with its connection from one
/// that came in chunks and lacks the last.
async fn body_in_doubt(shared: &Shared) -> Option<Body> {
    let doubtful = shared.log.lock().is_open_ended() && shared.has_begun();
    if doubtful { shared.probe.ask().await } else { None }
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
fn verdict(status: io::Result<ExitStatus>, log: &Log, shared: &Shared, body: Option<Body>) -> Result<(), AudioError> {
    let begun = shared.has_begun();
    // A body may end before the position that was sought in it.
    let was_read = begun || log.facts().opened && !shared.start().is_zero();
    let left_well = status.as_ref().is_ok_and(ExitStatus::success);
    let cut = log.is_open_ended() && body.is_some_and(|body| body.chunked);
    let failure = log.input_failure(was_read).or(cut.then_some(AudioErrorKind::Network));
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
    Err(AudioError::new(kind, what).said(log.tail()).with_retry_after(log.retry_after()))
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
