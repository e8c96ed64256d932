//! All clients in one channel: everybody is heard, while others come and go.

use super::{client::Client, ground::Ground, report::Row};

/// Brings them together.
pub(super) async fn meet(_ground: &Ground, _clients: &[Client]) -> Vec<Row> {
    std::future::ready(Vec::new()).await
}
