//! The store: what is on the disk when the process dies.

use refrain_guild::SourceId;
use refrain_model::{GuildRecord, Moment, Playhead, TrackId};
use std::time::Duration;

/// How often the shell looks how far a watched source has flowed.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What was looked at so long ago is on the disk.
const ON_THE_DISK: Duration = Duration::from_millis(800);

#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Not on the disk yet: when they are, or whether the disk does not take them.
    pending: Vec<(Moment, bool, Written)>,
    record: Option<Box<GuildRecord>>,
    /// The newest playhead, where it is newer than the record.
    playhead: Option<Playhead>,
    pub(crate) fails: bool,
    /// So many reads fail.
    pub(crate) load_fails: u32,
    watch: Option<Watch>,
    /// A save was lost, and none was taken since.
    pub(crate) behind: bool,
}

#[derive(Clone, Debug)]
enum Written {
    Record(Box<GuildRecord>),
    Playhead(Playhead),
}

#[derive(Clone, Debug)]
struct Watch {
    track: TrackId,
    source: SourceId,
    since: Moment,
    trusted_until: Moment,
    heard: Duration,
    /// Where the source stood when.
    trail: Vec<(Moment, Duration)>,
}

impl Watch {
    /// What the shell reads at `at`.
    fn look(&self, at: Moment) -> Option<Duration> {
        if at < self.since {
            return None;
        }
        if at > self.trusted_until {
            return Some(self.heard);
        }
        // Since the last entry nothing has flowed.
        let Some(after) = self.trail.iter().position(|(t, _)| *t >= at) else {
            return self.trail.last().map(|(_, p)| *p);
        };
        let (t1, p1) = self.trail[after];
        let Some((t0, p0)) = after.checked_sub(1).map(|before| self.trail[before]) else { return Some(p1) };
        if p1 <= p0 || t1 <= t0 {
            return Some(p1);
        }
        let into = at.since(t0).min(p1.saturating_sub(p0));
        Some(p0 + into)
    }
}

impl Disk {
    /// Takes a save. When its answers may go out.
    pub(crate) fn save(&mut self, now: Moment, delay: Duration, record: Box<GuildRecord>) -> Moment {
        // One store commits in order.
        let at = self.pending.iter().map(|(at, ..)| *at).fold(now + delay, Moment::max);
        self.pending.push((at, !self.fails, Written::Record(record)));
        at
    }

    pub(crate) fn save_playhead(&mut self, now: Moment, delay: Duration, playhead: Playhead) {
        let at = self.pending.iter().map(|(at, ..)| *at).fold(now + delay, Moment::max);
        self.pending.push((at, !self.fails, Written::Playhead(playhead)));
    }

    /// Whether what is watched already is this source's track.
    pub(crate) fn watches(&self, track: TrackId, source: SourceId) -> bool {
        self.watch.as_ref().is_some_and(|watch| (watch.track, watch.source) == (track, source))
    }

    /// Another word about the source that is watched.
    pub(crate) fn watch_on(&mut self, until: Moment, heard_until: Duration) {
        if let Some(watch) = &mut self.watch {
            (watch.trusted_until, watch.heard) = (until, heard_until);
        }
    }

    pub(crate) fn watch(
        &mut self,
        now: Moment,
        (track, source): (TrackId, SourceId),
        (trusted_until, heard): (Moment, Duration),
        at: Duration,
    ) {
        let trail = vec![(now, at)];
        self.watch = Some(Watch { track, source, since: now, trusted_until, heard, trail });
    }

    /// The source that is watched stands at `at`.
    pub(crate) fn flowed(&mut self, now: Moment, at: Duration) {
        if let Some(watch) = &mut self.watch {
            if watch.trail.len() > 400 {
                watch.trail.drain(..200);
            }
            watch.trail.push((now, at));
        }
    }

    /// The watch ends, and what was read last is written.
    pub(crate) fn unwatch(&mut self, now: Moment, since_look: Duration, unix_ms: u64, delay: Duration) {
        let Some(watch) = self.watch.take() else { return };
        let before = |length| Moment::from_epoch(now.since_epoch().saturating_sub(length));
        if let Some(position) = watch.look(before(ON_THE_DISK)) {
            self.playhead = Some(Playhead { track: watch.track, position, at_unix_ms: unix_ms });
        }
        if let Some(position) = watch.look(before(since_look.min(LOOK_EVERY))) {
            self.save_playhead(now, delay, Playhead { track: watch.track, position, at_unix_ms: unix_ms });
        }
    }

    pub(crate) fn settle(&mut self, now: Moment) {
        while self.pending.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, taken, written) = self.pending.remove(0);
            match written {
                Written::Record(_) if !taken => self.behind = true,
                Written::Record(record) => {
                    self.playhead = None;
                    self.record = Some(record);
                    self.behind = false;
                }
                Written::Playhead(playhead) if taken => self.playhead = Some(playhead),
                Written::Playhead(_) => {}
            }
        }
    }

    /// The process dies: what is not on the disk is lost. `lag`: since the last look whose result is on the disk.
    pub(crate) fn process_died(&mut self, now: Moment, lag: Duration, unix_ms: u64) {
        self.settle(now);
        let at = Moment::from_epoch(now.since_epoch().saturating_sub(lag));
        let looked = self.watch.take().filter(|_| !self.fails);
        if let Some((track, position)) = looked.and_then(|w| Some((w.track, w.look(at)?))) {
            self.playhead = Some(Playhead { track, position, at_unix_ms: unix_ms });
        }
        self.pending.clear();
    }

    /// The process ends in good order: all is written.
    pub(crate) fn process_ended(&mut self) {
        self.watch = None;
        self.settle(Moment::FAR_FUTURE);
    }

    pub(crate) fn load(&mut self) -> Result<Option<Box<GuildRecord>>, String> {
        if self.load_fails > 0 {
            self.load_fails -= 1;
            return Err("the disk does not answer".into());
        }
        Ok(self.stored())
    }

    /// What a new process would read.
    pub(crate) fn stored(&self) -> Option<Box<GuildRecord>> {
        let mut record = self.record.clone()?;
        if let Some(playhead) = self.playhead {
            record.playhead = Some(playhead);
        }
        Some(record)
    }

    pub(crate) fn put(&mut self, record: GuildRecord) {
        self.record = Some(Box::new(record));
    }
}
