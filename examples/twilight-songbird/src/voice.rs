//! songbird, told what to do: one `Driver` for each connection, thrown away with it, so that nothing late of one can be
//! taken for news of the next.

use crate::sound::Sound;
use refrain_model::{GuildId, UserId};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, Generation, VoiceSession};
use songbird::{
    Config, ConnectionInfo, CoreEvent, Driver, Event, EventContext, EventHandler,
    driver::retry::{Retry, Strategy},
    events::{
        EventData,
        context_data::{DisconnectKind, DisconnectReason},
    },
    tracks::{Track, TrackHandle},
};
use std::{
    future::Future,
    num::{NonZeroU8, NonZeroU64},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// What songbird says, and of which connection.
pub(crate) type Reports = mpsc::UnboundedSender<(Generation, DriverEvent)>;

/// How often songbird tells where it is.
const STEP: Duration = Duration::from_millis(20);

/// One guild's voice.
pub(crate) struct Voice {
    guild: GuildId,
    reports: Reports,
    connection: Option<Connection>,
    sound: Option<Sound>,
    /// Where the present track of songbird's began.
    from: Duration,
    /// How far it has come since, in milliseconds.
    played: Arc<AtomicU64>,
    flowing: bool,
}

struct Connection {
    generation: Generation,
    driver: Driver,
    track: Option<TrackHandle>,
}

impl Voice {
    pub(crate) fn new(guild: GuildId, reports: Reports) -> Self {
        let played = Arc::default();
        Self { guild, reports, connection: None, sound: None, from: Duration::ZERO, played, flowing: false }
    }

    /// Another sound, from its beginning; says where that is.
    pub(crate) fn play(&mut self, sound: Sound) -> Duration {
        self.sound = Some(sound);
        self.put_track(Duration::ZERO);
        Duration::ZERO
    }

    pub(crate) fn position(&self) -> Duration {
        self.from + Duration::from_millis(self.played.load(Ordering::Relaxed))
    }

    pub(crate) fn connect(&mut self, generation: Generation, session: VoiceSession, user: UserId) {
        let number = |id: u64| NonZeroU64::new(id).ok_or(FailureKind::Protocol);
        let ids = number(session.channel.get()).and_then(|channel| Ok((channel, number(self.guild.get())?)));
        let (Ok((channel, guild)), Ok(user)) = (ids, number(user.get())) else {
            return self.report(generation, DriverEvent::Failed { kind: FailureKind::Protocol });
        };
        // One layer decides about retries, and it is not songbird. It cannot be told "never", so: once, at once.
        let retry =
            Retry { strategy: Strategy::Every(Duration::from_millis(1).into()), retry_limit: Some(NonZeroU8::MIN) };
        let mut driver = Driver::new(Config::default().driver_retry(retry));
        for event in [CoreEvent::DriverConnect, CoreEvent::DriverReconnect, CoreEvent::DriverDisconnect] {
            driver.add_global_event(event.into(), Listener { generation, reports: self.reports.clone() });
        }
        let attempt = driver.connect(ConnectionInfo {
            channel_id: channel.into(),
            endpoint: session.endpoint,
            guild_id: guild.into(),
            session_id: session.session_id,
            token: session.token,
            user_id: user.into(),
        });
        // Its outcome comes as an event.
        tokio::spawn(attempt);
        let position = self.position();
        // One connection at a time: an older one that still carried the sound goes, which is held until this one stands.
        self.flowing = false;
        self.connection = Some(Connection { generation, driver, track: None });
        self.put_track(position);
    }

    /// songbird resumes by itself, at once, or not at all: by the time anybody asks, it has failed.
    pub(crate) fn resume(&self, generation: Generation) {
        self.report(generation, DriverEvent::Closed { code: None, resumable: false });
    }

    pub(crate) fn tear_down(&mut self, generation: Generation) {
        if let Some(mut connection) = self.connection.take_if(|c| c.generation == generation) {
            connection.driver.leave();
        }
    }

    /// Lets the frames flow, from another position where one is named.
    pub(crate) fn start(&mut self, from: Option<Duration>) {
        self.flowing = true;
        if let Some(position) = from {
            self.put_track(position);
        }
        if let Some(track) = self.connection.as_ref().and_then(|c| c.track.as_ref()) {
            // An error says that the track is over.
            let _ = track.play();
        }
    }

    pub(crate) fn stop(&mut self) {
        self.flowing = false;
        if let Some(track) = self.connection.as_ref().and_then(|c| c.track.as_ref()) {
            // As above.
            let _ = track.pause();
        }
    }

    /// Gives the connection a track that begins at `position`.
    fn put_track(&mut self, position: Duration) {
        self.from = position;
        // A counter of its own: the last word of the track before it must not count for this one.
        self.played = Arc::default();
        let (Some(connection), Some(sound)) = (&mut self.connection, &self.sound) else { return };
        let mut track = Track::new(sound.from(position));
        let playhead = Playhead { played: self.played.clone() };
        track.events.add_event(EventData::new(Event::Periodic(STEP, None), playhead), Duration::ZERO);
        connection.driver.stop();
        connection.track = Some(connection.driver.play(if self.flowing { track.play() } else { track.pause() }));
    }

    fn report(&self, generation: Generation, event: DriverEvent) {
        // An error says that the bot is ending.
        let _ = self.reports.send((generation, event));
    }
}

/// Notes where a track is.
struct Playhead {
    played: Arc<AtomicU64>,
}

impl EventHandler for Playhead {
    fn act<'a, 'b, 'c, 'f>(
        &'a self,
        context: &'b EventContext<'c>,
    ) -> Pin<Box<dyn Future<Output = Option<Event>> + Send + 'f>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        if let EventContext::Track([(state, _)]) = context {
            let millis = u64::try_from(state.position.as_millis()).unwrap_or(u64::MAX);
            self.played.store(millis, Ordering::Relaxed);
        }
        Box::pin(std::future::ready(None))
    }
}

/// Tells what becomes of a connection.
struct Listener {
    generation: Generation,
    reports: Reports,
}

impl EventHandler for Listener {
    fn act<'a, 'b, 'c, 'f>(
        &'a self,
        context: &'b EventContext<'c>,
    ) -> Pin<Box<dyn Future<Output = Option<Event>> + Send + 'f>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        #[expect(clippy::wildcard_enum_match_arm, reason = "songbird's enum may grow; these three were asked for")]
        let event = match context {
            EventContext::DriverConnect(_) => Some(DriverEvent::Connected),
            EventContext::DriverReconnect(_) => Some(DriverEvent::Resumed),
            EventContext::DriverDisconnect(data) => {
                let code = match data.reason {
                    Some(DisconnectReason::WsClosed(code)) => code.map(|code| CloseCode(code as u16)),
                    _ => None,
                };
                match (data.kind, data.reason) {
                    (DisconnectKind::Connect, Some(DisconnectReason::TimedOut)) => {
                        Some(DriverEvent::Failed { kind: FailureKind::TimedOut })
                    }
                    (DisconnectKind::Connect, _) => Some(DriverEvent::Failed { kind: FailureKind::Closed(code) }),
                    (_, Some(DisconnectReason::Requested)) => None,
                    _ => Some(DriverEvent::Closed { code, resumable: false }),
                }
            }
            _ => None,
        };
        if let Some(event) = event {
            // An error says that the bot is ending.
            let _ = self.reports.send((self.generation, event));
        }
        Box::pin(std::future::ready(None))
    }
}
