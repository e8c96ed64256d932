//! One run of yt-dlp: a place, a private directory, a pass for the guard, the child, and what its end means.

use crate::{
    ErrorKind, ExtractError, ExtractorConfig, Purpose, StartError,
    arguments::{Arguments, COOKIES_FILE, OPTIONS_FILE, Request},
    child::{Failure, Output, Spec, Supervised},
    classify::{Verdict, classify},
    guard::{Guard, Noted, Pass, Trouble},
    places::Places,
    resources::exhausted,
    text::operator_line,
};
use refrain_model::GuildId;
use std::{
    env,
    ffi::OsString,
    fs, io,
    io::Write as _,
    os::unix::{
        fs::{OpenOptionsExt as _, PermissionsExt as _},
        process::ExitStatusExt as _,
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::spawn_blocking, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Run directories that are older were left by a bot that was killed.
const STALE: Duration = Duration::from_secs(60 * 60);
/// Used where the bot itself has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Runs yt-dlp.
#[derive(Debug)]
pub(crate) struct Runner {
    program: PathBuf,
    work: PathBuf,
    arguments: Arguments,
    cookies: Option<PathBuf>,
    time_limit: Duration,
    max_output: usize,
    places: Places,
    stop: CancellationToken,
    children: TaskTracker,
}

impl Runner {
    /// Checks the paths and makes the directories. Blocks.
    pub(crate) fn prepare(config: &ExtractorConfig, stop: CancellationToken) -> Result<Self, StartError> {
        let program = find_program(&config.yt_dlp)?;
        let root = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
        let (cache_dir, work) = (root.join("yt-dlp/cache"), root.join("yt-dlp/runs"));
        for path in [&cache_dir, &work] {
            fs::create_dir_all(path).map_err(|source| StartError::DataDir { path: path.clone(), source })?;
        }
        remove_stale(&work);
        Ok(Self {
            program,
            work,
            arguments: Arguments {
                cache_dir,
                plugin_dirs: existing("the plugin directory", config.plugin_dirs.as_deref())?,
                cookies: config.cookies.is_some(),
            },
            cookies: existing("the cookie file", config.cookies.as_deref())?,
            time_limit: config.time_limit,
            max_output: config.max_output,
            places: Places::new(config.concurrency),
            stop,
            children: TaskTracker::new(),
        })
    }

    /// Runs yt-dlp when its turn comes and answers with what it printed. When the caller goes away, so does the child.
    pub(crate) async fn run(
        &self,
        guard: &Guard,
        request: Request,
        guild: GuildId,
        purpose: Purpose,
    ) -> Result<Ran, ExtractError> {
        // Waiting has no time limit: with many guilds in line it takes as long as the runs before it.
        let place = self.stop.run_until_cancelled(self.places.take(guild, purpose));
        let place = place.await.ok_or_else(shutting_down)?.map_err(|_| line_full(purpose))?;
        let pass = guard.issue().map_err(|e| unprepared("a pass for the guard could not be made", e))?;
        let directory = self.directory(&pass).await?;
        let spec = self.spec(&request, directory.path(), &pass, Instant::now() + self.time_limit);
        let mut child = Supervised::start(spec).map_err(|failure| self.failed(failure))?;

        // The child belongs to a task, so that it is ended in order even when this future is dropped half-way.
        let cancelled = self.stop.child_token();
        let _cancel_on_drop = cancelled.clone().drop_guard();
        let (done, result) = oneshot::channel();
        self.children.spawn(async move {
            let output = child.output(&cancelled).await;
            done.send(output).ok();
            child.end().await;
            // Removing it is disk work; a failure leaves it to the next start.
            spawn_blocking(move || directory.close()).await.ok();
            drop(place);
        });
        let output = result
            .await
            .map_err(|_| ExtractError::new(ErrorKind::Spawn, "the task that watches yt-dlp ended early"))?
            .map_err(|failure| self.failed(failure))?;
        let noted = pass.noted();
        let json = judge(&request, output, &noted)?;
        Ok(Ran { json, noted })
    }

    /// Waits for the children to end, which the token has told them to.
    pub(crate) async fn drained(&self) {
        self.children.close();
        self.children.wait().await;
    }

    async fn directory(&self, pass: &Pass) -> Result<TempDir, ExtractError> {
        let options = format!("--proxy {}\n", pass.proxy().as_str());
        let (work, cookies) = (self.work.clone(), self.cookies.clone());
        let prepare = move || {
            // Said outright: left to itself it would be readable by all who the umask lets.
            let ours = fs::Permissions::from_mode(0o700);
            // An operator may have cleared the data directory meanwhile.
            fs::create_dir_all(&work)?;
            let directory = tempfile::Builder::new().prefix("run-").permissions(ours).tempdir_in(work)?;
            write_private(&directory.path().join(OPTIONS_FILE), options.as_bytes())?;
            if let Some(cookies) = cookies {
                write_private(&directory.path().join(COOKIES_FILE), &fs::read(cookies)?)?;
            }
            Ok(directory)
        };
        spawn_blocking(prepare)
            .await
            .unwrap_or_else(|e| Err(io::Error::other(e)))
            .map_err(|e| unprepared("the private directory of a run could not be made below DATA_DIR", e))
    }

    fn spec(&self, request: &Request, directory: &Path, pass: &Pass, deadline: Instant) -> Spec {
        Spec {
            program: self.program.clone(),
            arguments: self.arguments.vector(request),
            environment: environment(&self.program, directory, pass),
            directory: directory.to_owned(),
            deadline,
            max_output: self.max_output,
            // A page with a list on it would be resolved to its end; only the first track is wanted.
            first_line: matches!(request, Request::Resolve(_)),
        }
    }

    fn failed(&self, failure: Failure) -> ExtractError {
        match failure {
            Failure::Spawn(e) => {
                let program = self.program.display();
                let detail = match exhausted(&e) {
                    true => format!("{program} could not be started"),
                    false => format!("{program} could not be started; `cargo xtask setup` installs it anew"),
                };
                of_the_machine(detail, e)
            }
            Failure::Read(e) if exhausted(&e) => of_the_machine("yt-dlp's output could not be read".into(), e),
            Failure::Read(e) => ExtractError::new(ErrorKind::Garbled, "yt-dlp's output could not be read").caused_by(e),
            Failure::TimedOut => {
                ExtractError::new(ErrorKind::TimedOut, format!("yt-dlp took longer than {:?}", self.time_limit))
            }
            Failure::TooMuch => ExtractError::new(
                ErrorKind::TooMuchOutput,
                format!("yt-dlp printed more than {} bytes", self.max_output),
            ),
            Failure::Cancelled => shutting_down(),
        }
    }
}

/// What a run brought.
#[derive(Debug)]
pub(crate) struct Ran {
    /// What yt-dlp printed.
    pub(crate) json: Vec<u8>,
    /// What the guard saw meanwhile.
    pub(crate) noted: Noted,
}

/// What the end of a run means.
fn judge(request: &Request, output: Output, noted: &Noted) -> Result<Vec<u8>, ExtractError> {
    let Some(status) = output.status else { return Ok(output.stdout) };
    let printed = output.stdout.trim_ascii();
    let usable = !printed.is_empty() && printed != b"null";
    // A list of which some entries are broken exits with 1 and is good.
    if usable && (status.success() || matches!((request, status.code()), (Request::Search(_), Some(1)))) {
        return Ok(output.stdout);
    }
    if let Some(signal) = status.signal() {
        let detail = format!("yt-dlp was killed by signal {signal}; the machine may be short of memory");
        return Err(ExtractError::new(ErrorKind::Spawn, detail));
    }
    if let Some(verdict) = classify(&output.stderr) {
        return Err(weigh(verdict, noted));
    }
    let last = output.stderr.lines().rfind(|line| !line.trim().is_empty()).map(operator_line).unwrap_or_default();
    Err(match status.code() {
        Some(0) => ExtractError::new(ErrorKind::NoAudio, "yt-dlp found nothing to play on the page"),
        Some(2) => ExtractError::new(
            ErrorKind::Spawn,
            format!(
                "yt-dlp refused its options, it may be too old (`cargo xtask setup` installs the right one): {last}"
            ),
        ),
        code => ExtractError::new(ErrorKind::Unknown, format!("yt-dlp ended with {code:?}: {last}")),
    })
}

/// Puts the guard's knowledge beside yt-dlp's words: a refusal of the guard's looks like the site's own to yt-dlp.
fn weigh(verdict: Verdict, noted: &Noted) -> ExtractError {
    let blurred = matches!(
        verdict.kind,
        ErrorKind::Forbidden
            | ErrorKind::Network
            | ErrorKind::BadInput
            | ErrorKind::ExtractorBroken
            | ErrorKind::Unknown
    );
    let mut kind = verdict.kind;
    let mut detail = verdict.line;
    for trouble in &noted.troubles {
        match trouble {
            Trouble::Refused(host) => {
                if blurred {
                    kind = ErrorKind::PrivateAddress;
                }
                detail.push_str(&format!("; the egress guard refused {}", operator_line(host)));
            }
            Trouble::Unreachable(host) => {
                detail.push_str(&format!("; the egress guard could not reach {}", operator_line(host)))
            }
            Trouble::Exhausted(host) => {
                if blurred && kind != ErrorKind::PrivateAddress {
                    kind = ErrorKind::OutOfResources;
                }
                detail.push_str(&format!("; the machine had nothing left to connect to {} with", operator_line(host)));
            }
        }
    }
    let asks_to_wait = matches!(kind, ErrorKind::RateLimited | ErrorKind::Network);
    ExtractError::new(kind, detail).waiting(noted.retry_after.filter(|_| asks_to_wait))
}

fn line_full(purpose: Purpose) -> ExtractError {
    let (max, noun) = (purpose.max_waiting(), purpose.noun());
    ExtractError::new(ErrorKind::Busy, format!("the guild has {max} requests of this purpose waiting ({noun})"))
}

fn shutting_down() -> ExtractError {
    ExtractError::new(ErrorKind::ShuttingDown, "the extractor is being shut down")
}

pub(crate) fn unprepared(what: &str, source: io::Error) -> ExtractError {
    of_the_machine(what.to_owned(), source)
}

/// A failure of this machine's, with what the operator can do.
fn of_the_machine(what: String, source: io::Error) -> ExtractError {
    if exhausted(&source) {
        let advice = "free some space on the disk, memory, descriptors or processes, as the cause says";
        return ExtractError::new(ErrorKind::OutOfResources, format!("{what}; {advice}")).caused_by(source);
    }
    ExtractError::new(ErrorKind::Spawn, what).caused_by(source)
}

/// The little that a child needs: its programs, a home of its own, one language, and the guard for what it starts itself.
fn environment(program: &Path, directory: &Path, pass: &Pass) -> Vec<(OsString, OsString)> {
    // The JavaScript runtime lies beside yt-dlp.
    let mut path = program.parent().map(|bin| bin.as_os_str().to_owned()).unwrap_or_default();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()));
    let mut environment = vec![
        ("PATH".into(), path),
        ("HOME".into(), directory.into()),
        ("TMPDIR".into(), directory.into()),
        ("LANG".into(), "C.UTF-8".into()),
        ("PYTHONNOUSERSITE".into(), "1".into()),
        ("PYTHONDONTWRITEBYTECODE".into(), "1".into()),
    ];
    environment
        .extend(["http_proxy", "https_proxy", "all_proxy"].map(|name| (name.into(), pass.proxy().as_str().into())));
    let kept = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter();
    environment.extend(kept.filter_map(|name| env::var_os(name).map(|value| (name.into(), value))));
    environment
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
}

