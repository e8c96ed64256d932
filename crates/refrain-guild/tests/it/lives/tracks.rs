//! Tracks: what was accepted is played, removed by a member, or reported in words; never lost.

use super::{answers::Answers, witness::line};
use crate::world::{Event, World};
use refrain_guild::{
    AnnouncementKind, AnnouncementStep, Answer, CommandError, FailureClass, GuildInput, GuildOutput, Observation,
    SourceEvent, SourceId,
};
use refrain_model::{Moment, Track, TrackId};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Members are told of a track that was passed over within this time.
const REPORTED_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(crate) struct Tracks {
    before: Vec<Arc<Track>>,
    attached: Option<SourceId>,
    /// Passed over in this step, for a reason that is about the track.
    failed: Vec<TrackId>,
    /// Taken away by a member in this step, by page.
    taken: Vec<String>,
    /// A member took so many away, of all that was upcoming, or of all.
    cleared: bool,
    join_failed: bool,
    source_answered: bool,
    /// Passed over and not reported yet: since when.
    unreported: BTreeMap<TrackId, Moment>,
    outage: bool,
    /// The text channel is gone, and no member has asked for music since.
    nowhere_to_tell: bool,
    /// Where a track ended early: there it may end a second time.
    early: BTreeMap<TrackId, Duration>,
}

/// What was so before the step's outputs.
pub(super) struct Context {
    plays_now: bool,
}

impl Tracks {
    pub(super) fn before(&mut self, world: &World) {
        self.before = line(world);
        self.attached = world.audio.attached;
        self.failed.clear();
        self.taken.clear();
        (self.cleared, self.join_failed, self.source_answered) = (false, false, false);
    }

    pub(super) fn context(&self, answers: &Answers) -> Context {
        Context { plays_now: answers.plays_now() }
    }

    pub(super) fn said(&mut self, world: &World, output: &GuildOutput) {
        if let GuildOutput::Answer { answer: Ok(answer), .. } = output {
            self.answered(answer);
        } else if let GuildOutput::Answer { answer: Err(error), .. } = output {
            self.join_failed |= matches!(error, CommandError::JoinFailed(_));
            self.source_answered |= matches!(error, CommandError::Source(_));
        } else if let GuildOutput::Observe(observation) = output {
            self.observed(world, observation);
        } else if let GuildOutput::Announce(announcement) = output
            && let AnnouncementStep::Say(kind) | AnnouncementStep::Settle(kind) = &announcement.step
            && matches!(kind, AnnouncementKind::TracksFailed { .. } | AnnouncementKind::Halted { .. })
        {
            self.unreported.clear();
        }
    }

    fn answered(&mut self, answer: &Answer) {
        if let Answer::Skipped(skipped) = answer {
            self.taken.extend(skipped.skipped.iter().map(|t| t.info.page_url.clone()));
        } else if let Answer::Removed(tracks) = answer {
            self.taken.extend(tracks.iter().map(|t| t.info.page_url.clone()));
        }
        if matches!(answer, Answer::Played(_) | Answer::PlayedAll(_)) {
            self.nowhere_to_tell = false;
        }
        self.cleared |= matches!(answer, Answer::Cleared(_) | Answer::Stopped(_) | Answer::Disconnected(_));
    }

    fn observed(&mut self, world: &World, observation: &Observation) {
        if let Observation::TrackFailed { track, failure, .. } = observation {
            assert!(
                !matches!(failure.class, FailureClass::Site | FailureClass::Machine),
                "only a verdict about the track passes it over: {failure:?}"
            );
            self.failed.push(*track);
            self.unreported.insert(*track, world.now);
        } else if matches!(observation, Observation::OutageBegan) {
            self.outage = true;
        } else if matches!(observation, Observation::OutageOver { .. }) {
            self.outage = false;
        } else if let Observation::TrackDeferred { .. } = observation {
            assert!(!self.outage, "nothing is deferred in an outage");
        }
    }

    pub(super) fn after(&mut self, world: &World, event: &Event, context: &Context) {
        if self.source_answered {
            self.unreported.retain(|id, _| !self.failed.contains(id));
        }
        if let Event::Input(GuildInput::PanelFailed(_)) = event {
            self.nowhere_to_tell = true;
        }
        if self.nowhere_to_tell {
            self.unreported.clear();
        }
        if let Some((id, since)) = self.unreported.first_key_value() {
            assert!(world.now.since(*since) <= REPORTED_WITHIN, "members are not told that {id:?} was passed over");
        }
        let second = self.note_early(event);
        let queue = world.guild().queue();
        let same = queue.len() + usize::from(queue.current().is_some()) == self.before.len()
            && queue.current().into_iter().chain(queue.upcoming()).zip(&self.before).all(|(a, b)| a.id == b.id);
        if same {
            return;
        }
        let mut now: Vec<Arc<Track>> = line(world);
        let before = std::mem::take(&mut self.before);
        for (place, track) in before.iter().enumerate() {
            let same = now.iter().position(|t| t.info.page_url == track.info.page_url);
            if let Some(same) = same {
                now.swap_remove(same);
            } else {
                assert!(
                    self.may_go(track, place == 0, event, context) || place == 0 && second,
                    "a track is lost: {} ({:?}) after {event:?}",
                    track.info.title,
                    track.id
                );
            }
        }
    }

    fn may_go(&mut self, track: &Track, current: bool, event: &Event, context: &Context) -> bool {
        if let Some(place) = self.taken.iter().position(|page| *page == track.info.page_url) {
            self.taken.swap_remove(place);
            return true;
        }
        let ended = matches!(
            event,
            Event::Input(GuildInput::Source { id, event: SourceEvent::Ended { at, live } })
                if Some(*id) == self.attached && is_over(track, *at, *live)
        );
        self.cleared || self.failed.contains(&track.id) || current && (ended || context.plays_now || self.join_failed)
    }

    /// Whether the current track has ended a second time where it ended too early before.
    fn note_early(&mut self, event: &Event) -> bool {
        let Event::Input(GuildInput::Source { id, event: SourceEvent::Ended { at, live: false } }) = event else {
            return false;
        };
        let Some(current) = self.before.first().filter(|_| Some(*id) == self.attached) else { return false };
        let before = self.early.insert(current.id, *at);
        before.is_some_and(|before| *at <= before + Duration::from_secs(1))
    }

    pub(super) fn process_ends(&mut self) {
        self.unreported.clear();
        self.outage = false;
    }
}

/// Whether an end there is the end of the track.
fn is_over(track: &Track, at: Duration, live: bool) -> bool {
    if live || track.info.live {
        return false;
    }
    let Some(length) = track.info.duration else { return true };
    let margin = Duration::from_secs(10).max(length * 3 / 100);
    at + margin >= length
}
