//! Commands that change what comes next, and how it sounds.

use super::Guild;
use crate::{CommandError, CommandId, NowPlaying, QueueView, Seek, Skipped, Undone};
use rand_chacha::rand_core::RngCore as _;
use refrain_model::LoopMode;

type Result<T> = core::result::Result<T, CommandError>;

impl Guild {
    pub(super) fn skip(&mut self, count: usize) -> Result<Skipped> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let done = self.queue.skip(count.max(1));
        self.begin_anew();
        Ok(Skipped { skipped: done.skipped, current: done.current })
    }

    pub(super) fn skip_to(&mut self, position: usize) -> Result<Skipped> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let done = self.queue.skip_to(position)?;
        self.begin_anew();
        Ok(Skipped { skipped: done.skipped, current: done.current })
    }

    pub(super) fn previous(&mut self) -> Result<NowPlaying> {
        self.queue.previous()?;
        self.begin_anew();
        self.now_playing()
    }

    pub(super) fn replay(&mut self) -> Result<NowPlaying> {
        self.queue.restart()?;
        self.begin_anew();
        self.now_playing()
    }

    /// A member asked for another track: it begins, paused or not.
    fn begin_anew(&mut self) {
        self.paused = false;
        self.failed_in_a_row = 0;
        // A bot that is out of voice keeps its queue; it comes back when a member resumes it.
        if self.recovery.intent().is_some() {
            self.play_current();
        } else {
            self.silence_source();
            self.halted = false;
        }
    }

    /// With nothing playing (the bot is out of voice and keeps its queue) the music will go on there.
    pub(super) fn seek(&mut self, id: CommandId, to: Seek) {
        match self.seek_target(to) {
            Ok(position) => self.go_to(id, position),
            Err(error) => self.answer(id, Err(error)),
        }
    }

    fn seek_target(&self, to: Seek) -> Result<core::time::Duration> {
        let now = self.now_playing()?;
        if now.track.info.live || self.playback.as_ref().is_some_and(crate::source::Playback::is_live) {
            return Err(CommandError::CannotSeek);
        }
        let position = match to {
            Seek::To(position) => position,
            Seek::Ahead(ahead) => now.position.saturating_add(ahead),
            Seek::Back(back) => now.position.saturating_sub(back),
        };
        let length = match &self.playback {
            Some(playback) => playback.length(),
            None => now.track.info.duration,
        };
        match length {
            Some(length) if position >= length => Err(CommandError::BeyondTheEnd { length }),
            Some(_) | None => Ok(position),
        }
    }

    pub(super) fn shuffle(&mut self, on: Option<bool>) -> bool {
        if on.unwrap_or(!self.queue.is_shuffled()) {
            let seed = self.rng.next_u64();
            self.queue.shuffle(seed);
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

    pub(super) fn undo(&mut self) -> Result<Undone> {
        let silent = self.queue.current().is_none();
        let undone = self.queue.undo()?;
        if silent && self.recovery.intent().is_some() {
            self.play_current();
        }
        Ok(Undone { restored: undone.restored })
    }

    pub(super) fn view(&self, page: usize, size: Option<usize>) -> QueueView {
        let size = size.unwrap_or_else(|| usize::from(self.settings().default_queue_page_size));
        QueueView {
            now: self.now_playing().ok(),
            page: self.queue.page(page, size),
            total: self.queue.total_duration(),
            looping: self.queue.looping(),
            shuffled: self.queue.is_shuffled(),
        }
    }
}
