//! What a person in each voice channel would have heard: one listener a guild.
//!
//! A listener gets every packet that the voice server could decrypt, with the time it arrived at. It plays them as a
//! receiver with a fixed playout delay of 60 ms would (`timeline` has the model), decodes them with libopus and keeps
//! the samples on the simulator's clock, so that a time in the recording and a time in the log are the same time. The
//! recording starts with the bot's first session in the guild (`start_ms`) and is silent wherever nothing was heard:
//! lost packets, underruns and pauses alike. Samples are kept for the first 15 minutes, everything else for 4 hours.
//!
//! Decoding happens on a thread of the guild's own behind a bounded queue. Listeners made without decoding judge by the
//! packets alone: music is any frame but the explicit silence frame, levels and recordings are empty.

mod decoder;
mod recording;
mod report;
mod timeline;

use crate::clock::SimClock;
use anyhow::Context;
use recording::Recording;
pub(crate) use recording::Tenths;
use report::{History, SessionNote};
use std::{
    collections::BTreeMap,
    io::Cursor,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
};

/// Packets that may wait for a guild's decoder: more than a minute of music.
const MAX_WAITING: usize = 4096;

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

/// What happened to the packets of a guild.
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
    pub(crate) out_of_order: u64,
    pub(crate) duplicates: u64,
    pub(crate) nonce_reuse: u64,
    /// Before any Speaking of the session.
    pub(crate) before_speaking: u64,
    /// With the SSRC of an ended session, or from an address that never said who it is.
    pub(crate) unknown: u64,
    /// Decrypted, but not Opus.
    pub(crate) malformed: u64,
    pub(crate) underruns: u64,
    pub(crate) late: u64,
    pub(crate) lost: u64,
    pub(crate) overflow: u64,
    /// Not heard because the decoder did not keep up: the machine's fault, not the bot's.
    pub(crate) decoder_behind: u64,
}

/// One guild's listener.
#[derive(Debug)]
pub(crate) struct GuildListener {
    clock: SimClock,
    is_decoding: bool,
    packets: SyncSender<Packet>,
    counters: Arc<Mutex<Counters>>,
    recording: Arc<Mutex<Recording>>,
    history: Mutex<History>,
}

impl GuildListener {
    fn start(guild: u64, clock: SimClock, is_decoding: bool) -> Self {
        let (packets, queue) = sync_channel(MAX_WAITING);
        let recording = Recording::new(decoder::ticks(clock.micros()), is_decoding);
        let recording = Arc::new(Mutex::new(recording));
        let counters = Arc::new(Mutex::new(Counters::default()));
        let studio =
            decoder::Studio { clock, is_decoding, recording: Arc::clone(&recording), counters: Arc::clone(&counters) };
        let thread =
            std::thread::Builder::new().name(format!("listen-{guild}")).spawn(move || decoder::run(&studio, &queue));
        if let Err(error) = thread {
            // Without the thread the queue is closed: every packet is then counted as not heard.
            tracing::error!(%error, guild, "starting the listener's thread");
        }
        Self { clock, is_decoding, packets, counters, recording, history: Mutex::new(History::default()) }
    }

    /// A packet arrived.
    pub(crate) fn hear(&self, packet: Packet) {
        if self.packets.try_send(packet).is_err() {
            self.count(|counters| counters.decoder_behind += 1);
        }
    }

    /// Something is to be counted.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.counters));
    }

    /// The session chose its encryption mode.
    pub(crate) fn mode_selected(&self, ssrc: u32, mode: &'static str) {
        lock(&self.history).with_session(ssrc, |session| session.mode = Some(mode));
    }

    /// The session's socket is gone, with this code where one was exchanged.
    pub(crate) fn closed(&self, ssrc: u32, code: Option<u16>) {
        let now_ms = self.clock.now_ms();
        lock(&self.history).with_session(ssrc, |session| {
            session.closed_ms = Some(now_ms);
            session.code = code;
        });
    }

    /// The session goes on over another socket.
    pub(crate) fn resumed(&self, ssrc: u32) {
        let now_ms = self.clock.now_ms();
        lock(&self.history).with_session(ssrc, |session| session.resumed(now_ms));
    }

    /// The client said whether it speaks.
    pub(crate) fn speaking(&self, ssrc: u32, speaking: u64) {
        let now_ms = self.clock.now_ms();
        lock(&self.history).speaking(now_ms, ssrc, speaking);
    }
}

