//! The guild actor: everything mutable about a guild, one message at a time.

mod commands;
mod incident;
mod message;
mod meter;
mod playback;
mod recover;
mod status;
mod voice;

pub(crate) use message::{Command, Message};

use crate::{GuildHandle, GuildSettings, VoiceSummary, governor::Seat, handle::Inbox, registry::Shared};
use incident::IncidentBook;
use message::Opened;
use meter::Meter;
use playback::Playback;
use refrain_model::{ChannelId, GuildId, Moment};
use refrain_queue::Queue;
use refrain_recovery::{Input, Recovery, Settings};
use refrain_voice::{DriverReport, VoiceDriver};
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
    /// What the recovery machine said last about frames.
    frames_allowed: bool,
    /// Something was heard since the bot last joined.
    has_played: bool,
    /// Where the music was asked for last, and people are told what happens to it.
    text_channel: Option<ChannelId>,
    /// What happened to the voice connection, and what people are told of it.
    book: IncidentBook,
    /// What the guild has set for itself.
    settings: GuildSettings,
    /// The way back in for what tasks have found out.
    mailbox: mpsc::WeakSender<Message>,
    /// Somebody waits for the actor to have left voice and ended.
    leaving: Option<oneshot::Sender<Result<(), crate::CommandError>>>,
}

impl Actor {
    pub(crate) fn new(guild: GuildId, shared: Arc<Shared>, driver: Box<dyn VoiceDriver>, handle: &GuildHandle) -> Self {
        // Jitter must differ from guild to guild and from run to run; nothing else depends on it.
        let seed = RandomState::new().hash_one(guild.get());
        let settings = shared.settings_of(guild);
        let mut actor = Self {
            guild,
            recovery: Recovery::new(shared.settings.recovery.clone(), seed),
            seat: shared.turns.seat(guild),
            meter: Meter::new(guild),
            driver,
            queue: Queue::new(shared.settings.limits),
            playback: None,
            frames_allowed: false,
            has_played: false,
            text_channel: None,
            book: IncidentBook::default(),
            settings,
            mailbox: handle.mailbox(),
            leaving: None,
            shared,
        };
        actor.apply(settings);
        actor
    }

    /// Lives until it is told to shut down, or until every handle is gone.
    pub(crate) async fn run(mut self, inbox: Inbox, mut reports: mpsc::UnboundedReceiver<DriverReport>) {
        let Inbox { mut commands, mut gateway, voice } = inbox;
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
            self.carry_out();
            self.tell_people();
            let summary = self.voice_summary();
            voice.send_if_modified(|last| std::mem::replace(last, summary) != summary);
            self.settle();
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
    fn apply(&mut self, settings: GuildSettings) {
        self.settings = settings;
        self.book.set_when_over(settings.when_over);
        self.recovery.handle_input(
            self.now(),
            Input::Settings(Settings {
                auto_rejoin: settings.auto_rejoin.unwrap_or(self.shared.settings.recovery.auto_rejoin),
            }),
        );
    }

    fn now(&self) -> Moment {
        Moment::from_epoch(self.shared.epoch.elapsed())
    }

    /// When something is due by itself: in the recovery, or in what people are told of it.
    fn wake_up(&self) -> Option<Moment> {
        let recovery = self.recovery.poll_timeout().map(|(at, _why)| at);
        recovery.into_iter().chain(self.book.wake_up()).min()
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
mod turn_tests;
