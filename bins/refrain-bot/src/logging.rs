//! Logs go to stderr, as text for people or as JSON lines.

use crate::config::Log;
use std::io::IsTerminal as _;
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// songbird tells of every event at `info`, and its UDP reader of each answered keepalive at `warn`. A filter that names one
/// of these by itself wins, up to what [`is_discreet`] lets through.
const QUIET: &str = "songbird=warn,songbird::driver::tasks::udp_rx=off,tungstenite=info,tokio_tungstenite=info,tokio_websockets=info,twilight_http=info,\
                     twilight_http_ratelimiting=info,twilight_gateway=info,hyper=info,hyper_util=info,h2=info,rustls=info";

/// Libraries that print whole messages of Discord's protocols at `debug` and `trace`, tokens included.
const TALKATIVE: [&str; 9] = [
    "songbird",
    "tungstenite",
    "tokio_tungstenite",
    "tokio_websockets",
    "twilight_gateway",
    "twilight_http",
    "hyper",
    "h2",
    "serenity_voice_model",
];

/// Whether a line may be written whatever the filter asks for: no token reaches a log.
fn is_discreet(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || !TALKATIVE.iter().any(|name| line.target().starts_with(name))
}

/// Starts logging. Once a process.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::builder().parse_lossy(format!("{QUIET},{}", log.filter));
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(is_discreet));
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
