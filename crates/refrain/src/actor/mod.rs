//! The guild actor: everything mutable about a guild, one message at a time.

mod comeback;
mod commands;
mod edit;
mod incident;
mod memory;
mod message;
mod meter;
mod panel;
mod playback;
mod recover;
mod rest;
mod status;
mod voice;

pub(crate) use message::{Command, Message, Seek};

use crate::{CommandError, GuildHandle, VoiceSummary, governor::Seat, handle::Inbox, registry::Shared};
use comeback::{Comeback, Returning};
use incident::IncidentBook;
use memory::Memory;
use message::{Opened, Reply};
use meter::Meter;
use panel::PanelKeeper;
use playback::Playback;
use refrain_model::{AskedMessage, ChannelId, GuildId, GuildSettings, MessagePlace, Moment, Playhead};
use refrain_queue::Queue;
use refrain_recovery::{Input, Recovery, Settings};
use refrain_voice::{DriverReport, VoiceDriver};
use rest::Rest;
use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Instant,
};
use tokio::sync::{mpsc, oneshot};

/// One guild.
pub(crate) struct Actor {
    guild: GuildId,
    shared: Arc<Shared>,
    recovery: Recovery,
    /// Where attempts wait for their turn.
    seat: Seat,
    meter: Meter,
    driver: Box<dyn VoiceDriver>,
    queue: Queue,
    playback: Option<Playback>,
    /// Where the current track goes on when it is opened next.
    kept: Option<Playhead>,
    /// Paused by a person, or until somebody presses Resume after a restart.
    paused: bool,
    /// In per cent; `None`: the guild's default.
    volume: Option<u16>,
    /// What the recovery machine said last about frames.
    frames_allowed: bool,
    /// Something was heard since the bot last joined.
    has_played: bool,
    /// Where the music was asked for last, and people are told what happens to it.
    text_channel: Option<ChannelId>,
    /// What happened to the voice connection, and what people are told of it.
    book: IncidentBook,
    /// What the guild has set for itself; `None`: nothing.
    own_settings: Option<GuildSettings>,
    /// The channel to be in that a restart goes back to.
    wanted: Option<ChannelId>,
    /// What the store was given.
    memory: Memory,
    /// After a restart, until it is decided what to do.
    comeback: Option<Comeback>,
    /// After a restart, until the music is heard.
    returning: Option<Returning>,
    panel: PanelKeeper,
    /// The message of an interruption, while it says that the music is away.
    incident_message: Option<MessagePlace>,
    /// The same, from before it is made until its place is known.
    incident_asked: Option<AskedMessage>,
    rest: Rest,
    /// Answers that go out once what was done is with the store.
    answers: Vec<Box<dyn FnOnce() + Send>>,
    /// The way back in for what tasks have found out.
    mailbox: mpsc::WeakSender<Message>,
    /// Somebody waits for the actor to have left voice and ended.
    leaving: Option<oneshot::Sender<Result<(), CommandError>>>,
}

impl Actor {
    pub(crate) fn new(guild: GuildId, shared: Arc<Shared>, driver: Box<dyn VoiceDriver>, handle: &GuildHandle) -> Self {
        // Jitter must differ from guild to guild and from run to run; nothing else depends on it.
        let seed = RandomState::new().hash_one(guild.get());
        let mut actor = Self {
            guild,
            recovery: Recovery::new(shared.settings.recovery.clone(), seed),
            seat: shared.turns.seat(guild),
            meter: Meter::new(guild),
            driver,
            queue: Queue::new(shared.settings.limits),
            playback: None,
            kept: None,
            paused: false,
            volume: None,
            frames_allowed: false,
            has_played: false,
            text_channel: None,
            book: IncidentBook::default(),
            own_settings: None,
            wanted: None,
            memory: Memory::default(),
            comeback: None,
            returning: None,
            panel: PanelKeeper::default(),
            incident_message: None,
            incident_asked: None,
            rest: Rest::default(),
            answers: Vec::new(),
            mailbox: handle.mailbox(),
            leaving: None,
            shared,
        };
        actor.apply();
        actor
    }

    /// Lives until it is told to shut down, or until every handle is gone.
    pub(crate) async fn run(mut self, inbox: Inbox, mut reports: mpsc::UnboundedReceiver<DriverReport>) {
        let Inbox { mut commands, mut gateway, voice } = inbox;
        self.recall().await;
        loop {
            let wake_up = self.wake_up().map(|at| self.instant(at));
            tokio::select! {
                // What has happened comes before what is wanted: a command must see the state as it is.
                biased;
                Some(report) = reports.recv() => self.driver_reported(report),
                Some(event) = gateway.recv() => self.gateway_said(event),
                () = self.seat.granted() => self.turn_came(),
                () = sleep_until(wake_up) => self.recovery.handle_timeout(self.now()),
                message = commands.recv() => match message {
                    Some(Message::Command(command)) => self.command(command),
                    Some(Message::Opened(opened)) => self.opened(opened),
                    None => return,
                },
            }
            self.rest();
            self.carry_out();
            self.tell_people();
            self.settle();
            self.show_panel();
            self.remember();
            self.answers.drain(..).for_each(|answer| answer());
            let summary = self.voice_summary();
            voice.send_if_modified(|last| std::mem::replace(last, summary) != summary);
            if summary == VoiceSummary::Idle
                && let Some(left) = self.leaving.take()
            {
                // An error says that nobody waits any more; the actor ends all the same.
                let _ = left.send(Ok(()));
                return;
            }
        }
    }

    /// What the guild wants counts from now on.
    fn apply(&mut self) {
        self.book.set_when_over(self.settings().when_over);
        let settings = Settings { auto_rejoin: self.auto_rejoin() };
        self.recovery.handle_input(self.now(), Input::Settings(settings));
    }

    /// Answers somebody, once what was done is with the store. An answer that nobody waits for any more is dropped.
    fn answer<T: Send + 'static>(&mut self, reply: Reply<T>, result: Result<T, CommandError>) {
        self.answers.push(Box::new(move || drop(reply.send(result))));
    }

    fn now(&self) -> Moment {
        Moment::from_epoch(self.shared.epoch.elapsed())
    }

    /// When something is due by itself: in the recovery, or in what people are told of it.
    fn wake_up(&self) -> Option<Moment> {
        let recovery = self.recovery.poll_timeout().map(|(at, _why)| at);
        recovery.into_iter().chain(self.book.wake_up()).chain(self.rest_wake_up()).min()
    }

    /// The moment on tokio's clock; `None` when it is too far away to be waited for.
    fn instant(&self, moment: Moment) -> Option<Instant> {
        self.shared.epoch.checked_add(moment.since_epoch())
    }
}

async fn sleep_until(wake_up: Option<Option<Instant>>) {
    match wake_up.flatten() {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// Runs an actor; a panic in it ends that guild's music and nothing else, and the next command starts it anew.
pub(crate) async fn supervise(guild: GuildId, actor: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = tokio::spawn(actor).await
        && error.is_panic()
    {
        tracing::error!(guild_id = %guild, "the guild's actor failed and will be started again: this is a bug, please report it");
    }
}

#[cfg(test)]
mod recall_tests;
#[cfg(test)]
mod turn_tests;
