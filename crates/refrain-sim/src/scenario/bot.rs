//! The bot under test as a child process: in a group of its own, which is ended with it.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Write as _,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

/// Lines that are kept of what the bot writes.
const MAX_LINES: usize = 200;
/// Bytes that are kept of one line.
const MAX_LINE: u64 = 8 << 10;
/// How long the rest of its output may take to be read when it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long the bot may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Bot {
    child: Child,
    group: Option<Pid>,
    lines: Arc<Mutex<VecDeque<String>>>,
    /// What reads its output.
    readers: Vec<JoinHandle<()>>,
}

type Log = Option<Arc<Mutex<std::fs::File>>>;

impl Bot {
    /// Starts `command` with the shell. What it writes is kept, and goes to `log` if there is one.
    pub(super) fn start(
        command: &str,
        environment: &BTreeMap<String, String>,
        log: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            let file = std::fs::File::create(path).with_context(|| format!("making the bot's log {}", path.display()));
            file.map(|file| Arc::new(Mutex::new(file)))
        };
        let log = log.map(open).transpose()?;
        let mut child = Command::new("sh")
            .args(["-c", command])
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting the bot with `sh -c {command:?}`"))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let lines = Arc::default();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(tokio::spawn(collect(stdout, Arc::clone(&lines), log.clone())));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(tokio::spawn(collect(stderr, Arc::clone(&lines), log)));
        }
        Ok(Self { child, group, lines, readers })
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it wrote last. Of one that has ended, all of it: its end may be known before its output is read.
    pub(super) async fn last_lines(&mut self) -> Vec<String> {
        if self.ended().is_some() {
            let read = async {
                while let Some(reader) = self.readers.last_mut() {
                    // An error says that it is over, too.
                    let _ = reader.await;
                    self.readers.pop();
                }
            };
            // What it left running may hold the output open.
            let _ = tokio::time::timeout(LAST_WORDS, read).await;
        }
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Asks it to end, and makes it.
    pub(super) async fn stop(mut self) {
        if let (None, Some(group)) = (self.ended(), self.group) {
            // Refused only when it is just gone.
            let _ = kill_process_group(group, Signal::TERM);
            let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
        }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // What the bot started may outlive it; that nothing is left is what we want.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn collect(stream: impl AsyncRead + Unpin, lines: Arc<Mutex<VecDeque<String>>>, log: Log) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stream).take(MAX_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Some(log) = &log {
            // A full disk is no reason to stop the bot.
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(text);
        if lines.len() > MAX_LINES {
            lines.pop_front();
        }
    }
}
