//! What members want, carried out.

use super::Guild;
use crate::{Answer, Command, CommandError, CommandId, Stopped, VoiceSummary};
use alloc::{boxed::Box, vec};
use refrain_model::{ChannelId, LoopMode, SettingChange};
use refrain_queue::QueueError;
use refrain_recovery::Intent;

type Result<T> = core::result::Result<T, CommandError>;

impl Guild {
    pub(super) fn command(&mut self, id: CommandId, command: Command) {
        // The record is frozen: what a member is told now would not be there after the restart.
        if self.shutting_down.is_some() && changes(&command) {
            return self.answer(id, Err(CommandError::Unavailable));
        }
        let answer = match command {
            Command::Play(request) => return self.ask_for(id, vec![request.query.clone()], request, false),
            Command::PlayAll { queries, request } => return self.ask_for(id, queries, request, true),
            Command::Seek(to) => return self.seek(id, to),
            Command::ShutDown => return self.shut_down(id),
            Command::Skip { count } => self.skip(count).map(Answer::Skipped),
            Command::SkipTo { position } => self.skip_to(position).map(Answer::Skipped),
            Command::Previous => self.previous().map(Answer::NowPlaying),
            Command::Replay => self.replay().map(Answer::NowPlaying),
            Command::Pause => self.pause(),
            Command::Resume { voice_channel } => self.resume(voice_channel),
            Command::Stop => self.stop().map(Answer::Stopped),
            Command::Clear => Ok(Answer::Cleared(self.queue.clear_upcoming().len())),
            Command::Remove { position, count } => self.removed(position, count),
            Command::Move { from, to } => {
                self.queue.move_track(from, to).map(Answer::Moved).map_err(CommandError::from)
            }
            Command::Shuffle { on } => Ok(Answer::Shuffled(self.shuffle(on))),
            Command::Loop { mode, toggle } => Ok(Answer::Looping(self.set_looping(mode, toggle))),
            Command::Undo => self.undo().map(Answer::Undone),
            Command::Volume { percent } => Ok(Answer::Volume(self.change_volume(percent))),
            Command::Disconnect => self.disconnect().map(Answer::Disconnected),
            Command::Queue { page, size } => Ok(Answer::Queue(Box::new(self.view(page, size)))),
            Command::History => Ok(Answer::History(self.queue.history().cloned().collect())),
            Command::NowPlaying => self.now_playing().map(Answer::NowPlaying),
            Command::VoiceStatus { page } => Ok(Answer::VoiceStatus(Box::new(self.voice_status(page)))),
            Command::Recover { voice_channel } => self.recover(voice_channel).map(Answer::Recovering),
            Command::Settings => Ok(Answer::Settings(self.settings())),
            Command::Configure(change) => Ok(self.configure(change)),
        };
        self.answer(id, answer);
    }

    fn removed(&mut self, position: usize, count: usize) -> Result<Answer> {
        Ok(Answer::Removed(self.queue.remove(position, count)?))
    }

    fn pause(&mut self) -> Result<Answer> {
        self.playback.as_ref().ok_or(CommandError::NothingPlaying)?;
        if core::mem::replace(&mut self.paused, true) {
            return Err(CommandError::AlreadyPaused);
        }
        self.panel.forget_news();
        self.let_flow();
        self.now_playing().map(Answer::NowPlaying)
    }

