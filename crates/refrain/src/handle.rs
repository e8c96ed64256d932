//! The way into a guild's actor.

use crate::{
    CommandError, GuildSettings, NowPlaying, PlayRequest, Played, QueueView, Recovering, SettingChange, Skipped,
    Undone, VoiceStatus, VoiceSummary,
    actor::{Command, Message, Seek},
};
use refrain_extract::{Extractor, Query};
use refrain_model::{ChannelId, GuildId, LoopMode, MessagePlace, Track, TrackInfo};
use refrain_recovery::GatewayEvent;
use refrain_store::Store;
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// Commands that may wait in a guild's mailbox. A full one makes commands wait; gateway events have their own way in.
const MAILBOX: usize = 64;

/// A guild's actor, from outside. Cloning gives another handle on the same actor.
#[derive(Clone)]
pub struct GuildHandle {
    commands: mpsc::Sender<Message>,
    gateway: mpsc::UnboundedSender<GatewayEvent>,
    voice: watch::Receiver<VoiceSummary>,
    pub(crate) guild: GuildId,
    pub(crate) extractor: Extractor,
    pub(crate) store: Arc<dyn Store>,
}

/// The actor's side of a handle.
pub(crate) struct Inbox {
    pub(crate) commands: mpsc::Receiver<Message>,
    pub(crate) gateway: mpsc::UnboundedReceiver<GatewayEvent>,
    pub(crate) voice: watch::Sender<VoiceSummary>,
}

impl GuildHandle {
    pub(crate) fn new(guild: GuildId, extractor: Extractor, store: Arc<dyn Store>) -> (Self, Inbox) {
        let (commands, commands_out) = mpsc::channel(MAILBOX);
        let (gateway, gateway_out) = mpsc::unbounded_channel();
        let (summary, voice) = watch::channel(VoiceSummary::Idle);
        let inbox = Inbox { commands: commands_out, gateway: gateway_out, voice: summary };
        (Self { commands, gateway, voice, guild, extractor, store }, inbox)
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Weak, so that an actor does not keep its own mailbox open.
    pub(crate) fn mailbox(&self) -> mpsc::WeakSender<Message> {
        self.commands.downgrade()
    }

    /// Finds what `request` asks for and plays it, or puts it in the queue.
    ///
    /// Answers when people can hear it, or at once when other tracks come first.
    ///
    /// # Errors
    /// When the query is no link and no search, nothing is found, the sound cannot be read, or the channel not joined.
    pub async fn play(&self, request: PlayRequest) -> Result<Played, CommandError> {
        // Looked up out here: it takes a while, and the actor must stay free for others meanwhile.
        let info = self.clone().find(request.query.clone()).await?;
        self.ask(|reply| Command::Play { info, request, reply }).await
    }

    /// What a query finds first.
    pub(crate) async fn find(self, query: String) -> Result<TrackInfo, CommandError> {
        let found = self.extractor.lookup(&Query::parse(&query)?, self.guild).await?;
        found.into_iter().next().ok_or(CommandError::NothingFound)
    }

    /// Skips the current track and `count - 1` after it.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn skip(&self, count: usize) -> Result<Skipped, CommandError> {
        self.ask(|reply| Command::Skip { count, reply }).await
    }

    /// Goes on with the track at `position` of the queue, from 1.
    ///
    /// # Errors
    /// When nothing is playing, or there is no such position.
    pub async fn skip_to(&self, position: usize) -> Result<Skipped, CommandError> {
        self.ask(|reply| Command::SkipTo { position, reply }).await
    }

