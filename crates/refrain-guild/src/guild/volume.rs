//! The volume. It is part of how the sound is encoded: another one needs another source, and the old sound plays on until
//! that is open.

use super::Guild;
use crate::source::{self, Open, Purpose, Slot};
use refrain_model::{FailureClass, MAX_VOLUME, Moment, SourceFailure};

impl Guild {
    /// The volume that counts, in per cent.
    pub(super) fn volume(&self) -> u16 {
        self.volume.unwrap_or_else(|| self.settings().default_volume)
    }

    /// A member asks for a volume, or (`None`) which one it is.
    pub(super) fn change_volume(&mut self, percent: Option<u16>) -> u16 {
        if let Some(percent) = percent {
            self.volume = Some(percent.min(MAX_VOLUME));
            // What was given up is tried again when a member asks.
            if let Some(open) = self.playback.as_mut().and_then(source::Playback::attached_mut) {
                (open.volume_retry, open.volume_failures) = (None, 0);
            }
        }
        self.volume()
    }

    /// After every step: a source that has another volume than the guild wants is opened again.
    pub(super) fn keep_volume(&mut self) {
        let (wanted, now) = (self.volume(), self.now());
        if let Some(open) = self.playback.as_mut().and_then(source::Playback::attached_mut)
            && open.volume == wanted
        {
            (open.volume_retry, open.volume_failures) = (None, 0);
        }
        match self.playback.as_ref().map(|playback| &playback.slot) {
            Some(Slot::Ready(open)) if self.volume_due().is_some_and(|at| at <= now) => {
                let from = open.flowed;
                self.replace(from, Purpose::Volume);
            }
            Some(Slot::Replacing { old, volume, .. }) if *volume != wanted => {
                let from = old.flowed;
                self.replace(from, Purpose::Volume);
            }
            Some(Slot::Opening { from, fresh, volume, .. }) if *volume != wanted => {
                let (from, fresh) = (*from, *fresh);
                self.reopen(from, fresh);
            }
            Some(Slot::Ready(_) | Slot::Replacing { .. } | Slot::Opening { .. } | Slot::BackingOff { .. }) | None => {}
        }
    }

    /// When the source is opened again for another volume than it has; `None` when it has the right one, or when that is
    /// given up.
    pub(super) fn volume_due(&self) -> Option<Moment> {
        let playback = self.playback.as_ref()?;
        let Slot::Ready(open) = &playback.slot else { return None };
        // A seek that is under way goes first.
        let may = open.volume_failures < self.policy.sources.attempts && open.rewinding.is_none();
        let due = open.volume_retry.unwrap_or(open.opened_at).max(playback.rest_until);
        (may && open.volume != self.volume()).then_some(due)
    }

    /// A source with another volume could not be opened: `old` plays on, and the volume is tried again later, as often as a
    /// source that fails.
    pub(super) fn volume_failed(&mut self, mut old: Open, failure: &SourceFailure) -> Open {
        let random = self.random();
        old.volume_failures = match failure.class {
            FailureClass::Track => self.policy.sources.attempts,
            FailureClass::Site | FailureClass::Machine | FailureClass::Request => old.volume_failures.saturating_add(1),
        };
        let pause = source::pause(&self.policy.sources, old.volume_failures, failure, random);
        let again = old.volume_failures < self.policy.sources.attempts;
        old.volume_retry = again.then(|| self.now() + pause);
        old
    }
}
