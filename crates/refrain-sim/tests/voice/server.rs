//! A voice server of the test's own, and waiting for what its listener reports.

use refrain_sim::{
    clock::SimClock,
    log::FrameLog,
    voice::{Dave, DavePolicy, VoiceOptions, VoiceServer},
};
use serde_json::Value;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const GUILD: u64 = 1001;
pub(crate) const CHANNEL: u64 = 2001;
pub(crate) const BOT: u64 = 3001;
pub(crate) const SESSION: &str = "session-of-the-main-gateway";
/// Generous: the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    pub(crate) voice: VoiceServer,
    pub(crate) log: FrameLog,
    _ca_dir: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(13_750, 0).await
    }

    /// A server that requires end-to-end encryption.
    pub(crate) async fn start_encrypted() -> Self {
        Self::start_as(|options| VoiceOptions { dave: Dave::new(DavePolicy::Required), ..options }).await
    }

    pub(crate) async fn start_with(heartbeat_interval_ms: u64, latency_ms: u64) -> Self {
        Self::start_as(|options| VoiceOptions { heartbeat_interval_ms, latency_ms, ..options }).await
    }

    pub(crate) async fn start_as(change: impl FnOnce(VoiceOptions) -> VoiceOptions) -> Self {
        let ca_dir = tempfile::tempdir().unwrap();
        let clock = SimClock::start();
        let log = FrameLog::new(clock);
        let options = change(VoiceOptions::new(ca_dir.path()));
        let voice = VoiceServer::start(options, clock, log.clone()).await.unwrap();
        Self { voice, log, _ca_dir: ca_dir }
    }

    pub(crate) fn grant(&self) -> String {
        self.voice.grant(GUILD, CHANNEL, BOT, SESSION)
    }

    /// These people, and the bot, are in the channel now.
    pub(crate) fn people(&self, people: &[u64]) {
        let everybody: Vec<u64> = people.iter().copied().chain([BOT]).collect();
        self.voice.members_changed(GUILD, CHANNEL, &everybody);
        self.voice.people_changed(GUILD, CHANNEL, people);
    }

    pub(crate) fn report(&self) -> Value {
        self.voice.listeners().report(GUILD).unwrap_or_default()
    }

    /// The first report of which this is true.
    pub(crate) async fn report_where(&self, what: &str, mut is_so: impl FnMut(&Value) -> bool) -> Value {
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let report = self.report();
                if is_so(&report) {
                    return report;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        match found.await {
            Ok(report) => report,
            Err(_) => panic!("it never came to pass that {what}; last report: {}", self.report()),
        }
    }
}

/// A number of the report; zero when it is not there.
pub(crate) fn number(report: &Value, field: &str) -> f64 {
    report[field].as_f64().unwrap_or(0.0)
}
