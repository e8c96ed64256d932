//! What the system says of a process: processor time and memory.

use anyhow::{Context as _, Result};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Linux counts processor time for user space in hundredths of a second, on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// A reading of a process' processor time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    at: Instant,
    cpu: Duration,
}

impl Reading {
    /// Reads the time that the process has used so far, all its threads together.
    pub(crate) fn take(id: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).context("reading a process' times: has it ended?")?;
        let cpu = cpu_of(&stat).with_context(|| format!("understanding /proc/{id}/stat"))?;
        Ok(Self { at: Instant::now(), cpu })
    }

    /// Per cent of one core used since `before`.
    pub(crate) fn percent_since(&self, before: &Self) -> f64 {
        let used = self.cpu.saturating_sub(before.cpu).as_secs_f64();
        100.0 * used / self.at.saturating_duration_since(before.at).as_secs_f64().max(0.001)
    }
}

/// The fields 14 and 15 of `stat`; the name before them may hold spaces and parentheses.
fn cpu_of(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs_f64((user + system) / TICKS_PER_SECOND))
}

/// Resident memory in MiB.
pub(crate) fn resident_mib(id: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{id}/status")).context("reading a process' memory: has it ended?")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the system tells no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("understanding VmRSS")?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "77 (a (strange) name) S 1 77 77 0 -1 4194560 90 0 0 0 250 50 0 0 20 0 4 0 100 200 300";
        assert_eq!(cpu_of(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu_of("77 (short) S 1"), None);
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(resident_mib(std::process::id()).unwrap() > 0.1);
    }
}
