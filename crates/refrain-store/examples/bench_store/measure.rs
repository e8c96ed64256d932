//! What is measured, and how it is shown.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant},
};

/// A simulated minute of one of the two.
pub(crate) struct Section {
    commits: Vec<Duration>,
    written: u64,
}

impl Section {
    pub(crate) fn begin() -> Result<Self> {
        Ok(Self { commits: Vec::new(), written: written()? })
    }

    pub(crate) fn commit(&mut self, commit: impl FnOnce()) {
        let begin = Instant::now();
        commit();
        self.commits.push(begin.elapsed());
    }

    pub(crate) fn end(mut self) -> Result<Self> {
        self.written = written()? - self.written;
        Ok(self)
    }
}

/// What this process has given the kernel to write so far, in bytes.
fn written() -> Result<u64> {
    let io = fs::read_to_string("/proc/self/io").context("reading /proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).context("no wchar in /proc/self/io")?;
    Ok(line.parse()?)
}

/// All that is known of one of the two.
#[derive(Default)]
pub(crate) struct Figures {
    commits: Vec<Duration>,
    per_second: Vec<f64>,
    bytes_per_minute: Vec<f64>,
    /// At the end of each simulated minute.
    sizes: Vec<u64>,
    pub(crate) reopened: Duration,
    pub(crate) reopened_after_a_kill: Duration,
}

impl Figures {
    pub(crate) fn push(&mut self, section: Section, size: u64) {
        let took: Duration = section.commits.iter().sum();
        self.per_second.push(float(section.commits.len() as u64) / took.as_secs_f64());
        self.bytes_per_minute.push(float(section.written));
        self.commits.extend(section.commits);
        self.sizes.push(size);
    }

    fn latency(&self, share: f64) -> f64 {
        let mut all: Vec<f64> = self.commits.iter().map(|commit| commit.as_secs_f64() * 1000.0).collect();
        quantile(&mut all, share)
    }

    /// Name, value, and how many digits after the point.
    fn rows(&self) -> Vec<(&'static str, f64, usize)> {
        let size = |minute: Option<&u64>| float(minute.copied().unwrap_or_default()) / 1e6;
        vec![
            ("commits a second (median of the minutes)", quantile(&mut self.per_second.clone(), 0.5), 0),
            ("commit, median, ms", self.latency(0.5), 2),
            ("commit, 99 in 100 within, ms", self.latency(0.99), 2),
            ("written in a simulated minute (median), MB", quantile(&mut self.bytes_per_minute.clone(), 0.5) / 1e6, 1),
            ("file after the first minute, MB", size(self.sizes.first()), 1),
            ("file half way, MB", size(self.sizes.get(self.sizes.len() / 2)), 1),
            ("file at the end, MB", size(self.sizes.last()), 1),
            ("opening and reading all guilds, ms", self.reopened.as_secs_f64() * 1000.0, 0),
            ("the same after a kill, ms", self.reopened_after_a_kill.as_secs_f64() * 1000.0, 0),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.rows().into_iter().map(|(name, value, _)| (name.to_owned(), json!(value)));
        let mut all: serde_json::Map<String, Value> = rows.collect();
        all.insert("commits".to_owned(), json!(self.commits.len()));
        all.insert("file_bytes_by_minute".to_owned(), json!(self.sizes));
        Value::Object(all)
    }
}

pub(crate) fn table(ours: &Figures, theirs: &Figures) -> String {
    let mut text = format!("{:<46}{:>10}{:>10}{:>8}\n", "", "redb", "SQLite", "ratio");
    for ((name, ours, digits), (_, theirs, _)) in ours.rows().into_iter().zip(theirs.rows()) {
        text.push_str(&format!("{name:<46}{ours:>10.digits$}{theirs:>10.digits$}{:>8.2}\n", ours / theirs));
    }
    text
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (float(values.len() as u64) * share) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

const fn float(number: u64) -> f64 {
    number as f64
}