/// The listeners of all guilds; clones share them.
#[derive(Clone, Debug)]
pub struct Listeners {
    clock: SimClock,
    is_decoding: bool,
    guilds: Arc<Mutex<BTreeMap<u64, Arc<GuildListener>>>>,
    /// Packets that belong to no session of any guild.
    strays: Arc<AtomicU64>,
}

impl Listeners {
    /// Listeners that tell times on `clock`. Those that do not `decode` are cheap enough for thousands of guilds: they
    /// tell gaps and counts, no levels and no recording.
    #[must_use]
    pub fn new(clock: SimClock, decode: bool) -> Self {
        Self { clock, is_decoding: decode, guilds: Arc::default(), strays: Arc::default() }
    }

    /// What this guild's listener heard; `None` when no bot ever connected to voice there. docs/simulator.md has the
    /// fields. Takes milliseconds for a recording of minutes.
    #[must_use]
    pub fn report(&self, guild: u64) -> Option<serde_json::Value> {
        let listener = self.guild(guild)?;
        let strays = self.strays.load(Ordering::Relaxed);
        Some(report::report(guild, &listener, strays))
    }

    /// The recording as WAV (48 kHz, stereo, s16), silences kept, from `start_ms` to what is heard now; `None` when no
    /// bot ever connected to voice there. Large and slow for a recording of minutes: not for an async task itself.
    #[must_use]
    pub fn wav(&self, guild: u64) -> Option<Vec<u8>> {
        let listener = self.guild(guild)?;
        write_wav(&listener).inspect_err(|error| tracing::error!(%error, guild, "writing a listener's recording")).ok()
    }

    /// How loud it was from `from_ms` on, two minutes at most; `None` when no bot ever connected to voice there.
    pub(crate) fn levels_since(&self, guild: u64, from_ms: f64) -> Option<Tenths> {
        let listener = self.guild(guild)?;
        let heard_until = listener.heard_until();
        Some(lock(&listener.recording).tenths(from_ms, heard_until))
    }

    fn guild(&self, guild: u64) -> Option<Arc<GuildListener>> {
        lock(&self.guilds).get(&guild).cloned()
    }

    /// A client identified: the guild's listener, listening from now on if it did not yet.
    pub(crate) fn joined(&self, joined: Joined) -> Arc<GuildListener> {
        let mut guilds = lock(&self.guilds);
        let listener = guilds
            .entry(joined.guild)
            .or_insert_with(|| Arc::new(GuildListener::start(joined.guild, self.clock, self.is_decoding)));
        let note = SessionNote::new(&joined, self.clock.now_ms());
        lock(&listener.history).joined(joined.channel, note);
        Arc::clone(listener)
    }

    /// A packet that belongs to no session.
    pub(crate) fn count_stray(&self) {
        self.strays.fetch_add(1, Ordering::Relaxed);
    }
}

fn write_wav(listener: &GuildListener) -> anyhow::Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).context("beginning the WAV")?;
    let now = listener.heard_until();
    let mut from = 0;
    loop {
        // Copied in pieces: the decoder waits for a piece at most.
        let Some(samples) = lock(&listener.recording).samples(from, now) else {
            break;
        };
        from += samples.len();
        let mut piece = writer.get_i16_writer(u32::try_from(samples.len())?);
        for sample in samples {
            piece.write_sample(sample);
        }
        piece.flush().context("writing samples into the WAV")?;
    }
    writer.finalize().context("ending the WAV")?;
    Ok(bytes.into_inner())
}

impl GuildListener {
    /// Up to where the timeline has been heard, in ticks: what arrives now is heard after the playout delay.
    fn heard_until(&self) -> i64 {
        decoder::ticks(self.clock.micros()) - timeline::DELAY
    }
}

/// A poisoned lock is taken all the same: what was recorded so far is still true.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
