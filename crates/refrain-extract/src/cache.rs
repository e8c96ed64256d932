//! What a lookup found out, kept for the resolve that follows it.

use crate::Resolved;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long an answer is good. Addresses live for hours, but a page can change; the resolve follows within seconds.
const LIFETIME: Duration = Duration::from_secs(120);
/// How many are kept.
const MAX_ENTRIES: usize = 64;

/// Answers by page. Each is given out once: who asks again does so because the address did not work.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// Oldest first.
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    pages: [String; 2],
    kept_at: Instant,
    resolved: Resolved,
}

impl Cache {
    /// Keeps an answer under the address that was asked for and the page's own.
    pub(crate) fn keep(&mut self, asked: &str, resolved: &Resolved, now: Instant) {
        self.take(asked, now);
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        let pages = [asked.to_owned(), resolved.info.page_url.clone()];
        self.entries.push_back(Entry { pages, kept_at: now, resolved: resolved.clone() });
    }

    /// Takes the newest answer for a page out, if there is a fresh one.
    pub(crate) fn take(&mut self, page: &str, now: Instant) -> Option<Resolved> {
        self.entries.retain(|entry| now.saturating_duration_since(entry.kept_at) < LIFETIME);
        let found = self.entries.iter().rposition(|entry| entry.pages.iter().any(|kept| kept == page))?;
        self.entries.remove(found).map(|entry| entry.resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_model::{MediaLocation, TrackInfo};

    fn resolved(page: &str) -> Resolved {
        let info = TrackInfo {
            title: page.into(),
            page_url: page.into(),
            uploader: None,
            thumbnail: None,
            duration: None,
            live: false,
        };
        Resolved {
            info,
            live: false,
            length: None,
            maybe_endless: false,
            media: MediaLocation { url: "http://m.example/".into(), headers: Vec::new(), expires_at: None },
            format_id: None,
            acodec: None,
            abr: None,
            filesize: None,
            available_at: None,
            chunk_size: None,
        }
    }

    #[test]
    fn an_answer_is_given_out_once_while_it_is_fresh() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.keep("asked", &resolved("page"), now);
        assert!(cache.take("other", now).is_none());
        assert!(cache.take("page", now).is_some());
        assert!(cache.take("asked", now).is_none());
        cache.keep("asked", &resolved("page"), now);
        assert!(cache.take("asked", now + LIFETIME).is_none());
    }

    #[test]
    fn it_does_not_grow() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        for n in 0..1000 {
            cache.keep(&n.to_string(), &resolved(&n.to_string()), now);
        }
        assert_eq!(cache.entries.len(), MAX_ENTRIES);
        assert!(cache.take("0", now).is_none() && cache.take("999", now).is_some());
    }
}
