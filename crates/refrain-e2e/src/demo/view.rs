//! What the terminal shows: a timeline of plain sentences and, where there is a terminal, one moving bar of what the
//! listener hears.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{IsTerminal as _, Write as _},
    time::Instant,
};

/// The bar's width in characters.
const WIDTH: usize = 36;
/// The level at the bar's left end, in dB below full scale; the right end is 0.
const LEFT_DBFS: f32 = -60.0;
/// A character filled by so many eighths.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// What the listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearing {
    /// Nothing yet.
    Waiting,
    /// The music, for the first time.
    Playing,
    /// Nothing any more.
    Silence,
    /// The music again.
    Back,
}

impl Hearing {
    /// The word for it and its colour (ANSI).
    const fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Waiting => ("waiting", "2"),
            Self::Playing => ("playing", "32"),
            Self::Silence => ("silence", "31;1"),
            Self::Back => ("back", "36;1"),
        }
    }
}

/// The terminal.
pub(super) struct View {
    start: Instant,
    bar: Option<ProgressBar>,
    colours: bool,
}

impl View {
    /// A live view where there is a terminal and `headless` does not forbid it; else plain lines.
    #[must_use]
    pub(super) fn new(headless: bool) -> Self {
        let live = !headless && std::io::stdout().is_terminal();
        let bar = live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            // The template is a constant; should it ever be wrong, indicatif's own look does.
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        Self { start: Instant::now(), bar, colours: live && std::env::var_os("NO_COLOR").is_none() }
    }

    /// Counts the time from here on.
    pub(super) fn restart_clock(&mut self) {
        self.start = Instant::now();
    }

    /// A line of the timeline, with the time.
    pub(super) fn event(&self, text: &str) {
        self.line(&format!("{:6.2} s  {text}", self.start.elapsed().as_secs_f64()));
    }

    /// A line as it is.
    pub(super) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            // A closed pipe is the reader's choice; the demo goes on for the report's sake.
            None => drop(writeln!(std::io::stdout(), "{text}")),
        }
    }

    /// Moves the bar.
    pub(super) fn level(&self, hearing: Hearing, dbfs: Option<f32>) {
        let Some(bar) = &self.bar else { return };
        let (word, colour) = hearing.shown();
        let drawn = draw(dbfs.unwrap_or(LEFT_DBFS));
        let level = dbfs.filter(|&level| level > LEFT_DBFS).map_or("   —".to_owned(), |level| format!("{level:4.0}"));
        let time = self.start.elapsed().as_secs_f64();
        let (on, off) = if self.colours { (format!("\x1b[{colour}m"), "\x1b[0m") } else { (String::new(), "") };
        bar.set_message(format!("{time:6.1} s  {on}{word:<8}▕{drawn}▏{off} {level} dB"));
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The bar for a level.
fn draw(dbfs: f32) -> String {
    let share = ((dbfs - LEFT_DBFS) / -LEFT_DBFS).clamp(0.0, 1.0);
    let eighths = (share * (WIDTH * 8) as f32).round() as usize;
    let full = eighths / 8;
    let mut bar: String = "█".repeat(full);
    if full < WIDTH {
        bar.push(EIGHTHS[eighths % 8]);
        bar.push_str(&" ".repeat(WIDTH - full - 1));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_keeps_its_width_and_grows_with_the_level() {
        for level in [-120.0, -60.0, -59.9, -31.0, -0.1, 0.0, 6.0, f32::NAN] {
            assert_eq!(draw(level).chars().count(), WIDTH, "{level}");
        }
        assert_eq!(draw(-120.0).trim(), "");
        assert_eq!(draw(-30.0).trim_end().chars().count(), WIDTH / 2);
        assert!(draw(0.0).chars().all(|character| character == '█'));
    }
}
