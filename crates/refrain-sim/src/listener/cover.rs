//! Which milliseconds are covered by something: a row of stretches, joined where they touch.

/// Stretches from a first millisecond up to, not including, a last one; in order, never touching.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover(Vec<(usize, usize)>);

impl Cover {
    /// Covers from `from` up to `until`.
    pub(super) fn add(&mut self, from: usize, until: usize) {
        if from >= until {
            return;
        }
        // Nearly always the end.
        let first = self.0.iter().rposition(|stretch| stretch.1 < from).map_or(0, |before| before + 1);
        let touching = self.0.iter().skip(first).take_while(|stretch| stretch.0 <= until).count();
        let joined = self.0.get(first..first + touching).unwrap_or_default();
        let from = joined.first().map_or(from, |stretch| stretch.0.min(from));
        let until = joined.last().map_or(until, |stretch| stretch.1.max(until));
        self.0.splice(first..first + touching, [(from, until)]);
    }

    /// The first millisecond that is covered.
    pub(super) fn first(&self) -> Option<usize> {
        self.0.first().map(|stretch| stretch.0)
    }

    /// Where the last stretch ends.
    pub(super) fn end(&self) -> usize {
        self.0.last().map_or(0, |stretch| stretch.1)
    }

    /// Whether any of what lies between these is covered.
    pub(super) fn touches(&self, from: usize, until: usize) -> bool {
        self.0.iter().rev().take_while(|stretch| stretch.1 > from).any(|stretch| stretch.0 < until)
    }

    /// What is not covered between these: where each hole begins and ends.
    pub(super) fn holes(&self, from: usize, until: usize) -> Vec<(usize, usize)> {
        let mut holes = Vec::new();
        let mut open = from;
        for &(start, end) in self.0.iter().filter(|stretch| stretch.1 > from) {
            if start > open {
                holes.push((open, start.min(until)));
            }
            open = open.max(end);
        }
        if open < until {
            holes.push((open, until));
        }
        holes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is added in whatever order, the holes are what no stretch covers.
        #[test]
        fn holes_are_what_nothing_covers(stretches in proptest::collection::vec((0_usize..100, 0_usize..20), 0..40)) {
            let mut cover = Cover::default();
            let mut cells = [false; 200];
            for (from, length) in stretches {
                cover.add(from, from + length);
                cells[from..from + length].fill(true);
            }
            let mut seen = [true; 200];
            for (from, until) in cover.holes(0, 200) {
                prop_assert!(from < until);
                seen[from..until].fill(false);
            }
            prop_assert_eq!(cells, seen);
            prop_assert_eq!(cover.first(), cells.iter().position(|cell| *cell));
            let whole = (cover.touches(0, 200), cover.touches(40, 60));
            prop_assert_eq!(whole, (cells.contains(&true), cells[40..60].contains(&true)));
            prop_assert!(cover.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
