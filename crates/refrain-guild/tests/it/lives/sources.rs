//! Sources: each opened one is closed once, nothing is attached that is not open, and retries are bounded.

use crate::world::World;
use refrain_guild::{Command, FailureClass, GuildOutput, SourceEvent, SourceFailure, SourceId};
use refrain_model::{Moment, TrackId};
use std::{collections::BTreeMap, time::Duration};

/// What backoff allows for one track within a minute, with the jitter: 0.7 + 1.4 + 2.8 + 5.6 + 11.2 + 22.4 s make six, and
/// an opening at once before them.
const OPENINGS_A_MINUTE: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Opening,
    Open,
    Failed,
    Closed,
}

#[derive(Debug, Default)]
pub(crate) struct Sources {
    all: BTreeMap<SourceId, (TrackId, Is)>,
    attached: Option<SourceId>,
    /// When the sources of a track were opened, since a member last did something about it.
    openings: BTreeMap<TrackId, Vec<Moment>>,
    /// Until when the site wants to be left alone.
    not_before: BTreeMap<TrackId, Moment>,
}

impl Sources {
    /// Members may have anything opened, at any time.
    pub(super) fn member_wants(&mut self, command: &Command) {
        let opens = matches!(
            command,
            Command::Play(_)
                | Command::PlayAll { .. }
                | Command::Skip { .. }
                | Command::SkipTo { .. }
                | Command::Previous
                | Command::Replay
                | Command::Seek(_)
                | Command::Resume { .. }
                | Command::Recover { .. }
                | Command::Undo
                | Command::Volume { .. }
                | Command::Configure(_)
        );
        if opens {
            self.music_is_found();
        }
    }

    /// What a member asked for is there.
    pub(super) fn music_is_found(&mut self) {
        self.openings.clear();
        self.not_before.clear();
    }

    pub(super) fn reported(&mut self, world: &World, id: SourceId, event: &SourceEvent) {
        let Some((track, is)) = self.all.get_mut(&id) else { return };
        if matches!(is, Is::Closed | Is::Failed) {
            return;
        }
        match event {
            SourceEvent::Opened { .. } => *is = Is::Open,
            SourceEvent::OpenFailed(failure) => {
                *is = Is::Failed;
                let track = *track;
                self.asks_for_rest(world.now, track, failure);
            }
            SourceEvent::Broke { failure, .. } => {
                let track = *track;
                self.asks_for_rest(world.now, track, failure);
            }
            SourceEvent::Starved
            | SourceEvent::Flowing
            | SourceEvent::Rewound { .. }
            | SourceEvent::NotKept { .. }
            | SourceEvent::Ended { .. } => {}
        }
    }

    fn asks_for_rest(&mut self, now: Moment, track: TrackId, failure: &SourceFailure) {
        if let (FailureClass::Site | FailureClass::Machine, Some(rest)) = (failure.class, failure.retry_after) {
            self.not_before.insert(track, now + rest.min(Duration::from_secs(900)));
        }
    }

    pub(super) fn said(&mut self, world: &World, output: &GuildOutput) {
        if let GuildOutput::OpenSource(open) = output {
            assert!(self.all.keys().all(|id| *id < open.id), "a source's number is used once: {:?}", open.id);
            let opening = self.all.values().filter(|(_, is)| *is == Is::Opening).count();
            assert_eq!(opening, 0, "one opening at a time: {open:?}");
            let track = open.track.id;
            self.all.insert(open.id, (track, Is::Opening));
            assert!(self.held() <= 2, "more than two sources: {:?}", self.all);
            self.check_pace(world.now, track);
        } else if let GuildOutput::CloseSource { id } = output {
            let is = self.all.get_mut(id).map(|(_, is)| is);
            assert!(
                matches!(is, Some(Is::Opening | Is::Open)),
                "{id:?} is closed although it is {is:?}: each source that is open is closed once"
            );
            if let Some(is) = is {
                *is = Is::Closed;
            }
        } else if let GuildOutput::Attach { id, .. } = output {
            self.attached = *id;
            if let Some(id) = id {
                let is = self.all.get(id).map(|(_, is)| *is);
                assert_eq!(is, Some(Is::Open), "{id:?} is attached and not open");
            }
        }
    }

    fn check_pace(&mut self, now: Moment, track: TrackId) {
        if let Some(not_before) = self.not_before.get(&track) {
            assert!(now >= *not_before, "the site asked to be left alone until {not_before:?}, and it is {now:?}");
        }
        let openings = self.openings.entry(track).or_default();
        openings.retain(|at| now.since(*at) < Duration::from_secs(60));
        openings.push(now);
        let count = openings.len();
        assert!(count <= OPENINGS_A_MINUTE, "{track:?} was opened {count} times within a minute");
    }

    fn held(&self) -> usize {
        self.all.values().filter(|(_, is)| matches!(is, Is::Opening | Is::Open)).count()
    }

    pub(super) fn check(&mut self) {
        if let Some(id) = self.attached {
            let is = self.all.get(&id).map(|(_, is)| *is);
            assert_eq!(is, Some(Is::Open), "{id:?} is attached, and not open any more");
        }
        if self.all.len() > 64 {
            let newest = self.all.keys().next_back().copied();
            self.all.retain(|id, (_, is)| matches!(is, Is::Opening | Is::Open) || Some(*id) == newest);
        }
    }

    /// When all is quiet there is the source of what plays, and no other.
    pub(super) fn check_quiet(&self, world: &World) {
        let current = world.guild().queue().current().map(|track| track.id);
        let held: Vec<_> = self.all.values().filter(|(_, is)| matches!(is, Is::Opening | Is::Open)).collect();
        assert!(held.len() <= 1 && held.iter().all(|(track, _)| Some(*track) == current), "sources are left: {held:?}");
    }
}
