//! How a shard is closed.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::time;
use twilight_gateway::{CloseFrame, EventTypeFlags, Shard, ShardState, StreamExt as _};

/// How long a shard may take to say goodbye, and how long its socket then stays open.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);
const CLOSE_GRACE: Duration = Duration::from_millis(50);

/// Says goodbye. The shard is read no further than the goodbye goes out: it would take the end of its socket for a loss
/// and connect again.
pub(super) async fn close(mut shard: Shard) {
    shard.close(CloseFrame::NORMAL);
    let said = poll_fn(|cx| {
        let next = pin!(shard.next_event(EventTypeFlags::empty())).poll(cx);
        match next {
            _ if matches!(shard.state(), ShardState::Disconnected { .. } | ShardState::FatallyClosed) => {
                Poll::Ready(())
            }
            Poll::Ready(_) => {
                // Something else arrived before it: once more.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    });
    if time::timeout(CLOSE_LIMIT, said).await.is_ok() {
        // A moment for the frame to be taken: a socket that is dropped with unread bytes may take it back.
        time::sleep(CLOSE_GRACE).await;
    }
}
