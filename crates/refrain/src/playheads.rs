//! How far the tracks that play have been heard, kept for all guilds by one task: a timer and a wake-up in each of a
//! thousand actors would cost more than the music.

use crate::unix::unix_ms;
use refrain_audio::FrameStream;
use refrain_model::{GuildId, Moment, Playhead, TrackId};
use refrain_store::Store;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

/// How often the positions are looked at. The store takes up to half a second to commit them, and together that must stay
/// under the second that a killed process may lose.
const EVERY: Duration = Duration::from_millis(300);

/// What plays, by guild.
pub(crate) struct Playheads {
    /// Of every moment in this process.
    epoch: Instant,
    playing: Mutex<BTreeMap<GuildId, Playing>>,
}

struct Playing {
    track: TrackId,
    stream: FrameStream,
    /// Until then, what has flowed counts as heard.
    trusted_until: Moment,
    /// The position last proved to be heard.
    heard: Duration,
    kept: Option<Duration>,
}

impl Playing {
    /// How far the track was heard.
    fn heard(&self, now: Moment) -> Duration {
        heard(now, self.trusted_until, self.stream.position(), self.heard)
    }
}

fn heard(now: Moment, trusted_until: Moment, flowed: Duration, proved: Duration) -> Duration {
    if now <= trusted_until { flowed } else { proved }
}

impl Playheads {
    /// Starts to look. Ends when the last handle has gone. Must be called within a tokio runtime.
    pub(crate) fn start(store: Arc<dyn Store>, epoch: Instant) -> Arc<Self> {
        let playheads = Arc::new(Self { epoch, playing: Mutex::default() });
        tokio::spawn(look(Arc::downgrade(&playheads), store));
        playheads
    }

    /// From now on the guild plays this. What has flowed until `trusted_until` counts as heard, and from then on `heard`.
    pub(crate) fn watch(
        &self,
        guild: GuildId,
        track: TrackId,
        stream: FrameStream,
        trusted_until: Moment,
        heard: Duration,
    ) {
        let mut playing = self.lock();
        let kept = playing.get(&guild).filter(|before| before.track == track).and_then(|before| before.kept);
        playing.insert(guild, Playing { track, stream, trusted_until, heard, kept });
    }

    /// The guild plays nothing more, or something else soon.
    pub(crate) fn forget(&self, guild: GuildId) {
        self.lock().remove(&guild);
    }

    fn keep_all(&self, store: &dyn Store) {
        let (now, at_unix_ms) = (Moment::from_epoch(self.epoch.elapsed()), unix_ms());
        for (guild, playing) in self.lock().iter_mut() {
            let position = playing.heard(now);
            if playing.kept != Some(position) {
                playing.kept = Some(position);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flowed_counts_as_heard_while_the_proof_is_fresh() {
        let (flowed, proved) = (Duration::from_secs(20), Duration::from_secs(12));
        let at = |seconds: u64| heard(Moment::from_millis(seconds * 1000), Moment::from_millis(7000), flowed, proved);
        assert_eq!([at(6), at(7), at(8)], [flowed, flowed, proved]);
    }
}
