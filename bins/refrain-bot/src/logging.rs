//! Logs go to stderr, as text for people or as JSON lines.

use crate::config::Log;
use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Libraries that print protocol messages when asked for more than this, tokens of Discord's included; songbird also
/// tells of every event at `info`, and its UDP reader of each answered keepalive at `warn`. A filter that names one of
/// them by itself wins.
const QUIET: &str = "songbird=warn,songbird::driver::tasks::udp_rx=off,tungstenite=info,tokio_tungstenite=info,tokio_websockets=info,twilight_http=info,\
                     twilight_http_ratelimiting=info,twilight_gateway=info,hyper=info,hyper_util=info,h2=info,rustls=info";

/// Starts logging. Once a process.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::builder().parse_lossy(format!("{QUIET},{}", log.filter));
    let registry = tracing_subscriber::registry().with(filter);
    if log.json {
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
        registry.with(lines).init();
    } else {
        let colours = std::io::stderr().is_terminal();
        let lines = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
        registry.with(lines).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, "a task panicked, which is a bug; please report it: {words}");
    }));
}
