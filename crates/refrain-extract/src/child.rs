//! One supervised child: a process group, bounded output, a limit on the time, and nothing left behind.

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// How much of the end of standard error is kept, in bytes. yt-dlp's errors come last.
const MAX_STDERR: usize = 64 * 1024;

/// What to run and within which bounds.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// The whole environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: PathBuf,
    pub(crate) deadline: Instant,
    pub(crate) max_output: usize,
    /// The first line is all that is wanted: the child is stopped behind it.
    pub(crate) first_line: bool,
}

/// How a child ended that was not stopped.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    /// `None` when the first line was enough.
    pub(crate) status: Option<ExitStatus>,
}

/// Why there is no output.
#[derive(Debug)]
pub(crate) enum Failure {
    Spawn(io::Error),
    Read(io::Error),
    TimedOut,
    TooMuch,
    Cancelled,
}

/// A child that has been started.
#[derive(Debug)]
pub(crate) struct Supervised {
    child: Child,
    group: Group,
    errors: Errors,
    spec: Spec,
}

impl Supervised {
    pub(crate) fn start(spec: Spec) -> Result<Self, Failure> {
        let mut child = Command::new(&spec.program)
            .args(&spec.arguments)
            .env_clear()
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&spec.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::Spawn)?;
        let group = Group::of(&child);
        let errors = Errors::drain(child.stderr.take());
        Ok(Self { child, group, errors, spec })
    }

    /// Waits for what is wanted, the limit or the cancellation. The child may still run then: see [`Self::end`].
    pub(crate) async fn output(&mut self, cancelled: &CancellationToken) -> Result<Output, Failure> {
        let stdout = self.child.stdout.take().ok_or_else(|| Failure::Spawn(io::ErrorKind::BrokenPipe.into()))?;
        let (max, first_line) = (self.spec.max_output, self.spec.first_line);
        let reading = read(stdout, max, first_line);
        tokio::pin!(reading);
        let mut status = None;
        let mut read = None;
        while status.is_none() || read.is_none() {
            tokio::select! {
                done = &mut reading, if read.is_none() => {
                    let (bytes, line) = done?;
                    if line {
                        return Ok(Output { stdout: bytes, stderr: String::new(), status: None });
                    }
                    read = Some(bytes);
                }
                exited = self.child.wait(), if status.is_none() => {
                    status = Some(exited.map_err(Failure::Read)?);
                    // What it left running would hold the pipes open.
                    self.group.kill();
                }
                () = sleep_until(self.spec.deadline) => return Err(Failure::TimedOut),
                () = cancelled.cancelled() => return Err(Failure::Cancelled),
            }
        }
        Ok(Output { stdout: read.unwrap_or_default(), stderr: self.errors.finish().await, status })
    }

    /// Ends the whole group, gently first, and waits until the child is gone.
    pub(crate) async fn end(mut self) {
        // Answers at once where the child has been waited for already.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.group.signal(Signal::TERM);
            if timeout(GRACE, self.child.wait()).await.is_err() {
                tracing::warn!(program = %self.spec.program.display(), "a child ignored SIGTERM and is killed");
            }
        }
        self.group.kill();
        self.child.wait().await.ok();
    }
}

/// Reads to the end, or to the end of the first line (then the flag is set).
async fn read(mut from: impl AsyncRead + Unpin, max: usize, first_line: bool) -> Result<(Vec<u8>, bool), Failure> {
    let mut bytes = Vec::with_capacity(64 * 1024);
    loop {
        let before = bytes.len();
        if from.read_buf(&mut bytes).await.map_err(Failure::Read)? == 0 {
            return Ok((bytes, false));
        }
        if let Some(end) = bytes[before..].iter().position(|byte| *byte == b'\n').filter(|_| first_line) {
            bytes.truncate(before + end);
            return if bytes.len() > max { Err(Failure::TooMuch) } else { Ok((bytes, true)) };
        }
        if bytes.len() > max {
            return Err(Failure::TooMuch);
        }
    }
}

/// The end of a child's standard error, drained in a task of its own so that the child never waits for a reader.
#[derive(Debug)]
struct Errors {
    tail: Arc<Mutex<Vec<u8>>>,
    task: Option<JoinHandle<()>>,
}

impl Errors {
    fn drain(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> Self {
        let tail = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&tail);
        let task = pipe.map(|mut pipe| {
            tokio::spawn(async move {
                let mut buffer = vec![0; 8 * 1024];
                while let Ok(n @ 1..) = pipe.read(&mut buffer).await {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&buffer[..n]);
                    if kept.len() > 2 * MAX_STDERR {
                        let surplus = kept.len() - MAX_STDERR;
                        kept.drain(..surplus);
                    }
                }
            })
        });
        Self { tail, task }
    }

    async fn finish(&mut self) -> String {
        if let Some(task) = &mut self.task {
            // The writers are dead; only a process that left the group could hold the pipe.
            timeout(Duration::from_secs(1), task).await.ok();
        }
        let kept = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The child's process group, killed when this is dropped.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error means that nobody is left in the group.
            kill_process_group(group, signal).ok();
        }
    }

    /// Kills what is left, once: later the number could be somebody else's.
    fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
