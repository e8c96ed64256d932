//! Outages: several tracks in a row whose sources fail have one cause, and none of them is at fault.

use alloc::{string::String, vec::Vec};
use refrain_model::Moment;

/// Which tracks failed since a source last opened. Pure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outages {
    /// The tracks' pages, each once, at most as many as make an outage. A track that is deferred has another number then.
    failed: Vec<String>,
    since: Option<Moment>,
}

impl Outages {
    /// The source of the track at `page` failed for a reason that is not about the track. Whether an outage begins with it,
    /// where `enough` different tracks make one.
    pub(crate) fn failed(&mut self, now: Moment, page: String, enough: usize) -> bool {
        if self.since.is_some() {
            return false;
        }
        if !self.failed.contains(&page) {
            self.failed.push(page);
        }
        let begins = self.failed.len() >= enough.max(1);
        if begins {
            self.since = Some(now);
        }
        begins
    }

    /// A source opened, or nothing is left to play. Since when there was an outage, if there was one.
    pub(crate) fn end(&mut self) -> Option<Moment> {
        core::mem::take(self).since
    }

    /// Whether an outage goes on. While it does, no track is deferred.
    pub(crate) const fn is_outage(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn page(number: u32) -> String {
        format!("https://a.example/{number}")
    }

    #[test]
    fn three_different_tracks_are_an_outage_that_the_first_opening_ends() {
        let mut outages = Outages::default();
        let at = Moment::from_millis;
        assert!(!outages.failed(at(1), page(1), 3));
        assert!(!outages.failed(at(2), page(1), 3), "the same track again");
        assert!(!outages.failed(at(3), page(2), 3));
        assert!(outages.failed(at(4), page(3), 3));
        assert!(!outages.failed(at(5), page(4), 3), "it has begun already");
        assert_eq!(outages.end(), Some(at(4)));
        assert_eq!((outages.end(), outages.is_outage()), (None, false));
    }

    #[test]
    fn an_opening_in_between_starts_the_count_anew() {
        let mut outages = Outages::default();
        for track in 1..20 {
            assert!(!outages.failed(Moment::ZERO, page(track), 3));
            if track % 2 == 0 {
                outages.end();
            }
        }
    }
}
