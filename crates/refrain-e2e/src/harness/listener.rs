//! What a guild's listener reports.

use serde::Deserialize;

/// The level of digital silence, as the simulator tells it.
const SILENCE_DBFS: f32 = -120.0;
/// Steps of the level that are looked at: an hour, far more than the simulator records.
const MOST_STEPS: f64 = 36_000.0;

/// What a guild's listener reports. Times are milliseconds on the simulator's clock.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Listener {
    /// The channel it listens in.
    pub channel: Option<String>,
    /// When the recording starts.
    pub start_ms: f64,
    /// RTP packets that came.
    pub packets: u64,
    /// Milliseconds of sound decoded.
    pub decoded_ms: f64,
    /// The first frame of music.
    pub first_frame_ms: Option<f64>,
    /// Packets that could not be decrypted.
    pub undecryptable: u64,
    /// Frames that could not be decrypted end to end.
    pub dave_undecryptable: u64,
    /// Frames without end-to-end encryption, as all are while a group is not ready.
    pub transport_only: u64,
    /// Nonces used twice: a fault of the sender's encryption.
    pub nonce_reuse: u64,
    /// Up to when it has heard: the moment of the report less its playout delay.
    pub heard_until_ms: f64,
    /// The level of each 100 ms since the start, up to `heard_until_ms`, in dB below full scale.
    pub level: Vec<f32>,
    /// The voice sessions so far.
    pub sessions: Vec<Session>,
    /// Every silence between the first music and now.
    pub silences: Vec<Silence>,
    /// Stretches in which the machine did not let the simulator run.
    pub sim_stalls: Vec<Stall>,
}

impl Listener {
    /// The simulator tells the level up to the last sound; what is heard since then is silence.
    pub(crate) fn with_silence_until_now(mut self) -> Self {
        let steps = ((self.heard_until_ms - self.start_ms) / 100.0).clamp(0.0, MOST_STEPS) as usize;
        if self.level.len() < steps {
            self.level.resize(steps, SILENCE_DBFS);
        }
        self
    }

    /// Frames that nobody can hear through a fault of the sender's encryption, or that give its key away.
    #[must_use]
    pub const fn bad_frames(&self) -> u64 {
        self.undecryptable + self.dave_undecryptable + self.nonce_reuse
    }

    /// The level of the last whole step.
    #[must_use]
    pub fn level_now(&self) -> Option<f32> {
        self.level.last().copied()
    }

    /// Whether any of the last three steps (300 ms) was music.
    #[must_use]
    pub fn is_music_heard(&self) -> bool {
        self.level.iter().rev().take(3).any(|&level| level > crate::measure::SILENT_DBFS)
    }
}

/// A voice session of the bot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Session {
    /// Whose it is.
    pub user: String,
    /// When it began.
    pub connected_ms: f64,
    /// When its socket was last gone.
    pub closed_ms: Option<f64>,
    /// The close code.
    pub code: Option<u16>,
    /// When it was resumed on a new socket.
    pub resumed_ms: Vec<f64>,
}

/// A silence that the listener noticed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Silence {
    /// Its start.
    pub start_ms: f64,
    /// Its length.
    pub length_ms: f64,
    /// It still goes on.
    pub open: bool,
}

/// A stretch in which the machine did not let the simulator run: what falls into it says little of the bot.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Stall {
    /// Its start.
    pub start_ms: f64,
    /// Its length.
    pub length_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_the_last_sound_it_is_silent() {
        let report =
            Listener { start_ms: 1_000.0, heard_until_ms: 1_550.0, level: vec![-20.0, -30.0], ..Listener::default() };
        assert_eq!(report.with_silence_until_now().level, [-20.0, -30.0, -120.0, -120.0, -120.0]);
    }

    #[test]
    fn music_is_heard_while_any_of_the_last_steps_sounds() {
        let listener = |level: &[f32]| Listener { level: level.to_vec(), ..Listener::default() };
        assert!(listener(&[-120.0, -20.0, -120.0, -120.0]).is_music_heard());
        assert!(!listener(&[-20.0, -120.0, -120.0, -120.0]).is_music_heard());
        assert!(!listener(&[]).is_music_heard());
    }
}
