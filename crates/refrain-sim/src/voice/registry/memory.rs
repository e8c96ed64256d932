//! What is remembered of what is over: the newest some thousands.

use std::collections::{BTreeSet, VecDeque};

/// How many.
const CAPACITY: usize = 4096;

/// A bounded set that forgets the oldest first.
#[derive(Debug)]
pub(super) struct Memory<T> {
    order: VecDeque<T>,
    all: BTreeSet<T>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), all: BTreeSet::new() }
    }
}

impl<T: Ord + Clone> Memory<T> {
    pub(super) fn remember(&mut self, item: T) {
        if self.all.insert(item.clone()) {
            self.order.push_back(item);
        }
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    pub(super) fn knows(&self, item: &T) -> bool {
        self.all.contains(item)
    }
}
