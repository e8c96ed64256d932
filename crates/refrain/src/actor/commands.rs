//! What people want, carried out.

use super::{Actor, Command, message::Reply};
use crate::{
    CommandError, GuildSettings, NowPlaying, PlayRequest, Played, QueueView, SettingChange, Skipped, VoiceSummary,
};
use refrain_model::TrackInfo;
use refrain_queue::QueueError;
use refrain_recovery::Intent;

/// Tracks on a page of the queue.
const PAGE_SIZE: usize = 10;

impl Actor {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Play { info, request, reply } => self.play(info, &request, reply),
            Command::Skip { count, reply } => answer(reply, self.skip(count)),
            Command::Pause { reply } => answer(reply, self.pause()),
            Command::Resume { reply } => answer(reply, self.resume()),
            Command::Stop { reply } => answer(reply, self.stop()),
            Command::Disconnect { reply } => answer(reply, self.disconnect()),
            Command::Queue { page, reply } => answer(reply, Ok(self.view(page))),
            Command::NowPlaying { reply } => answer(reply, self.now_playing()),
            Command::VoiceStatus { page, reply } => answer(reply, Ok(self.voice_status(page))),
            Command::Recover { voice_channel, reply } => answer(reply, self.recover(voice_channel)),
            Command::Settings { reply } => answer(reply, Ok(self.settings)),
            Command::Configure { change, reply } => answer(reply, Ok(self.configure(change))),
            Command::ShutDown { reply } => {
                self.silence();
                self.wish(Intent::Leave);
                self.leaving = Some(reply);
            }
        }
    }

    fn play(&mut self, info: TrackInfo, request: &PlayRequest, reply: Reply<Played>) {
        self.text_channel = Some(request.requested_in);
        let added = match self.queue.enqueue(info, request.requested_by, request.requested_in) {
            Ok(added) => added,
            Err(error) => return answer(reply, Err(error.into())),
        };
        // A bot that is in a channel, or on its way back to it, stays there. One on its way out is asked back.
        if self.recovery.intent().is_none() && self.leaving.is_none() {
            self.has_played = false;
            self.wish(Intent::Join { channel: request.voice_channel });
        }
        if added.position == 0 {
            return self.play_current(vec![reply]);
        }
        if self.playback.is_none() {
            self.play_current(Vec::new());
        }
        answer(reply, Ok(Played { track: added.track, position: added.position }));
    }

    fn skip(&mut self, count: usize) -> Result<Skipped, CommandError> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let done = self.queue.skip(count.max(1));
        self.play_current(Vec::new());
        Ok(Skipped { skipped: done.skipped, current: done.current })
    }

    fn pause(&mut self) -> Result<NowPlaying, CommandError> {
        let playback = self.playback.as_mut().ok_or(CommandError::NothingPlaying)?;
        if std::mem::replace(&mut playback.paused, true) {
            return Err(CommandError::AlreadyPaused);
        }
        self.let_flow();
        self.now_playing()
    }

    fn resume(&mut self) -> Result<NowPlaying, CommandError> {
        let playback = self.playback.as_mut().ok_or(CommandError::NothingPlaying)?;
        let was_paused = std::mem::replace(&mut playback.paused, false);
        if matches!(self.voice_summary(), VoiceSummary::Stable { .. }) && !was_paused {
            return Err(CommandError::NotPaused);
        }
        // Kicked, or waiting out a cooldown: somebody asks for the music, so it need not wait.
        self.wish(Intent::Override);
        self.let_flow();
        self.now_playing()
    }

    fn stop(&mut self) -> Result<usize, CommandError> {
        let removed = self.queue.clear().len();
        self.silence();
        if removed == 0 { Err(CommandError::NothingPlaying) } else { Ok(removed) }
    }

    fn disconnect(&mut self) -> Result<(), CommandError> {
        let had_music = !self.queue.clear().is_empty();
        self.silence();
        if self.voice_summary() == VoiceSummary::Idle && !had_music {
            return Err(CommandError::NotConnected);
        }
        self.wish(Intent::Leave);
        Ok(())
    }

    fn view(&self, page: usize) -> QueueView {
        QueueView {
            now: self.now_playing().ok(),
            page: self.queue.page(page, PAGE_SIZE),
            total: self.queue.total_duration(),
        }
    }

    fn configure(&mut self, change: SettingChange) -> GuildSettings {
        let settings = self.settings.with(change);
        self.shared.guild_settings.save(self.guild, settings);
        self.apply(settings);
        settings
    }

    /// A bot that joined for a track which cannot be played does not stay about.
    pub(super) fn leave_if_never_played(&mut self) {
        if self.queue.current().is_none() && !self.has_played {
            self.wish(Intent::Leave);
        }
    }
}

impl From<QueueError> for CommandError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full { max } => Self::QueueFull { max },
        }
    }
}

/// An answer that nobody waits for any more is dropped.
fn answer<T>(reply: Reply<T>, result: Result<T, CommandError>) {
    let _ = reply.send(result);
}
