//! What was heard as a picture (SVG): position over time, level, silences, and what happened to the connection.

mod axes;
mod marks;

use super::query::{Heard, Span};
use crate::timecode::{Analysis, Jump, Segment};
use axes::{Axis, Frame, text};
use std::fmt::Write as _;

pub use marks::{Mark, MarkKind};

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const POSITION_HEIGHT: f64 = 320.0;
const LEVEL_HEIGHT: f64 = 120.0;
const GAP: f64 = 28.0;
/// The lowest level that is drawn.
const LOWEST_DBFS: f64 = -70.0;
/// Colours that are told apart by most eyes, for one track after the other.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9"];
const STYLE: &str = "text{font:12px sans-serif;fill:#333}.small{font-size:11px}.title{font-size:15px;font-weight:600}\
    .grid{stroke:#e4e4e4}.frame{fill:none;stroke:#999}.silence{fill:#d62728;opacity:.16}.unread{fill:#777;opacity:.25}\
    .stall{fill:#b8860b;opacity:.45}.jump{stroke:#555;stroke-dasharray:2 3;fill:none}.level{fill:#6b8fb5}\
    .close{stroke:#c0392b;fill:#c0392b}.good{stroke:#2e8b57;fill:#2e8b57}.fault{stroke:#8e44ad;fill:#8e44ad}\
    .mark{stroke-width:1.2;stroke-dasharray:5 3}.label{stroke:none;font-size:11px}";

impl Heard {
    /// A picture of what was heard, as SVG; `more` marks what happened besides the session's own connects and closes.
    /// As slow as an analysis: not for an async task itself.
    #[must_use]
    pub fn plot(&self, span: Span, more: &[Mark]) -> String {
        let analysis = self.analysis(span);
        let mut marks = marks::of(&super::lock(&self.bot.history));
        marks.extend(more.iter().cloned());
        let title = format!("Guild {}, bot {}", self.guild, self.bot.user);
        let stalls = super::lock(&self.listeners.0.stalls).since(analysis.start_ms);
        let stalls = stalls.into_iter().map(|stall| (stall.start_ms, stall.length_ms)).collect::<Vec<_>>();
        draw(&title, &analysis, marks, &stalls)
    }
}

/// Draws it.
fn draw(title: &str, heard: &Analysis, marks: Vec<Mark>, stalls: &[(f64, f64)]) -> String {
    let time = Axis::new((heard.start_ms, heard.start_ms + heard.length_ms.max(1.0)), (LEFT, WIDTH - RIGHT));
    let (labels, lanes) = marks::labels(marks, &time);
    let top = 58.0 + 15.0 * lanes as f64;
    let positions = Frame { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: POSITION_HEIGHT };
    let levels = Frame { top: positions.bottom() + GAP, height: LEVEL_HEIGHT, ..positions };
    let height = levels.bottom() + 58.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {WIDTH} {height:.0}\"><style>{STYLE}</style>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    svg += &text(LEFT, 24.0, "title", &format!("{title}: position heard over time"));
    svg += &text(LEFT, 42.0, "small", &summary(heard));
    for frame in [&positions, &levels] {
        time.grid_x(&mut svg, frame);
        band(&mut svg, &time, frame, "silence", heard.silences.iter().map(|one| (one.start_ms, one.length_ms)));
        band(&mut svg, &time, frame, "unread", heard.unreadable.iter().map(|one| (one.start_ms, one.length_ms)));
    }
    let stall_strip = Frame { top: levels.bottom(), height: 5.0, ..levels };
    band(&mut svg, &time, &stall_strip, "stall", stalls.iter().copied());
    draw_positions(&mut svg, &time, &positions, heard);
    draw_levels(&mut svg, &time, &levels, heard);
    for frame in [&positions, &levels] {
        frame.outline(&mut svg);
    }
    marks::draw(&mut svg, &labels, levels.bottom(), top);
    time.numbers_x(&mut svg, levels.bottom() + 20.0);
    svg += &text(
        LEFT,
        height - 10.0,
        "small",
        "time in seconds on the simulator's clock. Red: silence. Grey: sound that \
        is no timecode. Yellow strip: the simulator itself was not let run.",
    );
    svg + "</svg>\n"
}

fn summary(heard: &Analysis) -> String {
    let silent: f64 = heard.silences.iter().map(|silence| silence.length_ms).sum();
    format!(
        "{:.1} s recorded, {:.1} s read; {} silences ({:.2} s), {} repeats, {} skips; rms {}, peak {}",
        heard.length_ms / 1000.0,
        heard.read_ms / 1000.0,
        heard.silences.len(),
        silent / 1000.0,
        heard.repeats.len(),
        heard.skips.len(),
        decibels(heard.level.rms_dbfs),
        decibels(heard.level.peak_dbfs),
    )
}

