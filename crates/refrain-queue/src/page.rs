//! A piece of the queue that fits a message.

use alloc::{sync::Arc, vec::Vec};
use refrain_model::Track;

/// One page of the upcoming tracks. Pages and positions count from 1, as people do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which page this is: from 1 to `pages`, whatever was asked for.
    pub number: usize,
    /// How many pages there are: at least 1, since an empty queue has one empty page.
    pub pages: usize,
    /// The position in the queue of the page's first track.
    pub first_position: usize,
    /// The page's tracks, in the order in which they will play.
    pub tracks: Vec<Arc<Track>>,
    /// How many tracks are upcoming on all pages together.
    pub total: usize,
}

impl Page {
    /// Cuts page `number` out of `upcoming`. A page beyond the last is the last, page 0 is the first, and a page holds
    /// one track at least.
    pub(crate) fn cut<'a>(upcoming: impl ExactSizeIterator<Item = &'a Arc<Track>>, number: usize, size: usize) -> Self {
        let (total, size) = (upcoming.len(), size.max(1));
        let pages = total.div_ceil(size).max(1);
        let number = number.clamp(1, pages);
        // Cannot overflow: for page 2 and beyond, everything before the page is made of tracks that exist.
        let before = (number - 1) * size;
        Self {
            number,
            pages,
            first_position: before + 1,
            tracks: upcoming.skip(before).take(size).cloned().collect(),
            total,
        }
    }
}
