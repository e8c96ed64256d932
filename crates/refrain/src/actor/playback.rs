//! The current track: opened, played, ended, opened again.

use super::{Actor, Message, Opened, message::Reply};
use crate::{CommandError, Ending, NowPlaying, Played};
use refrain_audio::{EndReason, FrameStream, OpenAt, PipelineConfig};
use refrain_model::{Track, TrackId};
use refrain_recovery::{Input, State};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// How often one track is opened again after its source broke, before it is given up.
const REOPENINGS: u32 = 3;

/// The track that plays, or is about to.
pub(super) struct Playback {
    pub(super) track: TrackId,
    phase: Phase,
    /// How often its source broke.
    broken: u32,
    opening: u64,
    /// Who waits to hear that it plays.
    waiting: Vec<Reply<Played>>,
}

enum Phase {
    /// Its sound is being fetched; it will start at `from`. Dropping the task ends its children.
    Opening { from: Duration, _task: AbortOnDropHandle<()> },
    /// Its sound is there.
    Ready(FrameStream),
}

impl Playback {
    /// How far it has been played.
    pub(super) fn position(&self) -> Duration {
        match &self.phase {
            Phase::Opening { from, .. } => *from,
            Phase::Ready(stream) => stream.position(),
        }
    }
}

impl Actor {
    /// Begins with the queue's current track, where it was kept or else from its start; without one, falls silent.
    pub(super) fn play_current(&mut self, waiting: Vec<Reply<Played>>) {
        self.silence();
        let Some(track) = self.queue.current().cloned() else {
            self.paused = false;
            return;
        };
        // A live stream goes on where it is by now.
        let kept = self.kept.take().filter(|kept| kept.track == track.id && !track.info.live);
        let from = kept.map(|kept| kept.position).unwrap_or_default();
        let opening = 0;
        let phase = self.open(&track, from, opening);
        self.playback = Some(Playback { track: track.id, phase, broken: 0, opening, waiting });
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Takes the stream away from the driver and forgets the playback; people who wait for it are told.
    pub(super) fn silence(&mut self) {
        self.driver.attach(None);
        self.shared.playheads.forget(self.guild);
        let Some(playback) = self.playback.take() else { return };
        for reply in playback.waiting {
            self.answer(reply, Err(CommandError::Removed));
        }
        if let Phase::Ready(stream) = playback.phase {
            stream.close();
        }
    }

    /// Goes back or forward within the current track; opens it again there when the stream cannot.
    pub(super) fn play_from(&mut self, position: Duration) {
        let Some(playback) = &self.playback else { return };
        match &playback.phase {
            Phase::Opening { .. } => {}
            Phase::Ready(stream) if stream.position() == position || stream.rewind(position) => {}
            Phase::Ready(_) => self.reopen(position),
        }
    }

    /// Goes to a position that somebody asked for: what was before it counts as heard.
    pub(super) fn go_to(&mut self, position: Duration) {
        if matches!(&self.playback, Some(Playback { phase: Phase::Opening { .. }, .. })) {
            self.reopen(position);
        } else {
            self.play_from(position);
        }
        self.recovery.handle_input(self.now(), Input::TrackStarted { playhead: position });
        self.keep_playhead();
    }

    /// Opens what plays again, where it is.
    pub(super) fn open_again(&mut self) {
        if let Some(position) = self.playback.as_ref().map(Playback::position) {
            self.reopen(position);
        }
    }

    fn reopen(&mut self, from: Duration) {
        let Some(track) = self.queue.current().cloned() else { return };
        let Some(opening) = self.playback.as_ref().map(|p| p.opening + 1) else { return };
        self.driver.attach(None);
        // Where the old stream stands is no longer where the music is.
        self.shared.playheads.forget(self.guild);
        let phase = self.open(&track, from, opening);
        if let Some(playback) = &mut self.playback {
            playback.opening = opening;
            playback.phase = phase;
        }
    }

    /// Starts to fetch a track's sound; what comes of it arrives as [`Opened`].
    fn open(&self, track: &Track, from: Duration, opening: u64) -> Phase {
        let (shared, mailbox, id) = (self.shared.clone(), self.mailbox.clone(), track.id);
        let page_url = track.info.page_url.clone();
        let pipeline = PipelineConfig { volume_percent: self.volume(), ..shared.settings.pipeline.clone() };
        let task = tokio::spawn(async move {
            let result = async {
                let found = shared.extractor.resolve(&page_url).await?;
                let stream = FrameStream::open(&pipeline, &found.media, OpenAt::position(from)).await;
                stream.map_err(|e| {
                    tracing::warn!(error = %e, "a track's sound could not be opened");
                    CommandError::Audio(e.user_message().to_owned())
                })
            };
            let result = result.await;
            if let Some(mailbox) = mailbox.upgrade() {
                // An error says that the actor has ended.
                let _ = mailbox.send(Message::Opened(Opened { track: id, opening, result })).await;
            }
        });
        Phase::Opening { from, _task: AbortOnDropHandle::new(task) }
    }

    /// A track's sound is there, or not; one that nobody waits for any more is dropped.
    pub(super) fn opened(&mut self, opened: Opened) {
        let Opened { track, opening, result } = opened;
        let Some(playback) = self.playback.as_mut().filter(|p| p.track == track && p.opening == opening) else {
            return;
        };
        match result {
            Ok(stream) => {
                let playhead = stream.position();
                self.driver.attach(Some(stream.clone()));
                self.shared.playheads.watch(self.guild, playback.track, stream.clone());
                playback.phase = Phase::Ready(stream);
                self.has_played = true;
                self.recovery.handle_input(self.now(), Input::TrackStarted { playhead });
                self.let_flow();
            }
            Err(error) => self.track_failed(error),
        }
    }

    /// The current track cannot be played: whoever waits for it hears why, otherwise the channel does; the next begins.
    fn track_failed(&mut self, error: CommandError) {
        let Some(playback) = &mut self.playback else { return };
        let (id, mut waiting) = (playback.track, std::mem::take(&mut playback.waiting));
        let failed = self.queue.current().map(|t| t.info.title.clone()).unwrap_or_default();
        tracing::warn!(guild_id = %self.guild, track = %failed, %error, "the track cannot be played");
        match waiting.pop() {
            Some(reply) => self.answer(reply, Err(error)),
            None => self.say_track_failed(failed, error.user_message()),
        }
        self.queue.fail(id);
        self.play_current(Vec::new());
        self.leave_if_never_played();
    }

    /// The stream that the driver was reading is over.
    pub(super) fn stream_ended(&mut self, stream: &FrameStream, reason: EndReason) {
        let Some(playback) = &mut self.playback else { return };
        if !matches!(&playback.phase, Phase::Ready(current) if current.is_same(stream)) {
            return;
        }
        match reason {
            EndReason::Finished => {
                let id = playback.track;
                self.queue.finish(id);
                self.play_current(Vec::new());
            }
            EndReason::Failed(kind) if playback.broken < REOPENINGS => {
                playback.broken += 1;
                let position = stream.position();
                tracing::warn!(guild_id = %self.guild, ?kind, ?position, "the track's source broke off; opening it again");
                self.reopen(position);
            }
            EndReason::Failed(kind) => {
                self.track_failed(CommandError::Audio(kind.user_message().to_owned()));
            }
        }
    }

    /// Lets frames flow when the connection stands and nobody has paused.
    pub(super) fn let_flow(&mut self) {
        let silent = self.paused || self.playback.is_none();
        self.driver.set_flowing(self.frames_allowed && !silent);
    }

    /// Answers those who wait to hear the current track, once they can.
    pub(super) fn settle(&mut self) {
        let heard = matches!(self.recovery.state(), State::Stable { .. });
        let Some(track) = self.queue.current().cloned() else { return };
        if let Some(playback) = &mut self.playback
            && heard
            && matches!(playback.phase, Phase::Ready(_))
        {
            for reply in std::mem::take(&mut playback.waiting) {
                self.answer(reply, Ok(Played { track: track.clone(), position: 0 }));
            }
            self.is_heard_again();
        }
    }

    /// Those who wait for the current track hear why they wait in vain; the track goes with them. Whether anybody did.
    pub(super) fn join_failed(&mut self, ending: Ending) -> bool {
        let Some(playback) = &mut self.playback else { return false };
        let (id, waiting) = (playback.track, std::mem::take(&mut playback.waiting));
        if waiting.is_empty() {
            return false;
        }
        for reply in waiting {
            self.answer(reply, Err(CommandError::JoinFailed(ending)));
        }
        self.queue.fail(id);
        self.silence();
        true
    }

    pub(super) fn now_playing(&self) -> Result<NowPlaying, CommandError> {
        let track = self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let position = match &self.playback {
            Some(playback) => playback.position(),
            // The bot is out of voice, and the queue is kept.
            None => self.kept.filter(|kept| kept.track == track.id).map(|kept| kept.position).unwrap_or_default(),
        };
        Ok(NowPlaying {
            track: track.clone(),
            position,
            paused: self.paused,
            voice: self.voice_summary(),
            looping: self.queue.looping(),
            volume: self.volume(),
        })
    }
}