fn decibels(level: Option<f64>) -> String {
    level.map_or_else(|| String::from("none"), |level| format!("{level:.1} dBFS"))
}

fn band(svg: &mut String, time: &Axis, frame: &Frame, class: &str, stretches: impl Iterator<Item = (f64, f64)>) {
    for (start_ms, length_ms) in stretches {
        let (from, until) = (time.at(start_ms), time.at(start_ms + length_ms));
        // Whatever was noticed is seen, however short.
        let width = (until - from).max(0.8);
        if until >= frame.left && from <= frame.right() {
            frame.block(svg, class, from, width, &format!("{:.3} s, {length_ms:.0} ms", start_ms / 1000.0));
        }
    }
}

fn draw_positions(svg: &mut String, time: &Axis, frame: &Frame, heard: &Analysis) {
    let ends = heard.segments.iter().flat_map(|segment| [segment.from_ms, segment.to_ms]);
    let (low, high) = ends.fold((f64::INFINITY, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    if heard.segments.is_empty() {
        *svg += &text(frame.left + 12.0, frame.top + 24.0, "small", "no timecode was heard");
        return;
    }
    let room = ((high - low) * 0.04).max(500.0);
    let position = Axis::new(((low - room).max(0.0), high + room), (frame.bottom(), frame.top));
    position.grid_y(svg, frame, "position (s)", 1000.0);
    for jump in heard.repeats.iter().chain(&heard.skips) {
        draw_jump(svg, time, &position, jump);
    }
    let mut tracks: Vec<u8> = Vec::new();
    for segment in &heard.segments {
        let index = tracks.iter().position(|track| *track == segment.track).unwrap_or_else(|| {
            tracks.push(segment.track);
            tracks.len() - 1
        });
        draw_segment(svg, time, &position, segment, COLOURS[index % COLOURS.len()]);
    }
    for (index, track) in tracks.iter().enumerate().take(12) {
        let x = frame.left + 12.0 + 80.0 * index as f64;
        let colour = COLOURS[index % COLOURS.len()];
        let _ = write!(svg, "<rect x=\"{x}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>", frame.top + 12.0);
        *svg += &text(x + 19.0, frame.top + 18.0, "small", &format!("track {track}"));
    }
}

fn draw_segment(svg: &mut String, time: &Axis, position: &Axis, segment: &Segment, colour: &str) {
    let _ = write!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"2.5\" \
         stroke-linecap=\"round\"><title>track {}: {:.2} s to {:.2} s</title></line>",
        time.at(segment.start_ms),
        position.at(segment.from_ms),
        time.at(segment.end_ms()),
        position.at(segment.to_ms),
        segment.track,
        segment.from_ms / 1000.0,
        segment.to_ms / 1000.0,
    );
}

/// Most jumps come with a silence, which is drawn: only what the eye would not see is written beside it.
fn draw_jump(svg: &mut String, time: &Axis, position: &Axis, jump: &Jump) {
    let (from_x, to_x) = (time.at(jump.at_ms - jump.pause_ms), time.at(jump.at_ms));
    let (from_y, to_y) = (position.at(jump.from_ms), position.at(jump.to_ms));
    let _ =
        write!(svg, "<line class=\"jump\" x1=\"{from_x:.1}\" y1=\"{from_y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>");
    if jump.by_ms >= 100.0 {
        let sign = if jump.to_ms < jump.from_ms { "\u{2212}" } else { "+" };
        let words = format!("{sign}{:.2} s", jump.by_ms / 1000.0);
        *svg += &text(to_x + 4.0, (from_y + to_y) / 2.0 + 4.0, "small", &words);
    }
}

fn draw_levels(svg: &mut String, time: &Axis, frame: &Frame, heard: &Analysis) {
    let level = Axis::new((LOWEST_DBFS, 0.0), (frame.bottom(), frame.top));
    level.grid_y(svg, frame, "level (dBFS)", 1.0);
    let steps = &heard.level.steps_dbfs;
    // At most about one value a pixel.
    let every = (steps.len() / 1100).max(1);
    let mut path = format!("M{:.1} {:.1}", time.at(heard.start_ms), frame.bottom());
    for (at, chunk) in steps.chunks(every).enumerate() {
        let loudest = chunk.iter().copied().fold(LOWEST_DBFS, f64::max).min(0.0);
        let y = level.at(loudest);
        let from = time.at(heard.start_ms + (at * every) as f64 * 100.0);
        let until = time.at(heard.start_ms + ((at + 1) * every) as f64 * 100.0).min(frame.right());
        let _ = write!(path, "L{from:.1} {y:.1}L{until:.1} {y:.1}");
    }
    let _ = write!(svg, "<path class=\"level\" d=\"{path}V{:.1}Z\"/>", frame.bottom());
}

#[cfg(test)]
mod tests;
