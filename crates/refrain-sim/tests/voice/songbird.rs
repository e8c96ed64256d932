//! The judge: the real songbird connects, plays and comes back.
//!
//! songbird trusts the system's authorities and `SSL_CERT_FILE`, which a process reads once: the client is this test
//! itself, started again with another environment. It connects with each set of credentials that it reads from stdin.

use crate::server::{BOT, CHANNEL, GUILD, SESSION, Server, number};
use serde_json::{Value, json};
use songbird::{Config, ConnectionInfo, Driver, driver::CryptoMode, input::Input};
use std::{num::NonZeroU64, process::Stdio};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    sync::mpsc,
};

const ROLE: &str = "REFRAIN_SIM_TEST_CLIENT";

#[tokio::test]
async fn songbird_plays_in_aes_gcm_resumes_and_comes_back_after_4006() {
    if is_client() {
        return client(CryptoMode::Aes256Gcm).await;
    }
    comes_back("songbird::songbird_plays_in_aes_gcm_resumes_and_comes_back_after_4006", "aead_aes256_gcm_rtpsize")
        .await;
}

#[tokio::test]
async fn songbird_plays_in_xchacha20_resumes_and_comes_back_after_4006() {
    if is_client() {
        return client(CryptoMode::XChaCha20Poly1305).await;
    }
    comes_back(
        "songbird::songbird_plays_in_xchacha20_resumes_and_comes_back_after_4006",
        "aead_xchacha20_poly1305_rtpsize",
    )
    .await;
}

#[tokio::test]
async fn songbird_is_heard_through_end_to_end_encryption_while_people_come_and_go() {
    if is_client() {
        return client(CryptoMode::Aes256Gcm).await;
    }
    let server = Server::start_encrypted().await;
    let [ada, bob] = [41, 42];
    server.people(&[ada]);
    let mut bot =
        Bot::start(&server, "songbird::songbird_is_heard_through_end_to_end_encryption_while_people_come_and_go");
    bot.connect(&server).await;
    let report = heard_encrypted(&server, 500.0).await;
    assert_eq!(said(&server, 29).len() + said(&server, 30).len(), 1, "one commit: {report}");

    server.people(&[ada, bob]);
    executed(&server, 1).await;
    heard_encrypted(&server, 500.0).await;
    server.people(&[bob]);
    executed(&server, 2).await;
    let together = heard_encrypted(&server, 500.0).await;
    assert!(server.voice.close(GUILD, BOT, Some(4015), "Voice server crashed."));
    resumed(&server, 1).await;
    heard_encrypted(&server, 500.0).await;

    // Alone there is no group, and what the bot plays is not encrypted; with the next one there is a group again.
    server.people(&[]);
    let more = number(&together, "transport_only") + 20.0;
    server.report_where("the bot is alone", |report| number(report, "transport_only") >= more).await;
    server.people(&[ada]);
    let report = heard_encrypted(&server, 500.0).await;
    for fault in ["undecryptable", "dave_undecryptable", "nonce_reuse", "malformed"] {
        assert_eq!(report[fault], 0, "{fault}: {report}");
    }
    assert_eq!(said(&server, 24).len(), 1, "the reset of the sole member");
    bot.stop().await;
}

/// The server's messages with this opcode.
fn said(server: &Server, op: i64) -> Vec<Value> {
    let lines = server.log.lines(0.0, 0);
    let frames = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    frames.filter(|frame| frame["op"] == op && frame["direction"] == "to_client").collect()
}

async fn executed(server: &Server, times: usize) {
    server.report_where("the transition is executed", |_| said(server, 22).len() >= times).await;
}

/// As much music as this without a frame that is not end-to-end encrypted.
async fn heard_encrypted(server: &Server, ms: f64) -> Value {
    let mut since = server.report();
    let is_so = |report: &Value| {
        if report["transport_only"] != since["transport_only"] {
            since = report.clone();
        }
        number(report, "music_ms") >= number(&since, "music_ms") + ms
    };
    server.report_where("encrypted music is heard", is_so).await
}

