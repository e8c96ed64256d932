//! Recordings of what guilds are told, as files. Nothing here blocks the runtime: one thread writes.

use crate::unix::unix_ms;
use refrain_guild::{GuildInput, GuildPolicy, Header, Observed, Redactor, Step};
use refrain_model::GuildId;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
};

/// Lines that wait for the writer, of all guilds together.
const WAITING: usize = 1024;

/// Where guilds' inputs are recorded, and how much of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingSettings {
    /// The directory; it is made where there is none.
    pub dir: PathBuf,
    /// The most bytes of one file. The recording ends there.
    pub max_bytes: u64,
    /// The most files of one guild: the oldest gives way to a new one.
    pub max_files: usize,
}

/// The writer of a process.
pub(crate) struct Recordings {
    settings: RecordingSettings,
    lines: SyncSender<Line>,
}

/// Something for the writer.
enum Line {
    Begin { guild: GuildId, number: u64, line: String },
    More { number: u64, line: String },
    End { number: u64 },
}

impl Recordings {
    /// Makes the directory and starts the writer.
    ///
    /// # Errors
    /// When the directory cannot be made, or the system gives no thread.
    pub(crate) fn start(settings: RecordingSettings) -> io::Result<Self> {
        fs::create_dir_all(&settings.dir)?;
        let (lines, inbox) = sync_channel(WAITING);
        let writer = Writer { settings: settings.clone(), files: BTreeMap::new() };
        thread::Builder::new().name("recordings".to_owned()).spawn(move || writer.run(&inbox))?;
        Ok(Self { settings, lines })
    }
}

/// One recording of a guild: a file, or nothing where nothing is recorded.
pub(crate) struct Recorder(Option<Recording>);

struct Recording {
    guild: GuildId,
    number: u64,
    lines: SyncSender<Line>,
    redactor: Redactor,
    left: u64,
    /// Why it ends; the last line has not been taken yet.
    ends: Option<String>,
}

impl Recorder {
    /// Begins a recording for a guild that was just made.
    pub(crate) fn begin(recordings: Option<&Recordings>, guild: GuildId, policy: &GuildPolicy, seed: u64) -> Self {
        let Some(recordings) = recordings else { return Self(None) };
        let mut redactor = Redactor::default();
        let header = redactor.header(&Header::new(guild, policy.clone(), seed));
        let (lines, left) = (recordings.lines.clone(), recordings.settings.max_bytes);
        let mut recording = Recording { guild, number: next_number(), lines, redactor, left, ends: None };
        let begun = match header {
            Ok(line) => {
                let (guild, number) = (recording.guild, recording.number);
                recording.left = recording.left.saturating_sub(line.len() as u64 + 1);
                recording.lines.try_send(Line::Begin { guild, number, line }).is_ok()
            }
            Err(_) => false,
        };
        if !begun {
            tracing::warn!(guild_id = %guild, "the guild is not recorded: the disk is too slow");
        }
        Self(begun.then_some(recording))
    }

    /// Records one step of the guild. Never blocks.
    pub(crate) fn step(&mut self, observed: Observed, input: Option<&GuildInput>, on_the_spot: bool) {
        let Some(recording) = &mut self.0 else { return };
        if recording.step(Step { observed, input: input.cloned(), on_the_spot }) == Goes::Over {
            self.0 = None;
        }
    }
}

/// Whether a recording goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Over,
}

impl Recording {
    fn step(&mut self, step: Step) -> Goes {
        if self.ends.is_none() {
            match self.redactor.step(&step) {
                Ok(line) if line.len() as u64 + 1 > self.left => self.end("the file has as many bytes as it may have"),
                Ok(line) => {
                    let length = line.len() as u64 + 1;
                    match self.lines.try_send(Line::More { number: self.number, line }) {
                        Ok(()) => self.left = self.left.saturating_sub(length),
                        Err(TrySendError::Full(_)) => self.end("the disk is too slow: inputs were left out"),
                        Err(TrySendError::Disconnected(_)) => return Goes::Over,
                    }
                }
                Err(error) => self.end(&error.to_string()),
            }
        }
        self.say_the_end()
    }

    fn end(&mut self, why: &str) {
        tracing::info!(guild_id = %self.guild, why, "the recording of the guild ends");
        self.ends = Some(why.to_owned());
    }

