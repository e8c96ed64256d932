//! Child processes that never outlive the stage: each leads a group of its own, which is killed at the end.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
};

/// Lines kept of what a process says; the file beside holds them all.
const MOST_LINES: usize = 50_000;
/// Time for the readers to take in what a process wrote last, once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What to run, and how.
#[derive(Debug)]
pub struct Launch {
    /// What people call it, for messages.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment apart from `PATH`.
    pub environment: BTreeMap<String, OsString>,
    /// Its working directory.
    pub folder: PathBuf,
    /// Where everything it says is kept.
    pub log_file: PathBuf,
}

/// A running process; dropping it kills its group.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    group: Option<Pid>,
    readers: Vec<tokio::task::JoinHandle<()>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts it. What it writes to either stream is collected line by line.
    ///
    /// # Errors
    /// When it cannot be started or its log file cannot be made.
    pub fn start(launch: &Launch) -> Result<Self> {
        let Launch { name, program, .. } = launch;
        let log = std::fs::File::create(&launch.log_file)
            .with_context(|| format!("making the log file {} of {name}", launch.log_file.display()))?;
        // The child starts in a folder of its own: a relative path would be looked for there.
        let program = std::path::absolute(program).with_context(|| format!("the path of {name}"))?;
        let mut child = Command::new(&program)
            .args(&launch.arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(&launch.environment)
            .current_dir(&launch.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {name} ({})", program.display()))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::new(Mutex::new(log));
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(tokio::spawn(collect(stdout, Arc::clone(&lines), Arc::clone(&log))));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(tokio::spawn(collect(stderr, Arc::clone(&lines), log)));
        }
        Ok(Self { name, child, group, readers, lines })
    }

    /// What it said so far, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it said from line `from` on.
    #[must_use]
    pub fn lines_from(&self, from: usize) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(from..).unwrap_or_default().to_vec()
    }

    /// Its process id while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("asking whether {} still runs", self.name))
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it has not within `limit`.
    pub async fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let Ok(status) = tokio::time::timeout(limit, self.child.wait()).await else {
            bail!("{} still runs after {} s", self.name, limit.as_secs());
        };
        let status = status.with_context(|| format!("waiting for {}", self.name))?;
        let readers = std::mem::take(&mut self.readers);
        // A grandchild may hold the streams open: the wait is bounded.
        let _late = tokio::time::timeout(LAST_WORDS, futures_util::future::join_all(readers)).await;
        Ok(status)
    }

    /// Sends it `signal` (it alone, as an init system does).
    ///
    /// # Errors
    /// When it does not run any more.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pid = pid.with_context(|| format!("{} has already ended", self.name))?;
        rustix::process::kill_process(pid, signal).with_context(|| format!("sending {} a signal", self.name))
    }

    /// Kills its whole group and waits for its end.
    ///
    /// # Errors
    /// When it had ended already.
    pub async fn kill(&mut self, limit: Duration) -> Result<()> {
        let group = self.group.with_context(|| format!("{} has no process group", self.name))?;
        if let Some(status) = self.ended()? {
            bail!("{} had ended ({status}) before it could be killed", self.name);
        }
        kill_process_group(group, Signal::KILL).with_context(|| format!("killing {}", self.name))?;
        self.wait(limit).await.map(drop)
    }

    /// Asks it to end and waits for that.
    ///
    /// # Errors
    /// When it does not within `limit`.
    pub async fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        if self.ended()?.is_none() {
            self.signal(Signal::TERM)?;
        }
        self.wait(limit).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Already gone is what we want; its children may still be there.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn collect(from: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>, log: Arc<Mutex<std::fs::File>>) {
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while matches!(reader.read_until(b'\n', &mut bytes).await, Ok(read) if read > 0) {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        // Losing a line of a log file is no reason to end a test.
        let _lost = writeln!(log.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MOST_LINES {
            lines.push(line);
        }
    }
}

/// The lines of a JSON log at level ERROR, as "target: {the rest}".
#[must_use]
pub fn error_lines(lines: &[String]) -> Vec<String> {
    let errors = lines.iter().filter_map(|line| {
        let Value::Object(mut entry) = serde_json::from_str(line).ok()? else { return None };
        if entry.remove("level")? != "ERROR" {
            return None;
        }
        entry.remove("timestamp");
        let target = entry.remove("target");
        let target = target.as_ref().and_then(Value::as_str).unwrap_or("?");
        Some(format!("{target}: {}", Value::Object(entry)))
    });
    errors.collect()
}

/// What the environment of every child holds besides what is particular to it: a home of its own and plain English.
#[must_use]
pub fn plain_environment(home: &Path) -> BTreeMap<String, OsString> {
    let mut environment = BTreeMap::from([("HOME".to_owned(), home.into()), ("LANG".to_owned(), "C.UTF-8".into())]);
    environment.extend(std::env::var_os("RUST_BACKTRACE").map(|value| ("RUST_BACKTRACE".to_owned(), value)));
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(folder: &Path, script: &str) -> Launch {
        Launch {
            name: "a shell",
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: plain_environment(folder),
            folder: folder.into(),
            log_file: folder.join("shell.log"),
        }
    }

    #[tokio::test]
    async fn collects_what_it_says_and_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::start(&shell(folder.path(), "echo one; echo two >&2; exit 64")).unwrap();
        assert_eq!(process.wait(Duration::from_secs(30)).await.unwrap().code(), Some(64));
        let mut lines = process.lines();
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("shell.log")).unwrap().lines().count(), 2);
    }

    #[tokio::test]
    async fn a_dropped_process_takes_its_children_along() {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(&shell(folder.path(), "sleep 600 & echo $!; wait")).unwrap();
        let child = loop {
            if let Some(line) = process.lines().first() {
                break Pid::from_raw(line.parse().unwrap()).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        drop(process);
        // A killed process may stay as a zombie until something reaps it: its state tells.
        let stat = format!("/proc/{}/stat", child.as_raw_nonzero());
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[test]
    fn picks_the_errors_out_of_a_json_log() {
        let lines = [
            r#"{"timestamp":"now","level":"INFO","message":"ready","target":"refrain"}"#.to_owned(),
            r#"{"timestamp":"now","level":"ERROR","message":"broken","target":"refrain"}"#.to_owned(),
            "plain words about an ERROR".to_owned(),
        ];
        assert_eq!(error_lines(&lines), [r#"refrain: {"message":"broken"}"#]);
    }
}
