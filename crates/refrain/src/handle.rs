//! The way into a guild's actor.

use crate::{
    Answer, Command, CommandError, GuildSettings, NowPlaying, PanelFailure, PlayRequest, Played, PlayedAll, QueueView,
    Recovering, Seek, SettingChange, Skipped, Stopped, Undone, VoiceStatus, VoiceSummary,
    actor::{Message, Replied},
    inbox::Inbox,
};
use refrain_model::{ChannelId, GuildId, LoopMode, MessagePlace, Track};
use refrain_recovery::GatewayEvent;
use refrain_store::Store;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, mpsc, mpsc::error::TrySendError, oneshot, watch};

/// Commands that may wait in a guild's mailbox. A full one makes commands wait; gateway events have their own way in.
const MAILBOX: usize = 64;

/// A guild's actor, from outside. Cloning gives another handle on the same actor.
#[derive(Clone)]
pub struct GuildHandle {
    commands: mpsc::Sender<Message>,
    gateway: mpsc::UnboundedSender<GatewayEvent>,
    channel_changed: Arc<Notify>,
    voice: watch::Receiver<VoiceSummary>,
    pub(crate) guild: GuildId,
    pub(crate) store: Arc<dyn Store>,
}

/// Sends a command and unpacks the kind of answer that it has.
macro_rules! ask {
    ($handle:expr, $command:expr, $kind:ident) => {
        match $handle.ask($command).await? {
            Answer::$kind(answer) => Ok(answer),
            other => Err($handle.wrong_kind(&other)),
        }
    };
}

impl GuildHandle {
    pub(crate) fn new(guild: GuildId, store: Arc<dyn Store>) -> (Self, Inbox) {
        let (commands, commands_out) = mpsc::channel(MAILBOX);
        let (gateway, gateway_out) = mpsc::unbounded_channel();
        let (summary, voice) = watch::channel(VoiceSummary::Idle);
        let channel_changed = Arc::new(Notify::new());
        let inbox = Inbox::new(commands_out, gateway_out, channel_changed.clone(), summary);
        (Self { commands, gateway, channel_changed, voice, guild, store }, inbox)
    }

    /// Whether there is an actor, or will be one with the next command.
    pub(crate) fn is_alive(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Finds what `request` asks for and plays it, or puts it in the queue.
    ///
    /// Answers when people can hear it, or at once when other tracks come first.
    ///
    /// # Errors
    /// When the query is no link and no search, nothing is found, the sound cannot be read, or the channel not joined.
    pub async fn play(&self, request: PlayRequest) -> Result<Played, CommandError> {
        ask!(self, Command::Play(request), Played)
    }

    /// Finds several tracks (`queries` replaces the request's query) and plays them, or puts them in the queue. What cannot
    /// be found is left out.
    ///
    /// # Errors
    /// When nothing is found, or the queue takes no more.
    pub async fn play_all(&self, queries: Vec<String>, request: PlayRequest) -> Result<PlayedAll, CommandError> {
        ask!(self, Command::PlayAll { queries, request }, PlayedAll)
    }

    /// Skips the current track and `count - 1` after it.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn skip(&self, count: usize) -> Result<Skipped, CommandError> {
        ask!(self, Command::Skip { count }, Skipped)
    }

    /// Goes on with the track at `position` of the queue, from 1.
    ///
    /// # Errors
    /// When nothing is playing, or there is no such position.
    pub async fn skip_to(&self, position: usize) -> Result<Skipped, CommandError> {
        ask!(self, Command::SkipTo { position }, Skipped)
    }