    /// Nothing follows a gap, so the last line is tried until the writer takes it.
    fn say_the_end(&mut self) -> Goes {
        let Some(why) = &self.ends else { return Goes::On };
        let Ok(line) = self.redactor.end(why) else { return Goes::Over };
        match self.lines.try_send(Line::More { number: self.number, line }) {
            Err(TrySendError::Full(_)) => Goes::On,
            Ok(()) | Err(TrySendError::Disconnected(_)) => Goes::Over,
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // A file that is not closed now is closed when the process ends.
        let _ = self.lines.try_send(Line::End { number: self.number });
    }
}

fn next_number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// What the writer's thread holds.
struct Writer {
    settings: RecordingSettings,
    files: BTreeMap<u64, BufWriter<File>>,
}

impl Writer {
    /// Writes until every recorder and the process's own handle are gone.
    fn run(mut self, inbox: &Receiver<Line>) {
        while let Ok(line) = inbox.recv() {
            self.take(line);
            while let Ok(line) = inbox.try_recv() {
                self.take(line);
            }
            self.files.retain(|_, file| flushed(file));
        }
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Begin { guild, number, line } => match self.begin(guild, number) {
                Ok(file) => {
                    self.files.insert(number, file);
                    self.write(number, &line);
                }
                Err(error) => {
                    tracing::warn!(guild_id = %guild, dir = %self.settings.dir.display(), %error, "a recording cannot be begun");
                }
            },
            Line::More { number, line } => self.write(number, &line),
            Line::End { number } => {
                if let Some(mut file) = self.files.remove(&number) {
                    flushed(&mut file);
                }
            }
        }
    }

    fn write(&mut self, number: u64, line: &str) {
        let Some(file) = self.files.get_mut(&number) else { return };
        if let Err(error) = file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n")) {
            tracing::warn!(%error, "a recording cannot be written and ends");
            self.files.remove(&number);
        }
    }

    fn begin(&self, guild: GuildId, number: u64) -> io::Result<BufWriter<File>> {
        make_room(&self.settings.dir, guild, self.settings.max_files)?;
        let name = format!("{guild}-{:014}-{number}.jsonl", unix_ms());
        Ok(BufWriter::new(File::options().write(true).create_new(true).open(self.settings.dir.join(name))?))
    }
}

fn flushed(file: &mut BufWriter<File>) -> bool {
    match file.flush() {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "a recording cannot be written and ends");
            false
        }
    }
}

/// Removes the oldest files of a guild until one more is within the bound.
fn make_room(dir: &Path, guild: GuildId, max_files: usize) -> io::Result<()> {
    let prefix = format!("{guild}-");
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(".jsonl")) {
            names.push(name);
        }
    }
    // The time in the name sorts them.
    names.sort_unstable();
    let surplus = (names.len() + 1).saturating_sub(max_files.max(1));
    for name in names.into_iter().take(surplus) {
        fs::remove_file(dir.join(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_guild::Recording as Read;
    use std::time::{Duration, Instant};

    const GUILD: GuildId = GuildId::new(7);

    fn settings(dir: &Path, max_bytes: u64) -> RecordingSettings {
        RecordingSettings { dir: dir.join("recordings"), max_bytes, max_files: 2 }
    }

    fn files(settings: &RecordingSettings) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(&settings.dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// What the newest file holds, once it holds as much as is waited for.
    fn read(settings: &RecordingSettings, wanted: impl Fn(&Read) -> bool) -> Read {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let read = files(settings).last().and_then(|file| Read::parse(&fs::read_to_string(file).unwrap()).ok());
            match read.filter(&wanted) {
                Some(read) => return read,
                None => assert!(Instant::now() < limit, "the file does not hold what was recorded"),
            }
            thread::yield_now();
        }
    }

    #[test]
    fn what_a_guild_is_told_can_be_read_again_and_old_files_give_way() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path(), 1_000_000);
        let recordings = Recordings::start(settings.clone()).unwrap();
        for seed in 1..=3 {
            let mut recorder = Recorder::begin(Some(&recordings), GUILD, &GuildPolicy::default(), seed);
            recorder.step(Observed::default(), Some(&GuildInput::Turn), false);
            recorder.step(Observed::default(), None, false);
            let read = read(&settings, |read| read.header.seed == seed && read.steps.len() == 2);
            assert_eq!(read.header.guild, GUILD);
            assert_eq!(read.steps[0].input, Some(GuildInput::Turn));
        }
        assert_eq!(files(&settings).len(), 2);
    }

    #[test]
    fn a_file_that_is_full_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path(), 8192);
        let recordings = Recordings::start(settings.clone()).unwrap();
        let mut recorder = Recorder::begin(Some(&recordings), GUILD, &GuildPolicy::default(), 5);
        for _ in 0..1000 {
            recorder.step(Observed::default(), Some(&GuildInput::Turn), false);
        }
        let read = read(&settings, |read| read.end.is_some());
        assert!(read.end.unwrap().contains("as many bytes"));
        assert!(fs::metadata(&files(&settings)[0]).unwrap().len() <= 8192 + 200);
    }
}
