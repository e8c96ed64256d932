//! report.html: one page with the run drawn on it. It holds everything it needs and runs no script.

use super::report::{FaultReport, Outcome, Report};
use crate::measure::{Comparison, HOP_MS};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");
/// The drawing's size; the page scales it.
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
/// Where the level is drawn, and below it the source's position.
const LEVEL: Lane = Lane { top: 46.0, bottom: 186.0 };
const PLACE: Lane = Lane { top: 226.0, bottom: 386.0 };
const HEIGHT: f64 = 420.0;
/// The level at the lane's bottom, in dB below full scale.
const LOWEST_DBFS: f64 = -60.0;
/// Steps of the level drawn as one: 20 ms, a frame.
const STEPS: usize = 4;

struct Lane {
    top: f64,
    bottom: f64,
}

impl Lane {
    /// The height at which `share` (0 bottom, 1 top) is drawn.
    fn at(&self, share: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * share.clamp(0.0, 1.0)
    }
}

/// Draws the page.
#[must_use]
pub(super) fn page(report: &Report, comparison: &Comparison) -> String {
    let (word, class) = match report.outcome {
        Outcome::Recovered => ("The music came back", "good"),
        Outcome::NotRecovered => ("The music did not come back", "bad"),
        Outcome::NeverPlayed => ("The music was never heard", "bad"),
        Outcome::Failed => ("The demo could not be carried through", "bad"),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Refrain: {word}</title>\n\
         <style>\n{STYLE}</style>\n<main>\n<h1 class=\"{class}\">{word}</h1>\n<p>{}</p>\n\
         <p class=\"soft\">Played: {}. Every figure is measured from what the listener in the voice channel heard.</p>\n\
         {}\n<h2>What the listener heard</h2>\n<figure>{}</figure>\n<h2>What happened</h2>\n{}\n</main>\n</html>\n",
        escape(&report.summary),
        escape(&report.source),
        figures(report),
        drawing(report, comparison),
        events(report),
    )
}

fn figures(report: &Report) -> String {
    let ms = |value: Option<i64>| value.map_or("–".to_owned(), |value| format!("{value} ms"));
    let mut cards = vec![(ms(report.first_audio_ms), "from /play to the first note")];
    for fault in &report.faults {
        cards.push((ms(fault.silence_ms), "of silence"));
        cards.push((ms(fault.position_error_ms), "from where it had stopped in the track"));
    }
    cards.push((format!("{:.1} %", report.audio_match * 100.0), "of the sound matches the source"));
    let cards =
        cards.iter().map(|(figure, what)| format!("<div class=\"figure\"><b>{figure}</b><span>{what}</span></div>"));
    format!("<div class=\"figures\">{}</div>", cards.collect::<String>())
}

fn events(report: &Report) -> String {
    let mut rows = String::from("<table>");
    for event in &report.timeline {
        // Writing to a String cannot fail.
        let _ = write!(rows, "<tr><td>{:.2} s</td><td>{}</td></tr>", event.at_ms as f64 / 1000.0, escape(&event.event));
    }
    for error in &report.bot_errors {
        let _ = write!(rows, "<tr><td></td><td class=\"bad\">{}</td></tr>", escape(error));
    }
    rows + "</table>"
}

/// The time axis: from the `/play` to the end of the recording, in the recording's milliseconds.
struct Axis {
    from_ms: f64,
    to_ms: f64,
}

impl Axis {
    fn x(&self, at_ms: f64) -> f64 {
        let share = (at_ms - self.from_ms) / (self.to_ms - self.from_ms).max(1.0);
        LEFT + (WIDTH - LEFT - RIGHT) * share.clamp(0.0, 1.0)
    }
}

fn drawing(report: &Report, comparison: &Comparison) -> String {
    let play_ms = report.play_ms.unwrap_or(0) as f64;
    let axis = Axis { from_ms: play_ms.min(0.0), to_ms: comparison.levels().duration_ms() };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"The level and the place in the track over time\">"
    );
    svg += &report.faults.iter().map(|fault| gap(fault, &axis)).collect::<String>();
    svg += &grid(&axis, play_ms);
    svg += &level(comparison, &axis);
    svg += &places(comparison, &axis);
    svg += &report.faults.iter().map(|fault| marks(fault, &axis)).collect::<String>();
    if let Some(stop_ms) = report.stop_ms {
        let x = axis.x(stop_ms as f64);
        svg += &format!("<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"34\" y2=\"{}\"/>", PLACE.bottom);
        svg += &format!("<text x=\"{:.1}\" y=\"28\" text-anchor=\"end\">/stop</text>", x + 4.0);
    }
    svg + "</svg>"
}

