//! The way into a guild's actor.

use crate::{
    CommandError, GuildSettings, NowPlaying, PlayRequest, Played, QueueView, Recovering, SettingChange, Skipped,
    VoiceStatus, VoiceSummary,
    actor::{Command, Message},
};
use refrain_extract::{Extractor, Query};
use refrain_model::ChannelId;
use refrain_recovery::GatewayEvent;
use tokio::sync::{mpsc, oneshot, watch};

/// Commands that may wait in a guild's mailbox. A full one makes commands wait; gateway events have their own way in.
const MAILBOX: usize = 64;

/// A guild's actor, from outside. Cloning gives another handle on the same actor.
#[derive(Clone)]
pub struct GuildHandle {
    commands: mpsc::Sender<Message>,
    gateway: mpsc::UnboundedSender<GatewayEvent>,
    voice: watch::Receiver<VoiceSummary>,
    extractor: Extractor,
}

/// The actor's side of a handle.
pub(crate) struct Inbox {
    pub(crate) commands: mpsc::Receiver<Message>,
    pub(crate) gateway: mpsc::UnboundedReceiver<GatewayEvent>,
    pub(crate) voice: watch::Sender<VoiceSummary>,
}

impl GuildHandle {
    pub(crate) fn new(extractor: Extractor) -> (Self, Inbox) {
        let (commands, commands_out) = mpsc::channel(MAILBOX);
        let (gateway, gateway_out) = mpsc::unbounded_channel();
        let (summary, voice) = watch::channel(VoiceSummary::Idle);
        let inbox = Inbox { commands: commands_out, gateway: gateway_out, voice: summary };
        (Self { commands, gateway, voice, extractor }, inbox)
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
        let query = Query::parse(&request.query)?;
        let found = self.extractor.lookup(&query).await?;
        let info = found.into_iter().next().ok_or(CommandError::NothingFound)?;
        self.ask(|reply| Command::Play { info, request, reply }).await
    }

    /// Skips the current track and `count - 1` after it.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn skip(&self, count: usize) -> Result<Skipped, CommandError> {
        self.ask(|reply| Command::Skip { count, reply }).await
    }

    /// Pauses the music.
    ///
    /// # Errors
    /// When nothing is playing or it is paused already.
    pub async fn pause(&self) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Pause { reply }).await
    }

    /// Goes on after a pause; a bot that was kicked with music left comes back.
    ///
    /// # Errors
    /// When nothing is there to go on with, or it is playing.
    pub async fn resume(&self) -> Result<NowPlaying, CommandError> {
        self.ask(|reply| Command::Resume { reply }).await
    }

    /// Stops the music and clears the queue; the bot stays in the channel. Answers how many tracks that were.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn stop(&self) -> Result<usize, CommandError> {
        self.ask(|reply| Command::Stop { reply }).await
    }

    /// Stops the music, clears the queue and leaves the channel.
    ///
    /// # Errors
    /// When the bot is in no channel and has nothing to play.
    pub async fn disconnect(&self) -> Result<(), CommandError> {
        self.ask(|reply| Command::Disconnect { reply }).await
    }

    /// A page of the queue, from 1.
    ///
    /// # Errors
    /// Only when the actor is gone: an empty queue is an answer.
    pub async fn queue(&self, page: usize) -> Result<QueueView, CommandError> {
        self.ask(|reply| Command::Queue { page, reply }).await
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

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, CommandError>>) -> Command,
    ) -> Result<T, CommandError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Command(command(reply));
        self.commands.send(message).await.map_err(|_| CommandError::Unavailable)?;
        answer.await.map_err(|_| CommandError::Unavailable)?
    }
}