    /// Goes back to the track that played last; the current one comes after it.
    ///
    /// # Errors
    /// When nothing has played before.
    pub async fn previous(&self) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Previous, NowPlaying)
    }

    /// Plays the current track from its beginning.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn replay(&self) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Replay, NowPlaying)
    }

    /// Goes to `position` of the current track.
    ///
    /// # Errors
    /// When nothing is playing, or the track has no such position.
    pub async fn seek(&self, position: Duration) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Seek(Seek::To(position)), NowPlaying)
    }

    /// Goes on in the current track `ahead` of where it is.
    ///
    /// # Errors
    /// As for [`Self::seek`].
    pub async fn forward(&self, ahead: Duration) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Seek(Seek::Ahead(ahead)), NowPlaying)
    }

    /// Goes `back` in the current track, to its beginning at most.
    ///
    /// # Errors
    /// As for [`Self::seek`].
    pub async fn rewind(&self, back: Duration) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Seek(Seek::Back(back)), NowPlaying)
    }

    /// Pauses the music.
    ///
    /// # Errors
    /// When nothing is playing or it is paused already.
    pub async fn pause(&self) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Pause, NowPlaying)
    }

    /// Goes on after a pause; a bot that was kicked, or stayed away after a restart, with music left comes back.
    /// `voice_channel` is where the person is who asks: a bot that has no channel to go back to comes there.
    ///
    /// # Errors
    /// When nothing is there to go on with, or it is playing.
    pub async fn resume(&self, voice_channel: Option<ChannelId>) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::Resume { voice_channel }, NowPlaying)
    }

    /// Stops the music, clears the queue and ends the look-ups under way; the bot stays in the channel.
    ///
    /// # Errors
    /// When nothing is playing.
    pub async fn stop(&self) -> Result<Stopped, CommandError> {
        ask!(self, Command::Stop, Stopped)
    }

    /// Removes what comes after the current track. Answers how many tracks that were.
    ///
    /// # Errors
    /// Only when the actor is gone: nothing to remove is an answer.
    pub async fn clear(&self) -> Result<usize, CommandError> {
        ask!(self, Command::Clear, Cleared)
    }

    /// Removes `count` tracks from `position` of the queue on, from 1.
    ///
    /// # Errors
    /// When there is no such position.
    pub async fn remove(&self, position: usize, count: usize) -> Result<Vec<Arc<Track>>, CommandError> {
        ask!(self, Command::Remove { position, count }, Removed)
    }

    /// Moves a track of the queue to another position; both count from 1.
    ///
    /// # Errors
    /// When there is no such position.
    pub async fn move_track(&self, from: usize, to: usize) -> Result<Arc<Track>, CommandError> {
        ask!(self, Command::Move { from, to }, Moved)
    }

    /// Brings back what the last clear or remove took away.
    ///
    /// # Errors
    /// When there is nothing to bring back.
    pub async fn undo(&self) -> Result<Undone, CommandError> {
        ask!(self, Command::Undo, Undone)
    }

    /// Shuffles the upcoming tracks, or puts them back into their true order; `None`: whichever it is not. Answers whether
    /// they are shuffled now.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn shuffle(&self, on: Option<bool>) -> Result<bool, CommandError> {
        ask!(self, Command::Shuffle { on }, Shuffled)
    }

    /// What happens at the end of a track from now on. With `toggle`, a mode that is on already is switched off. Answers
    /// the mode.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn set_looping(&self, mode: LoopMode, toggle: bool) -> Result<LoopMode, CommandError> {
        ask!(self, Command::Loop { mode, toggle }, Looping)
    }

    /// Changes the volume, in per cent; `None` only asks. Answers the volume.
    ///
    /// # Errors
    /// Only when the actor is gone: a number out of bounds is taken for the nearest one within.
    pub async fn volume(&self, percent: Option<u16>) -> Result<u16, CommandError> {
        ask!(self, Command::Volume { percent }, Volume)
    }

    /// Stops the music, clears the queue, ends the look-ups under way and leaves the channel.
    ///
    /// # Errors
    /// When the bot is in no channel and has nothing to play.
    pub async fn disconnect(&self) -> Result<Stopped, CommandError> {
        ask!(self, Command::Disconnect, Disconnected)
    }

    /// A page of the queue, from 1, with `size` tracks; `None`: as many as the guild has set.
    ///
    /// # Errors
    /// Only when the actor is gone: an empty queue is an answer.
    pub async fn queue(&self, page: usize, size: Option<usize>) -> Result<QueueView, CommandError> {
        let view: Box<QueueView> = ask!(self, Command::Queue { page, size }, Queue)?;
        Ok(*view)
    }

    /// What has played, the most recent first.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn history(&self) -> Result<Vec<Arc<Track>>, CommandError> {
        ask!(self, Command::History, History)
    }

    /// What plays now.
    ///
    /// # Errors
    /// When nothing does.
    pub async fn now_playing(&self) -> Result<NowPlaying, CommandError> {
        ask!(self, Command::NowPlaying, NowPlaying)
    }

    /// How the voice connection is, with a page (from 1) of what happened to it, newest first.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn voice_status(&self, page: usize) -> Result<VoiceStatus, CommandError> {
        let status: Box<VoiceStatus> = ask!(self, Command::VoiceStatus { page }, VoiceStatus)?;
        Ok(*status)
    }

    /// Somebody who may do so does not want to wait: ends a pause, asks back a bot that stays out, or makes a connection
    /// that seems to stand anew. `voice_channel` is where they are: a bot with music and no channel comes there.
    ///
    /// # Errors
    /// When the bot is in no channel and there is nothing to come back with, or nowhere to come to.
    pub async fn recover(&self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        ask!(self, Command::Recover { voice_channel }, Recovering)
    }

    /// What the guild has set for itself.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn settings(&self) -> Result<GuildSettings, CommandError> {
        ask!(self, Command::Settings, Settings)
    }

    /// Changes a setting of the guild; answers all of them.
    ///
    /// # Errors
    /// Only when the actor is gone.
    pub async fn configure(&self, change: SettingChange) -> Result<GuildSettings, CommandError> {
        ask!(self, Command::Configure(change), Settings)
    }

    /// A message was made that says what plays, or (`None`) it has gone. Never blocks; without an actor it is dropped.
    pub fn panel_is(&self, place: Option<MessagePlace>) {
        self.tell(Message::PanelIs(place));
    }

    /// An interruption's message was made, or (`None`) it says its last word. It is kept in mind so that it does not stand
    /// there for ever when the process is killed. Never blocks.
    pub fn incident_message_is(&self, place: Option<MessagePlace>) {
        self.tell(Message::IncidentMessageIs(place));
    }

    /// The panel could not be shown. Never blocks.
    pub fn panel_failed(&self, failure: PanelFailure) {
        self.tell(Message::PanelFailed(failure));
    }

    fn tell(&self, message: Message) {
        // A closed mailbox says that the actor has ended; into a full one it goes as soon as there is room.
        if let Err(TrySendError::Full(message)) = self.commands.try_send(message) {
            let commands = self.commands.clone();
            tokio::spawn(async move { commands.send(message).await });
        }
    }

    /// Tells the guild what the main gateway said. Never blocks.
    pub fn gateway(&self, event: GatewayEvent) {
        // An error says that the actor has ended: the guild is gone, or the process ends.
        let _ = self.gateway.send(event);
    }

    /// Permissions, roles or members' voice states changed in a way that may concern the bot's channel: the guild looks at
    /// the channel again. Many calls in a row are one look. Never blocks.
    pub fn channel_changed(&self) {
        self.channel_changed.notify_one();
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
        // An error says that the actor has ended already.
        let _ = self.ask(Command::ShutDown).await;
    }

    /// Asks, and answers once what was done is on the disk (or the disk is known not to take it).
    pub(crate) async fn ask(&self, command: Command) -> Result<Answer, CommandError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Command { command, reply };
        self.commands.send(message).await.map_err(|_| CommandError::Unavailable)?;
        let Replied { result, after_save } = answer.await.map_err(|_| CommandError::Unavailable)?;
        if after_save {
            // The actor has handed the record over before it answered.
            self.store.settled().await;
        }
        result
    }

    /// The guild answered something else than what was asked for.
    fn wrong_kind(&self, answer: &Answer) -> CommandError {
        tracing::error!(guild_id = %self.guild, ?answer, "a command got the answer to another one: this is a bug, please report it");
        CommandError::Unavailable
    }
}
