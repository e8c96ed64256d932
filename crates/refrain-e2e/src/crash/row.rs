//! What came of one round.

use super::script::Moment;
use serde::Serialize;
use std::fmt::Write as _;

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its number, from 1.
    pub round: u32,
    /// What went on when the bot was killed.
    pub moment: Moment,
    /// The commands that were given and answered, with the first line of the answer.
    pub answered: Vec<(String, String)>,
    /// Those that were not answered when the bot was dead.
    pub open: Vec<String>,
    /// How many states were admissible before anything was read.
    pub admissible: usize,
    /// What is not as it should be.
    pub complaints: Vec<String>,
    /// Why the round could not be carried out.
    pub broken: Option<String>,
    /// How often the bot was killed, and how often the database opened after that.
    pub kills: u32,
    /// See `kills`.
    pub opened: u32,
    /// What the gateway accepted the bot with: `READY` or `RESUMED`.
    pub accepted_with: Option<String>,
    /// From the start of the process to the first music, in milliseconds; none where none should be heard.
    pub start_to_sound_ms: Option<f64>,
    /// From the moment the gateway accepted to the first music, in milliseconds.
    pub accepted_to_sound_ms: Option<f64>,
    /// How far on in the song the music is, against where it was last heard, in milliseconds.
    pub position_error_ms: Option<f64>,
    /// How long the round took, in seconds.
    pub seconds: f64,
}

impl Row {
    pub(super) const fn new(round: u32) -> Self {
        Self {
            round,
            moment: Moment::Idle,
            answered: Vec::new(),
            open: Vec::new(),
            admissible: 1,
            complaints: Vec::new(),
            broken: None,
            kills: 0,
            opened: 0,
            accepted_with: None,
            start_to_sound_ms: None,
            accepted_to_sound_ms: None,
            position_error_ms: None,
            seconds: 0.0,
        }
    }

    /// Whether all is as it should be.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.complaints.is_empty() && self.broken.is_none()
    }

    /// A line for whoever watches the run.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!("killed {}", self.moment.words());
        // Writing to a string cannot fail.
        let _never = match (self.start_to_sound_ms, self.accepted_to_sound_ms) {
            (Some(start), Some(accepted)) => {
                write!(line, ": music after {start:.0} ms, {accepted:.0} ms of them accepted")
            }
            (Some(start), None) => write!(line, ": music after {start:.0} ms"),
            (None, _) => write!(line, ": no music to come back"),
        };
        if let Some(error_ms) = self.position_error_ms {
            let _never = write!(line, ", position {error_ms:+.0} ms");
        }
        if !self.open.is_empty() {
            let _never = write!(line, ", unanswered: {}", self.open.join(" "));
        }
        for complaint in &self.complaints {
            let _never = write!(line, "\n    FAILED: {complaint}");
        }
        if let Some(broken) = &self.broken {
            let _never = write!(line, "\n    BROKEN: {broken}");
        }
        line
    }
}
