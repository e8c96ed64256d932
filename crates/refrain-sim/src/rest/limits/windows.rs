//! Fixed windows that count requests. Pure: the time comes in.

use std::collections::BTreeMap;

use super::figures::Figures;
use crate::id::Id;

/// With so many windows, those that are over are thrown away.
const MANY: usize = 10_000;

/// Whose requests are counted together: a bot's, or those without a known token from this machine.
pub(super) type Who = Option<Id>;

/// A window and what is left in it after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Count {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Until the window ends.
    pub(super) reset_after_ms: f64,
    /// Whether this request did not fit any more.
    pub(super) refused: bool,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_ms: f64,
    used: u32,
}

impl Window {
    fn count(&mut self, now_ms: f64, limit: u32, per_ms: f64) -> Count {
        if now_ms >= self.ends_ms {
            *self = Self { ends_ms: now_ms + per_ms, used: 0 };
        }
        let refused = self.used >= limit;
        self.used = self.used.saturating_add(u32::from(!refused));
        Count { limit, remaining: limit - self.used.min(limit), reset_after_ms: self.ends_ms - now_ms, refused }
    }
}

impl Default for Window {
    fn default() -> Self {
        Self { ends_ms: f64::NEG_INFINITY, used: 0 }
    }
}

/// All windows.
#[derive(Debug, Default)]
pub(super) struct Windows {
    routes: BTreeMap<(Who, String, String), Window>,
    global: BTreeMap<Who, Window>,
    invalid: Window,
}

impl Windows {
    /// Counts a request to a route; `resource` is its top-level resource.
    pub(super) fn route(&mut self, now_ms: f64, who: Who, bucket: &str, resource: &str, figures: Figures) -> Count {
        if self.routes.len() >= MANY {
            self.routes.retain(|_, window| now_ms < window.ends_ms);
        }
        let who = who.filter(|_| !figures.shared);
        let window = self.routes.entry((who, bucket.to_owned(), resource.to_owned())).or_default();
        #[expect(clippy::cast_precision_loss, reason = "a window is far shorter than 2^53 ms")]
        window.count(now_ms, figures.limit, figures.per_ms as f64)
    }

    /// Counts a request to anything.
    pub(super) fn global(&mut self, now_ms: f64, who: Who, per_second: u32) -> Count {
        self.global.entry(who).or_default().count(now_ms, per_second, 1000.0)
    }

    /// Counts an answer of 401, 403 or 429.
    pub(super) fn invalid(&mut self, now_ms: f64) {
        self.invalid.count(now_ms, u32::MAX, TEN_MINUTES_MS);
    }

    /// How long this machine is still shut out for its invalid requests.
    pub(super) fn shut_out_ms(&self, now_ms: f64, limit: u32) -> Option<f64> {
        let shut = limit > 0 && self.invalid.used >= limit && now_ms < self.invalid.ends_ms;
        shut.then_some(self.invalid.ends_ms - now_ms)
    }
}

const TEN_MINUTES_MS: f64 = 600_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Figures = Figures { limit: 5, per_ms: 5000, shared: false };

    #[test]
    fn a_window_holds_its_requests_and_starts_anew_when_it_is_over() {
        let mut windows = Windows::default();
        let mut ask = |now| windows.route(now, Some(Id(1)), "b", "channels/1", FIVE);
        let left: Vec<(u32, bool)> = (0..6).map(|_| ask(100.0)).map(|one| (one.remaining, one.refused)).collect();
        assert_eq!(left, [(4, false), (3, false), (2, false), (1, false), (0, false), (0, true)]);
        let late = ask(4100.0);
        assert!(late.refused && (late.reset_after_ms - 1000.0).abs() < 1e-6, "{late:?}");
        assert_eq!(ask(5100.0).remaining, 4);
    }

    #[test]
    fn resources_buckets_and_bots_have_windows_of_their_own_unless_shared() {
        let mut windows = Windows::default();
        let one = Figures { limit: 1, ..FIVE };
        assert!(!windows.route(0.0, Some(Id(1)), "b", "channels/1", one).refused);
        assert!(!windows.route(0.0, Some(Id(1)), "b", "channels/2", one).refused);
        assert!(!windows.route(0.0, Some(Id(1)), "c", "channels/1", one).refused);
        assert!(!windows.route(0.0, Some(Id(2)), "b", "channels/1", one).refused);
        let shared = Figures { shared: true, ..one };
        assert!(!windows.route(0.0, Some(Id(1)), "d", "channels/1", shared).refused);
        assert!(windows.route(0.0, Some(Id(2)), "d", "channels/1", shared).refused);
    }

    #[test]
    fn too_many_invalid_requests_shut_an_address_out_until_the_ten_minutes_are_over() {
        let mut windows = Windows::default();
        windows.invalid(0.0);
        assert_eq!(windows.shut_out_ms(1.0, 2), None);
        windows.invalid(1000.0);
        assert_eq!(windows.shut_out_ms(1000.0, 2), Some(599_000.0));
        assert_eq!(windows.shut_out_ms(1000.0, 0), None, "no limit");
        assert_eq!(windows.shut_out_ms(600_000.0, 2), None);
    }
}
