//! ffmpeg as a supervised child: its own process group, an empty environment, a private directory, always reaped.

use crate::{AudioError, AudioErrorKind, args::Request};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::{
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};

/// Between the polite signal and the other one.
const GRACE: Duration = Duration::from_secs(1);

/// A running ffmpeg. Dropped before its end, its whole group is killed.
pub(crate) struct Encoder {
    child: Child,
    group: Option<Pid>,
    _cwd: TempDir,
}

impl Encoder {
    /// Starts it; hands out its stdout and stderr.
    ///
    /// # Errors
    /// [`AudioErrorKind::Spawn`], [`AudioErrorKind::OutOfResources`].
    pub(crate) fn spawn(ffmpeg: &Path, request: &Request) -> Result<(Self, ChildStdout, ChildStderr), AudioError> {
        let cwd = tempfile::Builder::new()
            .prefix("refrain-audio-")
            .tempdir()
            .map_err(|error| spawn_error(&error, format!("no private directory for ffmpeg: {error}")))?;
        let mut child = Command::new(program(ffmpeg))
            .args(&request.args)
            .env_clear()
            .envs(request.env.iter().map(|(name, value)| (name, value)))
            .current_dir(cwd.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| cannot_start(ffmpeg, &error))?;
        // Its number is its group's number. It stays taken until the last of the group is gone and reaped.
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(AudioError::new(AudioErrorKind::Spawn, "ffmpeg was started without its pipes"));
        };
        Ok((Self { child, group, _cwd: cwd }, stdout, stderr))
    }

    /// Its process id, which is its group's too.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it leaves by itself, but not longer than `limit`; then [`Self::stop`]s it.
    pub(crate) async fn finish(mut self, limit: Duration) -> io::Result<ExitStatus> {
        match timeout(limit, self.child.wait()).await {
            Ok(status) => {
                self.kill_stragglers();
                status
            }
            Err(_) => self.stop().await,
        }
    }

    /// Ends the group: SIGTERM, a grace period, SIGKILL. Its pipes should be closed before, or a blocked write would
    /// keep it from hearing the first.
    pub(crate) async fn stop(mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        let status = match timeout(GRACE, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                self.signal(Signal::KILL);
                self.child.wait().await
            }
        };
        self.kill_stragglers();
        status
    }

    fn signal(&self, signal: Signal) {
        // Fails only when nobody is left.
        let _gone = self.group.map(|group| kill_process_group(group, signal));
    }

    /// After the leader is reaped: whoever it left behind (a wrapper script's children) goes too.
    fn kill_stragglers(&mut self) {
        if let Some(group) = self.group.take()
            && test_kill_process_group(group).is_ok()
        {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // Only on the way out of a panic or a stopped runtime; tokio reaps it then.
        self.signal(Signal::KILL);
    }
}

/// A path is meant from where the bot runs, not from the child's directory; a bare name is looked up in `PATH`.
fn program(ffmpeg: &Path) -> PathBuf {
    if ffmpeg.components().count() < 2 {
        return ffmpeg.to_owned();
    }
    std::path::absolute(ffmpeg).unwrap_or_else(|_| ffmpeg.to_owned())
}

fn cannot_start(ffmpeg: &Path, error: &io::Error) -> AudioError {
    let hint = if error.kind() == io::ErrorKind::NotFound {
        "install ffmpeg, or set the path to it"
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        "make it executable, or set another path"
    } else {
        "check the machine's limits on processes, descriptors and memory"
    };
    spawn_error(error, format!("{} could not be started: {error}; {hint}", ffmpeg.display()))
}

fn spawn_error(error: &io::Error, what: String) -> AudioError {
    let kind = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN | Errno::NOSPC | Errno::DQUOT) => {
            AudioErrorKind::OutOfResources
        }
        Some(_) | None => AudioErrorKind::Spawn,
    };
    AudioError::new(kind, what)
}
