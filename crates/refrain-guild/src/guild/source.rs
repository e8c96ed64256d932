//! What happens to sources: opened, replaced, starved, gone back in. How they end is in [`super::source_end`].

use super::Guild;
use crate::{
    CommandError, GuildOutput, Observation, SourceEvent, SourceId,
    source::{Open, Playback, Purpose, Rewinding, Slot},
};
use core::time::Duration;
use refrain_model::{FailureClass, SourceFacts, SourceFailure};

/// A new source whose opening took longer than this begins too far behind the one that plays on.
const MOST_BEHIND: Duration = Duration::from_secs(20);

/// The old source has played on for so long that the new one begins far behind it.
const BEHIND: SourceFailure =
    SourceFailure::new(FailureClass::Site, "behind", "The site took too long to send this track again.");
const LOST: SourceFailure =
    SourceFailure::new(FailureClass::Machine, "no-answer", "I could not open this track in time.");

impl Guild {
    pub(super) fn source_event(&mut self, id: SourceId, event: SourceEvent) {
        let attached = self.playback.as_ref().and_then(Playback::attached).map(|open| open.id) == Some(id);
        let opening = self.playback.as_ref().and_then(Playback::opening) == Some(id);
        match event {
            SourceEvent::Opened { from, facts } if opening => self.opened(id, from, facts),
            SourceEvent::OpenFailed(failure) if opening => self.open_failed(failure),
            SourceEvent::Starved if attached => self.starved(),
            SourceEvent::Flowing if attached => self.flows_again(),
            SourceEvent::Rewound { to } if attached => self.rewound(to),
            SourceEvent::NotKept { to } if attached => self.not_kept(to),
            SourceEvent::Ended { at, live } if attached => self.ended(at, live),
            SourceEvent::Broke { at, live, failure } if attached => {
                self.found_to_be(live);
                self.broke(at, failure);
            }
            // About a source that was closed meanwhile.
            SourceEvent::Opened { .. }
            | SourceEvent::OpenFailed(_)
            | SourceEvent::Starved
            | SourceEvent::Flowing
            | SourceEvent::Rewound { .. }
            | SourceEvent::NotKept { .. }
            | SourceEvent::Ended { .. }
            | SourceEvent::Broke { .. } => {}
        }
    }

    fn opened(&mut self, id: SourceId, from: Duration, facts: SourceFacts) {
        self.found_to_be(facts.live);
        let Some(mut playback) = self.playback.take() else { return };
        let opened_at = self.now();
        let volume = match &playback.slot {
            Slot::Opening { volume, .. } | Slot::Replacing { volume, .. } => *volume,
            Slot::Ready(open) => open.volume,
            Slot::BackingOff { .. } => self.volume(),
        };
        let fresh_source = Open {
            id,
            facts,
            volume,
            opened_at,
            flowed: from,
            starved: false,
            starved_since: None,
            rewinding: None,
            held_since: None,
            volume_retry: None,
            volume_failures: 0,
        };
        match playback.slot {
            Slot::Opening { from: wanted, fresh, .. } => {
                playback.slot = Slot::Ready(fresh_source);
                // What has no length may be a station, which is at its present.
                let bounded = playback.length().is_some() && !playback.is_live();
                playback.starts_over = bounded && from < wanted.saturating_sub(Duration::from_secs(2));
                self.say(GuildOutput::Attach { id: Some(id), at: None });
                self.playback = Some(playback);
                if fresh || from != wanted {
                    self.track_starts(from);
                }
                self.opened_well();
            }
            Slot::Replacing { old, purpose, .. } => {
                let live = old.facts.live || playback.track.info.live || playback.found_live;
                let behind = old.flowed.saturating_sub(from);
                if purpose == Purpose::Volume && !live && behind > MOST_BEHIND {
                    playback.slot = Slot::Ready(self.volume_failed(old, &BEHIND));
                    self.playback = Some(playback);
                    return self.close(id);
                }
                let at = (purpose == Purpose::Volume && !live).then_some(old.flowed);
                self.say(GuildOutput::Attach { id: Some(id), at });
                self.close(old.id);
                playback.slot =
                    Slot::Ready(Open { flowed: at.unwrap_or(from), held_since: old.held_since, ..fresh_source });
                self.playback = Some(playback);
                self.replaced(from, purpose);
            }
            slot @ (Slot::Ready(_) | Slot::BackingOff { .. }) => {
                playback.slot = slot;
                self.playback = Some(playback);
            }
        }
    }

