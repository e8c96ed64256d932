//! The songbird driver.
//!
//! Each connection gets a songbird `Driver` of its own, thrown away with the connection. That costs a few tasks, and buys
//! that nothing of an old connection can reach a new one: songbird's events name no attempt, a retry it has scheduled
//! survives its `leave`, its core waits inline for an attempt to end, and identical connection info is a no-op. The
//! frames live outside it, in a [`FrameStream`], so the music outlives them all. Where a connection is made while an older
//! one still carries the frames there are two `Driver`s, and a [baton](Baton) says which of them takes the next frame.
//!
//! songbird notices that its peer has gone only where a socket says so. What else can be known of a connection comes
//! from an attendant beside it: receiver reports (songbird's `receive` feature; the bot is deaf, so nothing else
//! arrives), and probes of the voice server.

mod attendant;
mod baton;
mod connection;
mod events;
mod frames;
mod freeze;
mod pace;
mod report;
mod runtime;
mod vigil;

use crate::{DriverReport, ReportSender, VoiceDriver};
use attendant::{Note, Watched};
use baton::Baton;
use connection::Connection;
use frames::Source;
use freeze::FreezeWatch;
use refrain_audio::FrameStream;
use refrain_model::{GuildId, UserId};
use refrain_recovery::{DriverEvent, FailureKind, Generation, Liveness, VoiceSession};
use runtime::Apart;
use songbird::{
    Config, ConnectionInfo, Driver,
    driver::{
        DecodeMode, DisposalThread, Scheduler, SchedulerConfig,
        retry::{Retry, Strategy},
    },
};
use std::{num::NonZeroU8, num::NonZeroU64, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Probes of voice servers under way at a time, in the process: a health check of a thousand guilds is no attack.
const PROBES: usize = 16;

/// What the songbird drivers of a process share.
#[derive(Clone)]
pub struct SongbirdShared {
    config: Config,
    liveness: Liveness,
    probes: Arc<Semaphore>,
    apart: Arc<Apart>,
    freezes: Arc<FreezeWatch>,
}

impl SongbirdShared {
    /// `connect_timeout` bounds one attempt to connect, from the socket to the session description; `liveness` says how
    /// long a silent voice server is waited for.
    ///
    /// Installs rustls' ring provider as the process default if there is none yet: songbird needs one. Starts the threads
    /// that songbird's tasks run on.
    #[must_use]
    pub fn new(connect_timeout: Duration, liveness: Liveness) -> Self {
        // An error says that a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Config::default()
            // One layer decides about retries, and it is not this one. songbird cannot be told "never", so: once, at once.
            .driver_retry(Retry {
                strategy: Strategy::Every(Duration::from_millis(1).into()),
                retry_limit: Some(NonZeroU8::MIN),
            })
            .driver_timeout(Some(connect_timeout))
            // For the receiver reports. The bot is deaf: there is no voice to decrypt.
            .decode_mode(DecodeMode::Decrypt)
            .scheduler(Scheduler::new(steady()))
            // Otherwise every driver starts a thread for it.
            .disposer(DisposalThread::run());
        let (apart, freezes) = (Apart::start(), FreezeWatch::new());
        apart.spawn(FreezeWatch::run(Arc::downgrade(&freezes)));
        Self { config, liveness, probes: Arc::new(Semaphore::new(PROBES)), apart: Arc::new(apart), freezes }
    }
}

/// songbird's mixers stay on their threads. By default one whose beat took long goes to another thread, and on a machine
/// that is busy for a moment, connections fall silent for good that way. Passing frames on is never expensive.
fn steady() -> SchedulerConfig {
    let mut config = SchedulerConfig::default();
    config.move_expensive_tasks = false;
    config
}

/// How long a connection still carries the frames that have gone over to a newer one: that one takes its first at
/// songbird's next beat, or the one after.
const LINGER: Duration = Duration::from_millis(100);

/// The frames and connections of one guild, on songbird.
pub struct SongbirdDriver {
    shared: SongbirdShared,
    guild: GuildId,
    user: UserId,
    reports: ReportSender,
    /// The newest connection.
    connection: Option<Connection>,
    /// The one before, which carries the frames until that one takes them.
    fading: Option<Connection>,
    baton: Arc<Baton>,
    source: Option<Arc<Source>>,
    flowing: bool,
}

impl SongbirdDriver {
    /// A driver for `guild`, as `user`, that reports to `reports`.
    #[must_use]
    pub fn new(shared: SongbirdShared, guild: GuildId, user: UserId, reports: ReportSender) -> Self {
        Self {
            shared,
            guild,
            user,
            reports,
            connection: None,
            fading: None,
            baton: Arc::default(),
            source: None,
            flowing: false,
        }
    }

    fn connections(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.fading.iter_mut().chain(&mut self.connection)
    }

    /// A songbird driver that connects, and the attendant beside it.
    fn open(&self, generation: Generation, info: ConnectionInfo) -> Connection {
        let notes = attendant::attend(Watched {
            guild: self.guild,
            generation,
            endpoint: info.endpoint.clone(),
            limits: self.shared.liveness.clone(),
            reports: self.reports.clone(),
            probes: self.shared.probes.clone(),
            freezes: Arc::clone(&self.shared.freezes),
        });
        let (apart, is_up) = (self.shared.apart.enter(), Arc::default());
        let mut driver = Driver::new(self.shared.config.clone());
        events::listen(&mut driver, &notes, &is_up);
        let attempt = driver.connect(info);
        drop(apart);
        // The outcome itself comes as an event, which keeps quiet about what was wrong.
        let guild = self.guild;
        tokio::spawn(async move {
            if let Err(error) = attempt.await {
                tracing::warn!(guild_id = %guild, %generation, %error, "connecting to the voice server failed");
            }
        });
        Connection::new(generation, driver, notes, is_up, Arc::clone(&self.baton))
    }

    fn report(&self, generation: Generation, event: DriverEvent) {
        // An error says that the guild's actor has ended, and then nobody wants to know.
        let _ = self.reports.send(DriverReport::Connection { generation, event });
    }
}

impl VoiceDriver for SongbirdDriver {
    fn connect(&mut self, generation: Generation, session: VoiceSession) {
        let (Some(channel), Some(guild), Some(user)) = (
            NonZeroU64::new(session.channel.get()),
            NonZeroU64::new(self.guild.get()),
            NonZeroU64::new(self.user.get()),
        ) else {
            return self.report(generation, DriverEvent::Failed { kind: FailureKind::Protocol });
        };
        let info = ConnectionInfo {
            channel_id: channel.into(),
            endpoint: session.endpoint,
            guild_id: guild.into(),
            session_id: session.session_id,
            token: session.token,
            user_id: user.into(),
        };
        let mut connection = self.open(generation, info);
        connection.play(self.source.clone(), self.flowing);
        if let Some(before) = self.connection.replace(connection) {
            self.fading = Some(before);
        }
    }

    fn resume(&mut self, generation: Generation) {
        // songbird resumes by itself, at once, or not at all: by the time anybody asks, it has failed.
        self.report(generation, DriverEvent::Closed { code: None, resumable: false });
    }

    fn tear_down(&mut self, generation: Generation) {
        drop(self.connection.take_if(|c| c.generation == generation));
        let Some(fading) = self.fading.take_if(|c| c.generation == generation) else { return };
        // songbird takes one beat to put the new connection to work and may take less to end this one.
        if self.flowing && self.connection.as_ref().is_some_and(Connection::is_up) {
            let silent = fading.without_attendant();
            tokio::spawn(async move {
                tokio::time::sleep(LINGER).await;
                drop(silent);
            });
        }
    }

    fn attach(&mut self, stream: Option<FrameStream>) {
        let source = stream.map(|stream| Source::new(stream, self.reports.clone()));
        self.source.clone_from(&source);
        self.baton.restart_pace();
        let flowing = self.flowing;
        self.connections().for_each(|connection| connection.play(source.clone(), flowing));
    }

    fn set_flowing(&mut self, flowing: bool) {
        self.flowing = flowing;
        self.baton.set_flowing(flowing);
        self.connections().for_each(|connection| connection.set_flowing(flowing));
    }

    fn probe(&mut self, generation: Generation) {
        if let Some(connection) = self.connections().find(|c| c.generation == generation) {
            return connection.note(Note::Probe);
        }
        self.report(generation, DriverEvent::Closed { code: None, resumable: false });
    }
}