/// The axes' lines and words; seconds count from the `/play`.
fn grid(axis: &Axis, play_ms: f64) -> String {
    let mut svg = String::new();
    let seconds = (axis.to_ms - play_ms) / 1000.0;
    let step = [1.0, 2.0, 5.0, 10.0, 30.0].into_iter().find(|step| seconds / step <= 14.0).unwrap_or(60.0);
    for tick in 0..=(seconds / step) as usize {
        let x = axis.x(play_ms + tick as f64 * step * 1000.0);
        svg +=
            &format!("<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\"/>", LEVEL.top, PLACE.bottom);
        svg += &format!(
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{} s</text>",
            PLACE.bottom + 20.0,
            tick as f64 * step
        );
    }
    for (lane, words) in [(&LEVEL, "level"), (&PLACE, "place in the track")] {
        svg += &format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{1}\" y2=\"{1}\"/>",
            WIDTH - RIGHT,
            lane.bottom
        );
        svg += &format!("<text x=\"{LEFT}\" y=\"{}\">{words}</text>", lane.top - 8.0);
    }
    for dbfs in [0.0, -20.0, -40.0] {
        let y = LEVEL.at(1.0 - dbfs / LOWEST_DBFS);
        svg += &format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{dbfs} dB</text>", LEFT - 6.0, y + 4.0);
    }
    svg
}

/// The level as an area, one step for each frame of 20 ms.
fn level(comparison: &Comparison, axis: &Axis) -> String {
    let mut points = format!("{:.1},{:.1}", axis.x(0.0), LEVEL.bottom);
    for (n, steps) in comparison.levels().dbfs().chunks(STEPS).enumerate() {
        let mean = steps.iter().map(|&step| f64::from(step).max(LOWEST_DBFS)).sum::<f64>() / steps.len() as f64;
        let at_ms = (n * STEPS) as f64 * HOP_MS;
        for edge_ms in [at_ms, at_ms + steps.len() as f64 * HOP_MS] {
            let _ = write!(points, " {:.1},{:.1}", axis.x(edge_ms), LEVEL.at(1.0 - mean / LOWEST_DBFS));
        }
    }
    let _ = write!(points, " {:.1},{:.1}", axis.x(comparison.levels().duration_ms()), LEVEL.bottom);
    format!("<polygon class=\"sound\" points=\"{points}\"/>")
}

/// Where in the source each window was found; what was found nowhere is a dot at the bottom.
fn places(comparison: &Comparison, axis: &Axis) -> String {
    let found = || comparison.windows().iter().filter(|window| window.is_trusted());
    let furthest = found().filter_map(|window| window.source_at(window.end_ms())).fold(1.0, f64::max);
    let y = |source_ms: f64| PLACE.at(source_ms / furthest);
    let mut svg = String::new();
    for window in comparison.windows() {
        match (window.source_at(window.at_ms), window.source_at(window.end_ms())) {
            (Some(from), Some(to)) => {
                let (x1, x2) = (axis.x(window.at_ms), axis.x(window.end_ms()));
                let _ = write!(
                    svg,
                    "<line class=\"place\" x1=\"{x1:.1}\" y1=\"{:.1}\" x2=\"{x2:.1}\" y2=\"{:.1}\"/>",
                    y(from),
                    y(to)
                );
            }
            _ => {
                let x = axis.x(window.at_ms + window.length_ms / 2.0);
                let _ = write!(svg, "<circle class=\"lost\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"3\"/>", PLACE.bottom - 4.0);
            }
        }
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} s</text>",
        LEFT - 6.0,
        PLACE.top + 4.0,
        furthest / 1000.0
    );
    svg
}

/// The shaded silence.
fn gap(fault: &FaultReport, axis: &Axis) -> String {
    let Some(stopped_ms) = fault.stopped_ms else { return String::new() };
    let from = axis.x(stopped_ms as f64);
    let to = fault.resumed_ms.map_or(axis.x(axis.to_ms), |resumed_ms| axis.x(resumed_ms as f64));
    let (top, height) = (LEVEL.top, PLACE.bottom - LEVEL.top);
    format!(
        "<rect class=\"gap\" x=\"{from:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{height}\"/>",
        (to - from).max(1.0)
    )
}

/// The fault's line and the figure of its silence.
fn marks(fault: &FaultReport, axis: &Axis) -> String {
    let x = axis.x(fault.at_ms as f64);
    let what = fault.code.map_or(fault.kind.clone(), |code| format!("{} {code}", fault.kind));
    let silence = fault.silence_ms.map_or(String::new(), |ms| format!("{ms} ms of silence"));
    format!(
        "<line class=\"fault\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"34\" y2=\"{}\"/>\
         <text class=\"strong\" x=\"{:.1}\" y=\"28\" text-anchor=\"end\">{}</text>\
         <text class=\"strong\" x=\"{:.1}\" y=\"28\">{silence}</text>",
        PLACE.bottom,
        x - 4.0,
        escape(&what),
        x + 6.0,
    )
}

/// Makes a text safe within the page.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