    fn replaced(&mut self, from: Duration, purpose: Purpose) {
        match purpose {
            Purpose::Volume => {}
            Purpose::Seek { commands } => {
                self.track_starts(from);
                for command in commands {
                    self.answer_now_playing(command);
                }
                self.save_put_playhead();
            }
        }
    }

    /// A source of the current track is open after it was asked for in silence.
    fn opened_well(&mut self) {
        self.has_played = true;
        self.failed_in_a_row = 0;
        self.end_outage();
        let Some(playback) = &mut self.playback else { return };
        playback.began = true;
        let (track, title) = (playback.track.id, playback.track.info.title.clone());
        let back = playback.trouble.take();
        let starts_over = core::mem::take(&mut playback.starts_over);
        if let Some(back) = back {
            let gap = self.now().since(back.since);
            self.source_is_back = true;
            self.note(Observation::SourceBack { track, gap });
        }
        self.started_over = starts_over.then_some(title);
        self.watch_refill();
    }

    /// A source opened, or nothing is left to play.
    pub(super) fn end_outage(&mut self) {
        if let Some(since) = self.outages.end() {
            let lasted = self.now().since(since);
            self.note(Observation::OutageOver { lasted });
        }
    }

    fn open_failed(&mut self, failure: SourceFailure) {
        let Some(playback) = &mut self.playback else { return };
        let now = self.observed.at;
        match &mut playback.slot {
            Slot::Opening { from, fresh, .. } => {
                let (from, fresh) = (*from, *fresh);
                playback.slot = Slot::BackingOff { until: now, from, fresh };
                self.source_failed(failure, false);
            }
            Slot::Replacing { .. } => self.replacement_failed(failure),
            Slot::Ready(_) | Slot::BackingOff { .. } => {}
        }
    }

    /// The source that plays goes on; a seek is refused, a volume is tried again later.
    fn replacement_failed(&mut self, failure: SourceFailure) {
        let Some(mut playback) = self.playback.take() else { return };
        playback.note_rest(self.now(), &failure, self.policy.sources.retry_after_max);
        if let Slot::Replacing { old, purpose, .. } = playback.slot {
            let old = match purpose {
                Purpose::Volume => self.volume_failed(old, &failure),
                Purpose::Seek { commands } => {
                    for command in commands {
                        self.answer(command, Err(CommandError::Source(failure.clone())));
                    }
                    old
                }
            };
            playback.slot = Slot::Ready(old);
        }
        self.playback = Some(playback);
    }

    fn starved(&mut self) {
        let now = self.observed.at;
        if let Some(open) = self.playback.as_mut().and_then(Playback::attached_mut) {
            open.starved = true;
            open.starved_since.get_or_insert(now);
        }
    }

    fn flows_again(&mut self) {
        if let Some(open) = self.playback.as_mut().and_then(Playback::attached_mut) {
            (open.starved, open.starved_since) = (false, None);
        }
    }

    fn rewound(&mut self, to: Duration) {
        let Some(open) = self.playback.as_mut().and_then(Playback::attached_mut) else { return };
        let Some(Rewinding { commands, .. }) = open.rewinding.take_if(|rewinding| rewinding.to == to) else { return };
        open.flowed = to;
        // There are frames at that place. Where they run out again, that is reported again.
        (open.starved, open.starved_since) = (false, None);
        if !commands.is_empty() {
            self.track_starts(to);
            self.save_put_playhead();
        }
        for command in commands {
            self.answer_now_playing(command);
        }
        // A replacement that is being opened further on would skip what lies between.
        let slot = self.playback.as_ref().map(|playback| &playback.slot);
        if matches!(slot, Some(Slot::Replacing { from, purpose: Purpose::Volume, .. }) if *from > to) {
            self.replace(to, Purpose::Volume);
        }
    }

    /// The frames at that place are gone: another source brings them. After a loss nothing plays until it is open.
    fn not_kept(&mut self, to: Duration) {
        let Some(open) = self.playback.as_mut().and_then(Playback::attached_mut) else { return };
        let Some(Rewinding { commands, .. }) = open.rewinding.take_if(|rewinding| rewinding.to == to) else { return };
        if commands.is_empty() {
            self.reopen(to, false);
        } else {
            self.replace(to, Purpose::Seek { commands });
        }
    }

    /// An opening was not answered by the shell.
    pub(super) fn opening_is_lost(&mut self) {
        let Some(id) = self.playback.as_ref().and_then(Playback::opening) else { return };
        self.close(id);
        self.open_failed(LOST);
    }
}
