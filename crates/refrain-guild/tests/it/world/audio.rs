//! The driver's end of the sources: what is open, what is attached, and how far it flows.

use rand_chacha::ChaCha8Rng;
use refrain_guild::{SourceEvent, SourceFacts, SourceFailure, SourceId, SourceReading};
use refrain_model::{Moment, Track, TrackId};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// So much of what has flowed a source keeps.
const KEPT: Duration = Duration::from_secs(60);

/// So much lies ahead of what has flowed.
const AHEAD: Duration = Duration::from_secs(30);

/// What becomes of a source when it comes to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It ends in good order. `live`: it turned out to come in real time.
    Ends { live: bool },
    /// It breaks off.
    Breaks(SourceFailure),
    /// It brings no frames, for so long or for ever; then it goes on to its end.
    Stalls(Option<Duration>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Opening,
    Open,
    Stalled,
    Over,
}

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) track: Arc<Track>,
    pub(crate) phase: Phase,
    pub(crate) facts: SourceFacts,
    /// It comes in real time, whether the page says so or not.
    live: bool,
    start: Duration,
    pub(crate) at: Duration,
    /// Where its fate is, and what it is.
    fate: (Duration, Fate),
    /// Where it ends in good order after a stall.
    end: Duration,
    stalled_until: Option<Moment>,
    /// The driver wanted frames and was told of none.
    starved: bool,
}

/// A stretch of sound that was given to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) source: SourceId,
    pub(crate) track: TrackId,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    pub(crate) live: bool,
}