fn existing(what: &'static str, path: Option<&Path>) -> Result<Option<PathBuf>, StartError> {
    path.map(|path| {
        fs::metadata(path).and_then(|_| std::path::absolute(path)).map_err(|source| StartError::Missing {
            what,
            path: path.to_owned(),
            source,
        })
    })
    .transpose()
}

/// Finds the program and makes its path absolute, because runs have directories of their own. Links are kept: they may
/// be exchanged for a newer version while the bot runs.
fn find_program(named: &Path) -> Result<PathBuf, StartError> {
    let runs =
        |path: &Path| fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    let missing = || StartError::YtDlp { path: named.to_owned() };
    if named.components().count() > 1 {
        return std::path::absolute(named).ok().filter(|path| runs(path)).ok_or_else(missing);
    }
    let path = env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    env::split_paths(&path)
        .map(|folder| folder.join(named))
        .find(|path| path.is_absolute() && runs(path))
        .ok_or_else(missing)
}

fn remove_stale(work: &Path) {
    let Ok(entries) = fs::read_dir(work) else { return };
    for entry in entries.flatten() {
        let made = entry.metadata().and_then(|found| found.modified());
        let age = made.ok().and_then(|made| SystemTime::now().duration_since(made).ok());
        if age.is_some_and(|age| age > STALE)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::debug!(%error, "an old run directory could not be removed");
        }
    }
}
