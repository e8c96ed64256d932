//! Signals that end a program.

use tokio::signal::unix::{SignalKind, signal};

/// The exit code of a run that was interrupted, as shells tell it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Returns at the first SIGINT or SIGTERM; never where signals cannot be awaited.
pub async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
