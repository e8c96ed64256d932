//! How far the tracks that play have been heard, kept for all guilds by one task: a timer and a wake-up in each of a
//! thousand actors would cost more than the music.

use refrain_audio::FrameStream;
use refrain_model::{GuildId, Playhead, TrackId};
use refrain_store::Store;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How often the positions are looked at. The store takes up to half a second to commit them, and together that must stay
/// under the second that a killed process may lose.
const EVERY: Duration = Duration::from_millis(300);

/// What plays, by guild.
#[derive(Default)]
pub(crate) struct Playheads {
    playing: Mutex<BTreeMap<GuildId, Playing>>,
}

struct Playing {
    track: TrackId,
    stream: FrameStream,
    kept: Duration,
}

impl Playheads {
    /// Starts to look. Ends when the last handle has gone. Must be called within a tokio runtime.
    pub(crate) fn start(store: Arc<dyn Store>) -> Arc<Self> {
        let playheads = Arc::new(Self::default());
        tokio::spawn(look(Arc::downgrade(&playheads), store));
        playheads
    }

    /// From now on the guild plays this.
    pub(crate) fn watch(&self, guild: GuildId, track: TrackId, stream: FrameStream) {
        let kept = stream.position();
        self.lock().insert(guild, Playing { track, stream, kept });
    }

    /// The guild plays nothing more, or something else soon.
    pub(crate) fn forget(&self, guild: GuildId) {
        self.lock().remove(&guild);
    }

    fn keep_all(&self, store: &dyn Store) {
        let at_unix_ms = unix_ms();
        for (guild, playing) in self.lock().iter_mut() {
            let position = playing.stream.position();
            if position != playing.kept {
                playing.kept = position;
                store.save_playhead(*guild, Playhead { track: playing.track, position, at_unix_ms });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<GuildId, Playing>> {
        // The map is whole between any two statements, so a panic elsewhere has not hurt it.
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look(playheads: Weak<Playheads>, store: Arc<dyn Store>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(playheads) = playheads.upgrade() else { return };
        playheads.keep_all(store.as_ref());
    }
}

/// The wall clock. One that stands before 1970 is wrong by decades, and so is what it is used for.
pub(crate) fn unix_ms() -> u64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(unix.as_millis()).unwrap_or(u64::MAX)
}