async fn comes_back(test: &str, mode: &str) {
    let server = Server::start().await;
    let mut bot = Bot::start(&server, test);
    bot.connect(&server).await;
    let report = heard_more(&server, &json!({}), 1000.0).await;
    assert_eq!(report["sessions"][0]["mode"], mode);
    assert_eq!(report["sessions"][0]["version"], 4);
    for fault in
        ["undecryptable", "out_of_order", "duplicates", "nonce_reuse", "unknown", "malformed", "before_speaking"]
    {
        assert_eq!(report[fault], 0, "{fault}: {report}");
    }
    let levels: Vec<f64> = report["level"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let loudest = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!((-11.0..-7.0).contains(&loudest), "a sine at half of full scale has -9 dBFS: {loudest}");

    // Faults that a client survives by itself: the same session goes on.
    assert!(server.voice.close(GUILD, BOT, Some(4015), "Voice server crashed."));
    resumed(&server, 1).await;
    assert!(server.voice.reset(GUILD, BOT));
    resumed(&server, 2).await;
    let report = heard_more(&server, &server.report(), 500.0).await;
    assert_eq!(report["sessions"].as_array().unwrap().len(), 1, "{report}");

    // The one it does not survive: the music stops, and comes back with new credentials.
    assert!(server.voice.close(GUILD, BOT, Some(4006), "Session is no longer valid."));
    let stopped =
        server.report_where("the silence runs", |report| silences(report).any(|silence| silence["open"] == true)).await;
    assert_eq!(stopped["sessions"][0]["code"], 4006);
    bot.connect(&server).await;
    let report = heard_more(&server, &stopped, 1000.0).await;
    assert_eq!(report["sessions"].as_array().unwrap().len(), 2);
    assert_ne!(report["ssrcs"][0], report["ssrcs"][1]);
    let gap_start = silences(&stopped).next_back().unwrap()["start_ms"].clone();
    assert!(
        silences(&report).any(|silence| silence["start_ms"] == gap_start && silence["open"].is_null()),
        "the gap has an end: {}",
        report["silences"]
    );
    assert_eq!(report["undecryptable"], 0);
    bot.stop().await;
}

async fn heard_more(server: &Server, since: &Value, ms: f64) -> Value {
    let goal = number(since, "music_ms") + ms;
    server.report_where("more music is heard", |report| number(report, "music_ms") >= goal).await
}

async fn resumed(server: &Server, times: usize) {
    let is_resumed = |report: &Value| {
        let session = &report["sessions"][0];
        session["resumed_ms"].as_array().is_some_and(|resumed| resumed.len() == times) && session["closed_ms"].is_null()
    };
    server.report_where("the session is resumed", is_resumed).await;
}

fn silences(report: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    report["silences"].as_array().into_iter().flatten()
}

/// The other process.
struct Bot(Child);

impl Bot {
    fn start(server: &Server, test: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(ROLE, "yes")
            .env("SSL_CERT_FILE", server.voice.ca_path())
            .env_remove("SSL_CERT_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self(child)
    }

    async fn connect(&mut self, server: &Server) {
        let line = json!({ "endpoint": server.voice.endpoint(), "token": server.grant() });
        let stdin = self.0.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn stop(mut self) {
        drop(self.0.stdin.take());
        let status = tokio::time::timeout(crate::server::PATIENCE, self.0.wait()).await.unwrap().unwrap();
        assert!(status.success(), "the client ended with {status}");
    }
}

fn is_client() -> bool {
    std::env::var_os(ROLE).is_some()
}

/// Plays a tone without end, over whatever connection stdin tells it to make.
async fn client(mode: CryptoMode) {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let mut driver = Driver::new(Config::default().crypto_mode(mode));
    driver.play_input(tone());
    let (sender, mut lines) = mpsc::channel(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            sender.blocking_send(line.unwrap()).unwrap();
        }
    });
    while let Some(line) = lines.recv().await {
        let credentials: Value = serde_json::from_str(&line).unwrap();
        let text = |field: &str| credentials[field].as_str().unwrap().to_owned();
        driver.leave();
        let info = ConnectionInfo {
            channel_id: NonZeroU64::new(CHANNEL).unwrap().into(),
            endpoint: text("endpoint"),
            guild_id: NonZeroU64::new(GUILD).unwrap().into(),
            session_id: SESSION.to_owned(),
            token: text("token"),
            user_id: NonZeroU64::new(BOT).unwrap().into(),
        };
        driver.connect(info).await.unwrap();
    }
}

/// Two minutes of a tone, as Opus in the DCA container: songbird reads that without any other decoder.
fn tone() -> Input {
    let metadata = json!({
        "dca": { "version": 1, "tool": { "name": "refrain-sim", "version": "1" } },
        "opus": { "mode": "music", "sample_rate": 48_000, "frame_size": 960, "vbr": true, "channels": 2 },
    })
    .to_string();
    let mut file = b"DCA1".to_vec();
    file.extend(u32::try_from(metadata.len()).unwrap().to_le_bytes());
    file.extend(metadata.as_bytes());
    let second: Vec<u8> = crate::sound::tone(50)
        .into_iter()
        .flat_map(|frame| [&u16::try_from(frame.len()).unwrap().to_le_bytes()[..], &frame].concat())
        .collect();
    file.extend(second.repeat(120));
    file.into()
}