    /// Goes on after a pause, or comes back with the queue that is kept. A refusal changes nothing.
    fn resume(&mut self, voice_channel: Option<ChannelId>) -> Result<Answer> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let stable = matches!(self.voice_summary(), VoiceSummary::Stable { .. });
        if stable && !self.paused && self.playback.is_some() {
            return Err(CommandError::NotPaused);
        }
        let out = self.recovery.intent().is_none();
        let joins = match (out, self.recall(), self.recall_of_record().or(voice_channel)) {
            (false, _, _) => None,
            // Where it was disconnected from, an override brings it back.
            (true, Some(_), _) => None,
            (true, None, Some(channel)) => Some(channel),
            (true, None, None) => return Err(CommandError::NotConnected),
        };
        self.paused = false;
        self.panel.forget_news();
        self.restoring = None;
        // A cooldown, too, ends when a member asks for the music. A connection that stands is left alone.
        if !stable {
            self.wish(Intent::Override);
        }
        if let Some(channel) = joins {
            self.wish(Intent::Join { channel });
        }
        if self.playback.is_some() {
            self.catch_up_with_live();
        }
        self.play_what_is_there();
        self.let_flow();
        self.now_playing().map(Answer::NowPlaying)
    }

    /// The look-ups under way end with the music, and so does the loop.
    fn stop(&mut self) -> Result<Stopped> {
        let stopped = self.clear_everything();
        if stopped == Stopped::default() { Err(CommandError::NothingPlaying) } else { Ok(stopped) }
    }

    fn disconnect(&mut self) -> Result<Stopped> {
        let stopped = self.clear_everything();
        // A bot that would have come back after a restart stays out, after the next one too.
        let would_return = self.restoring.take().is_some();
        if would_return {
            self.wanted = None;
        }
        if !would_return && self.voice_summary() == VoiceSummary::Idle && stopped == Stopped::default() {
            return Err(CommandError::NotConnected);
        }
        // The next time it is asked for, it is as loud as the guild has set.
        self.volume = None;
        self.wish(Intent::Leave);
        Ok(stopped)
    }

    fn clear_everything(&mut self) -> Stopped {
        let look_ups = self.end_look_ups(&CommandError::Stopped);
        self.silence_source();
        let removed = self.queue.clear().len();
        self.queue.set_looping(LoopMode::Off);
        self.kept = None;
        self.halted = false;
        self.paused = false;
        self.failed_in_a_row = 0;
        Stopped { removed, look_ups }
    }

    fn configure(&mut self, change: SettingChange) -> Answer {
        self.own_settings = Some(self.own_settings.unwrap_or_default().with(change));
        self.apply_settings();
        Answer::Settings(self.settings())
    }

    /// The process ends. What the bot does to leave in good order is not what members want: the record is frozen first.
    fn shut_down(&mut self, id: CommandId) {
        if self.finished {
            return self.answer(id, Ok(Answer::ShutDown));
        }
        if let Some(earlier) = self.shutting_down.replace(id) {
            return self.answer(earlier, Ok(Answer::ShutDown));
        }
        self.refuse_kept_commands();
        // What would have come back after a restart is left to the next process.
        self.restoring = None;
        self.end_look_ups(&CommandError::Restarting);
        self.say_goodbye();
        self.save_for_good();
        self.let_go_of_source(&CommandError::Restarting);
        self.wish(Intent::Leave);
    }

    /// A bot that joined for a track which cannot be played does not stay.
    pub(super) fn leave_if_never_played(&mut self) {
        if self.queue.current().is_none() && !self.has_played {
            self.wish(Intent::Leave);
        }
    }
}

/// Whether a command may change something.
const fn changes(command: &Command) -> bool {
    match command {
        Command::Queue { .. }
        | Command::History
        | Command::NowPlaying
        | Command::VoiceStatus { .. }
        | Command::Settings
        | Command::ShutDown => false,
        Command::Play(_)
        | Command::PlayAll { .. }
        | Command::Skip { .. }
        | Command::SkipTo { .. }
        | Command::Previous
        | Command::Replay
        | Command::Seek(_)
        | Command::Pause
        | Command::Resume { .. }
        | Command::Stop
        | Command::Clear
        | Command::Remove { .. }
        | Command::Move { .. }
        | Command::Shuffle { .. }
        | Command::Loop { .. }
        | Command::Undo
        | Command::Volume { .. }
        | Command::Disconnect
        | Command::Recover { .. }
        | Command::Configure(_) => true,
    }
}

impl From<QueueError> for CommandError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full { max } => Self::QueueFull { max },
            QueueError::NothingCurrent => Self::NothingPlaying,
            QueueError::NoSuchPosition { .. } | QueueError::NoHistory | QueueError::NothingToUndo => Self::Queue(error),
        }
    }
}
