//! Sources: the current track's slot, and the pure policy by which a source that fails is tried again.

mod outage;
mod retry;
mod slot;

pub(crate) use outage::Outages;
pub(crate) use retry::pause;
pub(crate) use slot::{Open, Playback, Purpose, Rewinding, Slot, Trouble, Waiter};
