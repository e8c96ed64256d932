//! The songbird driver.
//!
//! Each connection gets a songbird `Driver` of its own, thrown away with the connection. That costs a few tasks, and buys
//! that nothing of an old connection can reach a new one: songbird's events name no attempt, a retry it has scheduled
//! survives its `leave`, its core waits inline for an attempt to end, and identical connection info is a no-op. The
//! frames live outside it, in a [`FrameStream`], so the music outlives them all.
//!
//! songbird notices that its peer has gone only where a socket says so. What else can be known of a connection comes
//! from an attendant beside it: receiver reports (songbird's `receive` feature; the bot is deaf, so nothing else
//! arrives), and probes of the voice server.

mod attendant;
mod events;
mod frames;
mod report;
mod runtime;
mod vigil;

use crate::{DriverReport, ReportSender, VoiceDriver};
use attendant::{Note, Notes, Watched};
use refrain_audio::FrameStream;
use refrain_model::{GuildId, UserId};
use refrain_recovery::{DriverEvent, FailureKind, Generation, Liveness, VoiceSession};
use runtime::Apart;
use songbird::{
    Config, ConnectionInfo, Driver,
    driver::{
        DecodeMode, DisposalThread,
        retry::{Retry, Strategy},
    },
    tracks::{Track, TrackHandle},
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
            // Otherwise every driver starts a thread for it.
            .disposer(DisposalThread::run());
        Self { config, liveness, probes: Arc::new(Semaphore::new(PROBES)), apart: Arc::new(Apart::start()) }
    }
}

/// The frames and connection of one guild, on songbird.
pub struct SongbirdDriver {
    shared: SongbirdShared,
    guild: GuildId,
    user: UserId,
    reports: ReportSender,
    connection: Option<Connection>,
    stream: Option<FrameStream>,
    flowing: bool,
}

struct Connection {
    generation: Generation,
    driver: Driver,
    notes: Notes,
    track: Option<TrackHandle>,
}

impl Connection {
    fn note(&self, note: Note) {
        // An error says that the guild's actor has ended, and the attendant with it.
        let _ = self.notes.send(note);
    }
}

impl SongbirdDriver {
    /// A driver for `guild`, as `user`, that reports to `reports`.
    #[must_use]
    pub fn new(shared: SongbirdShared, guild: GuildId, user: UserId, reports: ReportSender) -> Self {
        Self { shared, guild, user, reports, connection: None, stream: None, flowing: false }
    }

    /// Gives the connection a songbird track that reads the attached stream, or takes it away.
    fn put_track(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        connection.driver.stop();
        connection.track = self.stream.clone().and_then(|stream| {
            let input = frames::input(stream, self.reports.clone())
                .inspect_err(|error| tracing::error!(%error, "songbird refuses our frames; nothing can be heard"))
                .ok()?;
            let track = Track::new(input);
            Some(connection.driver.play(if self.flowing { track.play() } else { track.pause() }))
        });
        connection.note(Note::Flowing(self.flowing && connection.track.is_some()));
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
        let notes = attendant::attend(Watched {
            guild: self.guild,
            generation,
            endpoint: session.endpoint.clone(),
            limits: self.shared.liveness.clone(),
            reports: self.reports.clone(),
            probes: self.shared.probes.clone(),
        });
        let apart = self.shared.apart.enter();
        let mut driver = Driver::new(self.shared.config.clone());
        events::listen(&mut driver, &notes);
        let attempt = driver.connect(ConnectionInfo {
            channel_id: channel.into(),
            endpoint: session.endpoint,
            guild_id: guild.into(),
            session_id: session.session_id,
            token: session.token,
            user_id: user.into(),
        });
        drop(apart);
        // The outcome itself comes as an event, which keeps quiet about what was wrong.
        let guild = self.guild;
        tokio::spawn(async move {
            if let Err(error) = attempt.await {
                tracing::warn!(guild_id = %guild, %generation, %error, "connecting to the voice server failed");
            }
        });
        self.connection = Some(Connection { generation, driver, notes, track: None });
        self.put_track();
    }

    fn resume(&mut self, generation: Generation) {
        // songbird resumes by itself, at once, or not at all: by the time anybody asks, it has failed.
        self.report(generation, DriverEvent::Closed { code: None, resumable: false });
    }

    fn tear_down(&mut self, generation: Generation) {
        if let Some(mut connection) = self.connection.take_if(|c| c.generation == generation) {
            connection.driver.leave();
        }
    }

    fn attach(&mut self, stream: Option<FrameStream>) {
        self.stream = stream;
        self.put_track();
    }

    fn set_flowing(&mut self, flowing: bool) {
        self.flowing = flowing;
        let Some(connection) = &self.connection else { return };
        connection.note(Note::Flowing(flowing && connection.track.is_some()));
        if let Some(track) = &connection.track {
            // An error says that the track is over, and then there is nothing to hold.
            let _ = if flowing { track.play() } else { track.pause() };
        }
    }

    fn probe(&mut self, generation: Generation) {
        match self.connection.as_ref().filter(|c| c.generation == generation) {
            Some(connection) => connection.note(Note::Probe),
            None => self.report(generation, DriverEvent::Closed { code: None, resumable: false }),
        }
    }
}
