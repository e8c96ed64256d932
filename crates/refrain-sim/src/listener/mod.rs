//! What a person in each voice channel would have heard: one listener for each bot in each guild.
//!
//! A listener gets every packet that the voice server could decrypt, with the time it arrived at. It plays them as a
//! receiver with a fixed playout delay of 60 ms would (`timeline` has the model), decodes them with libopus and keeps
//! them on the simulator's clock, so that a time in the recording and a time in the log are the same time. The recording
//! starts with the bot's first session in the guild (`start_ms`) and is silent wherever nothing was heard: lost packets,
//! underruns and pauses alike. How loud it was is kept for 4 hours. The packets are kept as they came (up to 32 MiB: half
//! an hour and more) and decoded again when somebody asks for the samples.
//!
//! Packets wait in a queue until the one thread of all listeners (`worker`) comes by, ten times a second, or somebody
//! asks what was heard. Listeners without decoding take each packet at once, which is cheap, and judge by the packets
//! alone: music is any frame but the explicit silence frame, levels and recordings are empty.

mod bot;
mod cover;
mod ear;
mod facts;
mod history;
mod kept;
mod plot;
mod query;
mod recording;
mod report;
mod stalls;
mod tenths;
mod timeline;
mod worker;

use crate::clock::SimClock;
use bot::Sink;
use history::SessionNote;
use stalls::Stalls;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) use bot::BotListener;
pub use plot::{Mark, MarkKind};
pub use query::{Heard, Span};

/// A voice packet that was decrypted.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) ssrc: u32,
    /// Extended beyond 16 bits.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    /// On the simulator's clock.
    pub(crate) arrival_us: u64,
    pub(crate) opus: Vec<u8>,
}

/// A client that identified to the voice gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joined {
    pub(crate) guild: u64,
    pub(crate) channel: u64,
    pub(crate) user: u64,
    pub(crate) ssrc: u32,
    pub(crate) version: u8,
}

/// What happened to the packets of a bot before anything was heard of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// With a living session's SSRC and address, decrypted or not.
    pub(crate) packets: u64,
    pub(crate) undecryptable: u64,
    /// Decrypted as far as the transport goes while the end-to-end group is not ready: plain Opus in between.
    pub(crate) transport_only: u64,
    /// Opened by the transport's key, but not by the end-to-end group's.
    pub(crate) dave_undecryptable: u64,
    /// Encrypted for a group in which nobody is whose client the simulator runs.
    pub(crate) dave_unheard: u64,
    /// Sent by a bot that is muted by the server or suppressed: not heard.
    pub(crate) silenced: u64,
    pub(crate) out_of_order: u64,
    pub(crate) duplicates: u64,
    pub(crate) nonce_reuse: u64,
    /// Before any Speaking of the session.
    pub(crate) before_speaking: u64,
    /// With the SSRC of an ended session, or from an address that never said who it is.
    pub(crate) unknown: u64,
    /// Not heard because nobody came to decode it: the machine's fault, not the bot's.
    pub(crate) decoder_behind: u64,
}

/// What the listeners share with their thread.
#[derive(Debug)]
struct Shared {
    clock: SimClock,
    decode: bool,
    /// Guilds for which it is the other way round.
    except: BTreeSet<u64>,
    bots: Mutex<BTreeMap<(u64, u64), Arc<BotListener>>>,
    /// Packets that belong to no session of any guild.
    strays: AtomicU64,
    stalls: Mutex<Stalls>,
    has_thread: Mutex<bool>,
}

/// The listeners of all guilds; clones share them.
#[derive(Clone, Debug)]
pub struct Listeners(Arc<Shared>);

impl Listeners {
    /// Listeners that tell times on `clock`. Those that do not `decode` are cheap enough for thousands of guilds: they
    /// tell gaps and counts, no levels and no recording.
    #[must_use]
    pub fn new(clock: SimClock, decode: bool) -> Self {
        Self::with(clock, decode, [])
    }

    /// As [`new`](Self::new), but with the guilds of `except` it is the other way round.
    #[must_use]
    pub fn with(clock: SimClock, decode: bool, except: impl IntoIterator<Item = u64>) -> Self {
        Self(Arc::new(Shared {
            clock,
            decode,
            except: except.into_iter().collect(),
            bots: Mutex::default(),
            strays: AtomicU64::new(0),
            stalls: Mutex::default(),
            has_thread: Mutex::new(false),
        }))
    }

    /// A client identified: the bot's listener, listening from now on if it did not yet.
    pub(crate) fn joined(&self, joined: Joined) -> Arc<BotListener> {
        let shared = &self.0;
        let listener = {
            let mut bots = lock(&shared.bots);
            let order = bots.keys().filter(|(guild, _)| *guild == joined.guild).count();
            let entry = bots.entry((joined.guild, joined.user)).or_insert_with(|| {
                let sink = match shared.decode != shared.except.contains(&joined.guild) {
                    true => Sink::Decoded,
                    false => Sink::Marked,
                };
                Arc::new(BotListener::new(joined.user, order, shared.clock, sink))
            });
            Arc::clone(entry)
        };
        listener.joined(joined.channel, SessionNote::new(&joined, shared.clock.now_ms()));
        let mut has_thread = lock(&shared.has_thread);
        if !*has_thread {
            *has_thread = worker::start(shared);
        }
        listener
    }

    /// A packet that belongs to no session.
    pub(crate) fn count_stray(&self) {
        self.0.strays.fetch_add(1, Ordering::Relaxed);
    }

    /// The guild's bots that were ever in voice, the first to come first.
    fn bots(&self, guild: u64) -> Vec<Arc<BotListener>> {
        let bots = lock(&self.0.bots);
        let mut here: Vec<_> = bots.range((guild, 0)..=(guild, u64::MAX)).map(|(_, bot)| Arc::clone(bot)).collect();
        here.sort_by_key(|bot| bot.order);
        here
    }
}

/// A poisoned lock is taken all the same: what was recorded so far is still true.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
