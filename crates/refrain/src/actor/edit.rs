//! Commands that change what comes, and how it sounds.

use super::{Actor, Seek};
use crate::{CommandError, NowPlaying, Skipped, Undone};
use refrain_model::{LoopMode, MAX_VOLUME};
use std::hash::{BuildHasher as _, RandomState};

impl Actor {
    pub(super) fn skip(&mut self, count: usize) -> Result<Skipped, CommandError> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let done = self.queue.skip(count.max(1));
        self.begin_anew();
        Ok(Skipped { skipped: done.skipped, current: done.current })
    }

    pub(super) fn skip_to(&mut self, position: usize) -> Result<Skipped, CommandError> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let done = self.queue.skip_to(position)?;
        self.begin_anew();
        Ok(Skipped { skipped: done.skipped, current: done.current })
    }

    pub(super) fn previous(&mut self) -> Result<NowPlaying, CommandError> {
        self.queue.previous()?;
        self.begin_anew();
        self.now_playing()
    }

    pub(super) fn replay(&mut self) -> Result<NowPlaying, CommandError> {
        self.queue.restart()?;
        self.begin_anew();
        self.now_playing()
    }

    /// Another track is current: it begins, paused or not as somebody who asks for it expects.
    fn begin_anew(&mut self) {
        self.paused = false;
        // A bot that is out of voice keeps its queue; it comes back when somebody resumes it.
        if self.recovery.intent().is_some() {
            self.play_current(Vec::new());
        } else {
            self.silence();
        }
    }

    pub(super) fn seek(&mut self, to: Seek) -> Result<NowPlaying, CommandError> {
        let now = self.now_playing()?;
        let info = &now.track.info;
        if info.live {
            return Err(CommandError::CannotSeek);
        }
        let position = match to {
            Seek::To(position) => position,
            Seek::Ahead(ahead) => now.position.saturating_add(ahead),
            Seek::Back(back) => now.position.saturating_sub(back),
        };
        if info.duration.is_some_and(|length| position >= length) {
            return Err(CommandError::BeyondTheEnd { length: info.duration.unwrap_or_default() });
        }
        self.go_to(position);
        self.now_playing()
    }

    pub(super) fn shuffle(&mut self, on: Option<bool>) -> bool {
        if on.unwrap_or(!self.queue.is_shuffled()) {
            // No two shuffles are alike; nothing else depends on it.
            self.queue.shuffle(RandomState::new().hash_one(self.guild.get()));
        } else {
            self.queue.unshuffle();
        }
        self.queue.is_shuffled()
    }

    pub(super) fn set_looping(&mut self, mode: LoopMode, toggle: bool) -> LoopMode {
        let mode = if toggle && self.queue.looping() == mode { LoopMode::Off } else { mode };
        self.queue.set_looping(mode);
        mode
    }

    pub(super) fn undo(&mut self) -> Result<Undone, CommandError> {
        let silent = self.queue.current().is_none();
        let undone = self.queue.undo()?;
        if silent && self.recovery.intent().is_some() {
            self.play_current(Vec::new());
        }
        Ok(Undone { restored: undone.restored })
    }

    /// The volume is part of how the sound is encoded, so what plays is opened again where it is.
    pub(super) fn change_volume(&mut self, percent: Option<u16>) -> u16 {
        if let Some(percent) = percent {
            let before = self.volume();
            self.volume = Some(percent.min(MAX_VOLUME));
            if self.volume() != before {
                self.open_again();
            }
        }
        self.volume()
    }

    /// In per cent.
    pub(super) fn volume(&self) -> u16 {
        self.volume.unwrap_or_else(|| self.settings().default_volume)
    }
}
