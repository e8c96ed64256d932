//! Axes, grids and text.

use std::fmt::Write as _;

/// Where something is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn outline(&self, svg: &mut String) {
        let Self { left, top, width, height } = self;
        let _ = write!(svg, "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>");
    }

    /// A block over the whole height, cut at the sides.
    pub(super) fn block(&self, svg: &mut String, class: &str, from: f64, width: f64, title: &str) {
        let until = (from + width).min(self.right());
        let from = from.max(self.left);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\"><title>{title}</title></rect>",
            self.top,
            (until - from).max(0.0),
            self.height
        );
    }
}

/// From values to places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    values: (f64, f64),
    places: (f64, f64),
}

impl Axis {
    pub(super) fn new(values: (f64, f64), places: (f64, f64)) -> Self {
        Self { values, places }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value - self.values.0) / (self.values.1 - self.values.0);
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// Round values, about so many pixels apart, and how many decimals they need when divided by `unit`.
    fn ticks(&self, pixels: f64, unit: f64) -> (Vec<f64>, usize) {
        let (low, high) = (self.values.0 / unit, self.values.1 / unit);
        let wanted = (high - low) * pixels / (self.places.1 - self.places.0).abs();
        let power = 10_f64.powf(wanted.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|one| one * power).into_iter().find(|step| *step >= wanted);
        let step = step.unwrap_or(power);
        let decimals = (-step.log10().floor()).clamp(0.0, 3.0) as usize;
        let first = (low / step).ceil();
        let count = ((high / step).floor() - first).clamp(0.0, 100.0) as usize;
        ((0..=count).map(|at| (first + at as f64) * step).collect(), decimals)
    }

    pub(super) fn grid_x(&self, svg: &mut String, frame: &Frame) {
        for tick in self.ticks(100.0, 1000.0).0 {
            let x = self.at(tick * 1000.0);
            let (top, bottom) = (frame.top, frame.bottom());
            let _ = write!(svg, "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>");
        }
    }

    pub(super) fn numbers_x(&self, svg: &mut String, y: f64) {
        let (ticks, decimals) = self.ticks(100.0, 1000.0);
        for tick in ticks {
            let x = self.at(tick * 1000.0);
            let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{tick:.decimals$}</text>");
        }
    }

    pub(super) fn grid_y(&self, svg: &mut String, frame: &Frame, name: &str, unit: f64) {
        let (ticks, decimals) = self.ticks(30.0, unit);
        let (left, right) = (frame.left, frame.right());
        for tick in ticks {
            let y = self.at(tick * unit);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick:.decimals$}</text>",
                left - 7.0,
                y + 4.0
            );
        }
        let (x, y) = (18.0, frame.top + frame.height / 2.0);
        let _ =
            write!(svg, "<text transform=\"translate({x} {y:.1}) rotate(-90)\" text-anchor=\"middle\">{name}</text>");
    }
}

/// A text element; its words are made safe.
pub(super) fn text(x: f64, y: f64, class: &str, words: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", safe(words))
}

/// Words as XML takes them.
pub(super) fn safe(words: &str) -> String {
    let words: String = words.chars().filter(|one| !one.is_control()).take(200).collect();
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
