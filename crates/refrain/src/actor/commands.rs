//! What people want, carried out.

use super::{Actor, Command, message::Reply};
use crate::{
    CommandError, GuildSettings, NowPlaying, PlayRequest, Played, PlayedAll, QueueView, SettingChange, VoiceSummary,
};
use refrain_model::{ChannelId, TrackInfo};
use refrain_queue::QueueError;
use refrain_recovery::Intent;

impl Actor {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Play { info, request, reply } => self.play(info, &request, reply),
            Command::PlayAll { infos, left_out, request, reply } => {
                let result = self.play_all(infos, left_out, &request);
                self.answer(reply, result);
            }
            Command::Skip { count, reply } => self.done(reply, |actor| actor.skip(count)),
            Command::SkipTo { position, reply } => self.done(reply, |actor| actor.skip_to(position)),
            Command::Previous { reply } => self.done(reply, Self::previous),
            Command::Replay { reply } => self.done(reply, Self::replay),
            Command::Seek { to, reply } => self.done(reply, |actor| actor.seek(to)),
            Command::Pause { reply } => self.done(reply, Self::pause),
            Command::Resume { voice_channel, reply } => self.done(reply, |actor| actor.resume(voice_channel)),
            Command::Stop { reply } => self.done(reply, Self::stop),
            Command::Clear { reply } => self.done(reply, |actor| Ok(actor.queue.clear_upcoming().len())),
            Command::Remove { position, count, reply } => {
                self.done(reply, |actor| Ok(actor.queue.remove(position, count)?));
            }
            Command::Move { from, to, reply } => self.done(reply, |actor| Ok(actor.queue.move_track(from, to)?)),
            Command::Shuffle { on, reply } => self.done(reply, |actor| Ok(actor.shuffle(on))),
            Command::Loop { mode, toggle, reply } => self.done(reply, |actor| Ok(actor.set_looping(mode, toggle))),
            Command::Undo { reply } => self.done(reply, Self::undo),
            Command::Volume { percent, reply } => self.done(reply, |actor| Ok(actor.change_volume(percent))),
            Command::Disconnect { reply } => self.done(reply, Self::disconnect),
            Command::Queue { page, size, reply } => self.done(reply, |actor| Ok(actor.view(page, size))),
            Command::History { reply } => self.done(reply, |actor| Ok(actor.queue.history().cloned().collect())),
            Command::NowPlaying { reply } => self.done(reply, |actor| actor.now_playing()),
            Command::VoiceStatus { page, reply } => self.done(reply, |actor| Ok(actor.voice_status(page))),
            Command::Recover { voice_channel, reply } => self.done(reply, |actor| actor.recover(voice_channel)),
            Command::Settings { reply } => self.done(reply, |actor| Ok(actor.settings())),
            Command::Configure { change, reply } => self.done(reply, |actor| Ok(actor.configure(change))),
            Command::PanelIs { place } => self.panel_is(place),
            Command::IncidentMessageIs { place } => (self.incident_message, self.incident_asked) = (place, None),
            Command::ShutDown { reply } => {
                self.prove_heard();
                self.say_goodbye();
                self.remember_for_good();
                self.silence();
                self.wish(Intent::Leave);
                self.leaving = Some(reply);
            }
        }
    }

    fn done<T: Send + 'static>(&mut self, reply: Reply<T>, work: impl FnOnce(&mut Self) -> Result<T, CommandError>) {
        let result = work(self);
        self.answer(reply, result);
    }

    fn play(&mut self, info: TrackInfo, request: &PlayRequest, reply: Reply<Played>) {
        let added = match self.queue.add(info, request.requested_by, request.requested_in, request.place) {
            Ok(added) => added,
            Err(error) => return self.answer(reply, Err(error.into())),
        };
        self.asked_for_music(request);
        if added.position == 0 {
            self.paused = false;
            return self.play_current(vec![reply]);
        }
        self.play_what_is_there();
        self.answer(reply, Ok(Played { track: added.track, position: added.position }));
    }

    fn play_all(
        &mut self,
        infos: Vec<TrackInfo>,
        left_out: usize,
        request: &PlayRequest,
    ) -> Result<PlayedAll, CommandError> {
        let added = self.queue.add_all(infos, request.requested_by, request.requested_in, request.place)?;
        self.asked_for_music(request);
        if added.position == 0 {
            self.paused = false;
            self.play_current(Vec::new());
        } else {
            self.play_what_is_there();
        }
        let left_out = left_out.saturating_add(added.left_out);
        Ok(PlayedAll { tracks: added.tracks, position: added.position, left_out })
    }

    /// A bot that is in a channel, or on its way back to it, stays there. One on its way out is asked back.
    fn asked_for_music(&mut self, request: &PlayRequest) {
        self.text_channel = Some(request.requested_in);
        // What would have come back after a restart gives way to who is there.
        self.comeback = None;
        if self.recovery.intent().is_none() && self.leaving.is_none() {
            self.has_played = false;
            self.wish(Intent::Join { channel: request.voice_channel });
        }
    }

    /// A queue that was kept while the bot was out begins again where it was.
    fn play_what_is_there(&mut self) {
        if self.playback.is_none() {
            self.paused = false;
            self.play_current(Vec::new());
        }
    }

    fn pause(&mut self) -> Result<NowPlaying, CommandError> {
        self.playback.as_ref().ok_or(CommandError::NothingPlaying)?;
        if std::mem::replace(&mut self.paused, true) {
            return Err(CommandError::AlreadyPaused);
        }
        self.panel.forget_news();
        self.let_flow();
        self.now_playing()
    }

    fn resume(&mut self, voice_channel: Option<ChannelId>) -> Result<NowPlaying, CommandError> {
        self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let was_paused = std::mem::replace(&mut self.paused, false);
        if matches!(self.voice_summary(), VoiceSummary::Stable { .. }) && !was_paused && self.playback.is_some() {
            return Err(CommandError::NotPaused);
        }
        self.panel.forget_news();
        self.comeback = None;
        // Kicked, or waiting out a cooldown: somebody asks for the music, so it need not wait.
        self.wish(Intent::Override);
        if self.recovery.intent().is_none() && self.leaving.is_none() {
            let channel = voice_channel.ok_or(CommandError::NotConnected)?;
            self.wish(Intent::Join { channel });
        }
        self.play_what_is_there();
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
        self.comeback = None;
        if self.voice_summary() == VoiceSummary::Idle && !had_music {
            return Err(CommandError::NotConnected);
        }
        // The next time it is asked for, it is as loud as the guild has set.
        self.volume = None;
        self.wish(Intent::Leave);
        Ok(())
    }

    fn view(&self, page: usize, size: Option<usize>) -> QueueView {
        let size = size.unwrap_or_else(|| usize::from(self.settings().default_queue_page_size));
        QueueView {
            now: self.now_playing().ok(),
            page: self.queue.page(page, size),
            total: self.queue.total_duration(),
            looping: self.queue.looping(),
            shuffled: self.queue.is_shuffled(),
        }
    }

    fn configure(&mut self, change: SettingChange) -> GuildSettings {
        let settings = self.own_settings.unwrap_or_default().with(change);
        self.own_settings = Some(settings);
        self.apply();
        self.settings()
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
            QueueError::NothingCurrent => Self::NothingPlaying,
            QueueError::NoSuchPosition { .. } | QueueError::NoHistory | QueueError::NothingToUndo => Self::Queue(error),
        }
    }
}