impl Source {
    /// That sound comes in real time shows after some seconds.
    pub(crate) fn reading(&self, id: SourceId) -> SourceReading {
        let known = self.at.saturating_sub(self.start) >= Duration::from_secs(8);
        SourceReading { id, flowed: self.at, live: self.live && known }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Audio {
    pub(crate) sources: BTreeMap<SourceId, Source>,
    pub(crate) attached: Option<SourceId>,
    pub(crate) flowing: bool,
    now: Moment,
}

impl Audio {
    pub(crate) fn opening(&mut self, id: SourceId, track: Arc<Track>, from: Duration) {
        let fate = (Duration::MAX, Fate::Stalls(None));
        let facts = SourceFacts::default();
        let phase = Phase::Opening;
        let (start, end) = (from, Duration::MAX);
        let source = Source {
            track,
            phase,
            facts,
            live: false,
            start,
            at: from,
            fate,
            end,
            stalled_until: None,
            starved: false,
        };
        self.sources.insert(id, source);
    }

    /// The source is open. Whether it still is wanted.
    pub(crate) fn opened(
        &mut self,
        id: SourceId,
        from: Duration,
        facts: SourceFacts,
        fate: (Duration, Fate),
        (end, live): (Duration, bool),
    ) -> bool {
        let Some(source) = self.sources.get_mut(&id).filter(|s| s.phase == Phase::Opening) else { return false };
        (source.phase, source.start, source.at) = (Phase::Open, from, from);
        (source.facts, source.fate, source.end) = (facts, fate, end);
        source.live = live;
        true
    }

    /// Something happens to the attached source where it stands now.
    pub(crate) fn strike(&mut self, fate: Fate) {
        if let Some(source) = self.current_mut()
            && source.phase == Phase::Open
        {
            let fate = if let Fate::Ends { .. } = fate { Fate::Ends { live: source.live } } else { fate };
            source.fate = (source.at, fate);
        }
    }

    pub(crate) fn current(&self) -> Option<(SourceId, &Source)> {
        let id = self.attached?;
        Some((id, self.sources.get(&id)?))
    }

    fn current_mut(&mut self) -> Option<&mut Source> {
        self.sources.get_mut(&self.attached?)
    }

    pub(crate) fn rewind(&mut self, id: SourceId, to: Duration) -> SourceEvent {
        let Some(source) = self.sources.get_mut(&id) else { return SourceEvent::NotKept { to } };
        let first = source.start.max(source.at.saturating_sub(KEPT));
        // What lies ahead is decoded faster than it plays.
        let last = if source.phase == Phase::Open { (source.at + AHEAD).min(source.fate.0) } else { source.at };
        if source.phase == Phase::Opening || to < first || to > last {
            return SourceEvent::NotKept { to };
        }
        source.at = to;
        if source.phase != Phase::Open {
            (source.phase, source.stalled_until) = (Phase::Open, None);
        }
        SourceEvent::Rewound { to }
    }

    fn runs(&self) -> bool {
        self.flowing && self.current().is_some_and(|(_, s)| s.phase == Phase::Open && !s.starved)
    }

    /// Whether sound comes out.
    pub(crate) fn sounds(&self) -> bool {
        self.runs()
    }

    /// Lets the sound flow until `now`.
    pub(crate) fn advance(&mut self, now: Moment, frozen: bool) -> Option<Flow> {
        let passed = now.since(self.now);
        self.now = self.now.max(now);
        if frozen || !self.runs() || passed.is_zero() {
            return None;
        }
        let id = self.attached?;
        let source = self.sources.get_mut(&id)?;
        let from = source.at;
        source.at = (from + passed).min(source.fate.0.max(from));
        let (track, to) = (source.track.id, source.at);
        let live = source.live;
        (to > from).then_some(Flow { source: id, track, from, to, live })
    }

    /// When the attached source has something to report by itself.
    pub(crate) fn next(&self) -> Option<Moment> {
        if !self.flowing {
            return None;
        }
        let (_, source) = self.current()?;
        match source.phase {
            Phase::Open if source.starved => Some(self.now),
            Phase::Open => Some(self.now + source.fate.0.saturating_sub(source.at)),
            Phase::Stalled if !source.starved => Some(self.now),
            Phase::Stalled => source.stalled_until,
            Phase::Opening | Phase::Over => None,
        }
    }

    /// What the attached source reports now.
    pub(crate) fn report(&mut self, now: Moment) -> Option<(SourceId, SourceEvent)> {
        let id = self.attached.filter(|_| self.flowing)?;
        let source = self.sources.get_mut(&id)?;
        let event = match source.phase {
            // The driver takes a frame again.
            Phase::Open if source.starved => {
                source.starved = false;
                SourceEvent::Flowing
            }
            Phase::Open if source.at >= source.fate.0 => match source.fate.1.clone() {
                Fate::Ends { live } => {
                    source.phase = Phase::Over;
                    SourceEvent::Ended { at: source.at, live }
                }
                Fate::Breaks(failure) => {
                    source.phase = Phase::Over;
                    SourceEvent::Broke { at: source.at, live: source.live, failure }
                }
                Fate::Stalls(length) => {
                    (source.phase, source.starved) = (Phase::Stalled, true);
                    source.stalled_until = length.map(|length| now + length);
                    SourceEvent::Starved
                }
            },
            Phase::Stalled if !source.starved => {
                source.starved = true;
                SourceEvent::Starved
            }
            Phase::Stalled if source.stalled_until.is_some_and(|until| until <= now) => {
                let live = source.live;
                (source.phase, source.starved, source.stalled_until) = (Phase::Open, false, None);
                source.fate = (source.end, Fate::Ends { live });
                SourceEvent::Flowing
            }
            Phase::Opening | Phase::Open | Phase::Stalled | Phase::Over => return None,
        };
        Some((id, event))
    }

    pub(crate) fn attach(&mut self, id: Option<SourceId>, at: Option<Duration>) {
        self.attached = id;
        if let (Some(id), Some(at)) = (id, at) {
            self.rewind(id, at);
        }
    }

    pub(crate) fn set_flowing(&mut self, flowing: bool) {
        self.flowing = flowing;
    }
}

/// Where the fate of a source is drawn from: somewhere on the way to its end.
pub(crate) fn somewhere(rng: &mut ChaCha8Rng, from: Duration, end: Duration) -> Duration {
    use rand::Rng;
    let left = end.saturating_sub(from).min(Duration::from_secs(120));
    from + left.mul_f64(rng.random_range(0.0..1.0))
}
