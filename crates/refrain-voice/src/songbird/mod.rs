//! The songbird driver.
//!
//! Each connection gets a songbird `Driver` of its own, thrown away with the connection. That costs a few tasks, and buys
//! that nothing of an old connection can reach a new one: songbird's events name no attempt, a retry it has scheduled
//! survives its `leave`, its core waits inline for an attempt to end, and identical connection info is a no-op. The
//! frames live outside it, in a [`FrameStream`], so the music outlives them all.

mod events;
mod frames;

use crate::{ReportSender, VoiceDriver};
use refrain_audio::FrameStream;
use refrain_model::{GuildId, UserId};
use refrain_recovery::{DriverEvent, Generation, VoiceSession};
use songbird::{
    Config, ConnectionInfo, Driver,
    driver::{
        DisposalThread,
        retry::{Retry, Strategy},
    },
    tracks::{Track, TrackHandle},
};
use std::{num::NonZeroU8, num::NonZeroU64, time::Duration};

/// What the songbird drivers of a process share.
#[derive(Clone)]
pub struct SongbirdShared {
    config: Config,
}

impl SongbirdShared {
    /// `connect_timeout` bounds one attempt to connect, from the socket to the session description.
    ///
    /// Installs rustls' ring provider as the process default if there is none yet: songbird needs one.
    #[must_use]
    pub fn new(connect_timeout: Duration) -> Self {
        // An error says that a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Config::default()
            // One layer decides about retries, and it is not this one. songbird cannot be told "never", so: once, at once.
            .driver_retry(Retry {
                strategy: Strategy::Every(Duration::from_millis(1).into()),
                retry_limit: Some(NonZeroU8::MIN),
            })
            .driver_timeout(Some(connect_timeout))
            // Otherwise every driver starts a thread for it.
            .disposer(DisposalThread::run());
        Self { config }
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
    track: Option<TrackHandle>,
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
    }
}

impl VoiceDriver for SongbirdDriver {
    fn connect(&mut self, generation: Generation, session: VoiceSession) {
        let (Some(channel), Some(guild), Some(user)) = (
            NonZeroU64::new(session.channel.get()),
            NonZeroU64::new(self.guild.get()),
            NonZeroU64::new(self.user.get()),
        ) else {
            events::report_failed(&self.reports, generation, refrain_recovery::FailureKind::Protocol);
            return;
        };
        let mut driver = Driver::new(self.shared.config.clone());
        events::listen(&mut driver, generation, &self.reports);
        let attempt = driver.connect(ConnectionInfo {
            channel_id: channel.into(),
            endpoint: session.endpoint,
            guild_id: guild.into(),
            session_id: session.session_id,
            token: session.token,
            user_id: user.into(),
        });
        // The outcome itself comes as an event, which keeps quiet about what was wrong.
        let guild = self.guild;
        tokio::spawn(async move {
            if let Err(error) = attempt.await {
                tracing::warn!(guild_id = %guild, %generation, %error, "connecting to the voice server failed");
            }
        });
        self.connection = Some(Connection { generation, driver, track: None });
        self.put_track();
    }

    fn resume(&mut self, generation: Generation) {
        // songbird resumes by itself, at once, or not at all: by the time anybody asks, it has failed.
        let event = DriverEvent::Closed { code: None, resumable: false };
        events::report(&self.reports, generation, event);
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
        if let Some(track) = self.connection.as_ref().and_then(|c| c.track.as_ref()) {
            // An error says that the track is over, and then there is nothing to hold.
            let _ = if flowing { track.play() } else { track.pause() };
        }
    }
}
