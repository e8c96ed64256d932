//! What happened to the connection, as lines over the whole height with their names above.

use super::{
    super::history::History,
    axes::{Axis, safe, text},
};
use std::fmt::Write as _;

/// Rows of names above the picture; what finds no room there has its name only as a tooltip.
const MAX_LANES: usize = 7;
/// About the width of a letter.
const LETTER: f64 = 6.0;

/// What a mark is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A fault that was ordered.
    Fault,
    /// A socket that was closed.
    Close,
    /// A session that began or went on.
    Good,
}

impl MarkKind {
    fn class(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Close => "close",
            Self::Good => "good",
        }
    }
}

/// Something that happened at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When, in milliseconds of the simulator's clock.
    pub at_ms: f64,
    /// What is written beside it.
    pub name: String,
    /// What it is of.
    pub kind: MarkKind,
}

/// What the sessions themselves went through.
pub(super) fn of(history: &History) -> Vec<Mark> {
    let mark = |at_ms, name: String, kind| Mark { at_ms, name, kind };
    let sessions = history.sessions.iter().flat_map(|session| {
        let resumed = session.resumed_ms.iter().map(|at_ms| mark(*at_ms, String::from("resumed"), MarkKind::Good));
        std::iter::once(mark(session.connected_ms, format!("session {}", session.ssrc), MarkKind::Good)).chain(resumed)
    });
    let closes = history.closes.iter().map(|close| {
        let name = close.code.map_or_else(|| String::from("closed"), |code| format!("closed {code}"));
        mark(close.at_ms, name, MarkKind::Close)
    });
    sessions.chain(closes).collect()
}

/// A mark with its place.
#[derive(Debug)]
pub(super) struct Label {
    x: f64,
    lane: Option<usize>,
    mark: Mark,
}

/// Gives the names rows in which they do not lie upon each other; how many rows there are.
pub(super) fn labels(mut marks: Vec<Mark>, time: &Axis) -> (Vec<Label>, usize) {
    marks.sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
    let mut ends = [f64::NEG_INFINITY; MAX_LANES];
    let right = super::WIDTH - super::RIGHT;
    let mut labels = Vec::new();
    for mark in marks {
        let x = time.at(mark.at_ms);
        if !(super::LEFT - 0.5..=right + 0.5).contains(&x) {
            continue;
        }
        let width = LETTER * mark.name.chars().count() as f64 + 8.0;
        // A name that would go beyond the right end stands to the left of its line.
        let from = if x + width > right { x - width } else { x };
        let lane = ends.iter().position(|end| *end <= from);
        if let Some(end) = lane.and_then(|lane| ends.get_mut(lane)) {
            *end = from + width;
        }
        labels.push(Label { x, lane, mark });
    }
    let lanes = labels.iter().filter_map(|label| label.lane).max().map_or(0, |last| last + 1);
    (labels, lanes)
}

/// Draws lines from each name down to `bottom`; `top` is where the picture begins.
pub(super) fn draw(svg: &mut String, labels: &[Label], bottom: f64, top: f64) {
    for Label { x, lane, mark } in labels {
        let class = mark.kind.class();
        let from = lane.map_or(top, |lane| top - 15.0 * (lane + 1) as f64 + 3.0);
        let _ = write!(
            svg,
            "<line class=\"mark {class}\" x1=\"{x:.1}\" y1=\"{from:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\">\
             <title>{:.3} s: {}</title></line>",
            mark.at_ms / 1000.0,
            safe(&mark.name)
        );
        if lane.is_some() {
            let width = LETTER * mark.name.chars().count() as f64 + 8.0;
            let at_left = x + width > super::WIDTH - super::RIGHT;
            let start = if at_left { x - width + 4.0 } else { x + 4.0 };
            *svg += &text(start, from + 9.0, &format!("label {class}"), &mark.name);
        }
    }
}