    /// Goes back to the track that played last; the current one comes after it.
    ///
    /// # Errors
    /// When nothing has played before.
    pub async fn previous(&self) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Previous { reply }).await
    }

    /// Plays the current track from its beginning.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn replay(&self) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Replay { reply }).await
    }

    /// Goes to `position` of the current track.
    ///
    /// # Errors
    /// When nothing is playing, or the track has no such position.
    pub async fn seek(&self, position: Duration) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Seek { to: Seek::To(position), reply }).await
    }

    /// Goes on in the current track `ahead` of where it is.
    ///
    /// # Errors
    /// As for [`Self::seek`].
    pub async fn forward(&self, ahead: Duration) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Seek { to: Seek::Ahead(ahead), reply }).await
    }

    /// Goes `back` in the current track, to its beginning at most.
    ///
    /// # Errors
    /// As for [`Self::seek`].
    pub async fn rewind(&self, back: Duration) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Seek { to: Seek::Back(back), reply }).await
    }

    /// Pauses the music.
    ///
    /// # Errors
    /// When nothing is playing or it is paused already.
    pub async fn pause(&self) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Pause { reply }).await
    }

    /// Goes on after a pause; a bot that was kicked, or stayed away after a restart, with music left comes back.
    /// `voice_channel` is where the person is who asks: a bot that has no channel to go back to comes there.
    ///
    /// # Errors
    /// When nothing is there to go on with, or it is playing.
    pub async fn resume(&self, voice_channel: Option<ChannelId>) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Resume { voice_channel, reply }).await
    }

    /// Stops the music and clears the queue; the bot stays in the channel. Answers how many tracks that were.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn stop(&self) -> Result<usize, CommandError> {
        self.ask(|reply| Command::Stop { reply }).await
    }

    /// Removes what comes after the current track. Answers how many tracks that were.
    ///
    /// # Errors
    /// Only when the actor is gone: nothing to remove is an answer.
    pub async fn clear(&self) -> Result<usize, CommandError> {
        self.ask(|reply| Command::Clear { reply }).await
    }

    /// Removes `count` tracks from `position` of the queue on, from 1.
    ///
    /// # Errors
    /// When there is no such position.
    pub async fn remove(&self, position: usize, count: usize) -> Result<Vec<Arc<Track>>, CommandError> {
        self.ask(|reply| Command::Remove { position, count, reply }).await
    }

    /// Moves a track of the queue to another position; both count from 1.
    ///
    /// # Errors
    /// When there is no such position.
    pub async fn move_track(&self, from: usize, to: usize) -> Result<Arc<Track>, CommandError> {
        self.ask(|reply| Command::Move { from, to, reply }).await
    }

    /// Brings back what the last clear or remove took away.
    ///
    /// # Errors
    /// When there is nothing to bring back.
    pub async fn undo(&self) -> Result<Undone, CommandError> {
        self.ask(|reply| Command::Undo { reply }).await
    }

    /// Shuffles the upcoming tracks, or puts them back into their true order; `None`: whichever it is not. Answers whether
    /// they are shuffled now.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn shuffle(&self, on: Option<bool>) -> Result<bool, CommandError> {
        self.ask(|reply| Command::Shuffle { on, reply }).await
    }

    /// What happens at the end of a track from now on. With `toggle`, a mode that is on already is switched off. Answers
    /// the mode.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn set_looping(&self, mode: LoopMode, toggle: bool) -> Result<LoopMode, CommandError> {
        self.ask(|reply| Command::Loop { mode, toggle, reply }).await
    }

    /// Changes the volume, in per cent; `None` only asks. Answers the volume.
    ///
    /// # Errors
    /// Only when the actor is gone: a number out of bounds is taken for the nearest one within.
    pub async fn volume(&self, percent: Option<u16>) -> Result<u16, CommandError> {
        self.ask(|reply| Command::Volume { percent, reply }).await
    }

    /// Stops the music, clears the queue and leaves the channel.
    ///
    /// # Errors
    /// When the bot is in no channel and has nothing to play.
    pub async fn disconnect(&self) -> Result<(), CommandError> {
        self.ask(|reply| Command::Disconnect { reply }).await
    }

    /// A page of the queue, from 1, with `size` tracks; `None`: as many as the guild has set.
    ///
    /// # Errors
    /// Only when the actor is gone: an empty queue is an answer.
    pub async fn queue(&self, page: usize, size: Option<usize>) -> Result<QueueView, CommandError> {
        self.ask(|reply| Command::Queue { page, size, reply }).await
    }

    /// What has played, the most recent first.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn history(&self) -> Result<Vec<Arc<Track>>, CommandError> {
        self.ask(|reply| Command::History { reply }).await
    }

    /// What plays now.
    ///
    /// # Errors
    /// When nothing does.
    pub async fn now_playing(&self) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::NowPlaying { reply }).await
    }

    /// How the voice connection is, with a page (from 1) of what happened to it, newest first.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn voice_status(&self, page: usize) -> Result<VoiceStatus, CommandError> {
        self.ask(|reply| Command::VoiceStatus { page, reply }).await
    }

    /// Somebody who may do so does not want to wait: ends a pause, asks back a bot that stays out, or makes a connection
    /// that seems to stand anew. `voice_channel` is where they are: a bot with music and no channel comes there.
    ///
    /// # Errors
    /// When the bot is in no channel and there is nothing to come back with, or nowhere to come to.
    pub async fn recover(&self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        self.ask(|reply| Command::Recover { voice_channel, reply }).await
    }

    /// What the guild has set for itself.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn settings(&self) -> Result<GuildSettings, CommandError> {
        self.ask(|reply| Command::Settings { reply }).await
    }

    /// Changes a setting of the guild; answers all of them.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn configure(&self, change: SettingChange) -> Result<GuildSettings, CommandError> {
        self.ask(|reply| Command::Configure { change, reply }).await
    }

    /// A message was made that says what plays, or (`None`) it has gone. Never blocks; without an actor it is dropped.
    pub fn panel_is(&self, place: Option<MessagePlace>) {
        self.tell(Command::PanelIs { place });
    }

    /// An interruption's message was made, or (`None`) it says its last word. It is kept in mind so that it does not stand
    /// there for ever when the process is killed. Never blocks.
    pub fn incident_message_is(&self, place: Option<MessagePlace>) {
        self.tell(Command::IncidentMessageIs { place });
    }

    fn tell(&self, command: Command) {
        // A full mailbox has no room for what is only nice to know, and an error says that the actor has ended.
        let _ = self.commands.try_send(Message::Command(command));
    }

    /// Tells the guild what the main gateway said. Never blocks.
    pub fn gateway(&self, event: GatewayEvent) {
        // An error says that the actor has ended; the next command starts another.
        let _ = self.gateway.send(event);
    }

    /// How the voice connection was last seen.
    #[must_use]
    pub fn voice(&self) -> VoiceSummary {
        *self.voice.borrow()
    }

    /// Waits until the voice connection is as `wanted` says. Ends early when the actor does.
    pub async fn wait_for_voice(&self, wanted: impl FnMut(&VoiceSummary) -> bool) {
        // An error says that the actor has ended.
        let _ = self.voice.clone().wait_for(wanted).await;
    }

    pub(crate) async fn shut_down(&self) {
        let _ = self.ask(|reply| Command::ShutDown { reply }).await;
    }

    /// Asks, and answers once what was done is on the disk (or the disk is known not to take it).
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, CommandError>>) -> Command,
    ) -> Result<T, CommandError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Command(command(reply));
        self.commands.send(message).await.map_err(|_| CommandError::Unavailable)?;
        let answer = answer.await.map_err(|_| CommandError::Unavailable)?;
        // The actor hands its record over before it answers.
        self.store.settled().await;
        answer
    }
}
