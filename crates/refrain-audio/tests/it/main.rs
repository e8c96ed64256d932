//! Streams through the real ffmpeg, from a loopback server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod places;
mod server;
mod stalls;
mod sweep;

use refrain_audio::{AudioError, AudioErrorKind, EndReason, FRAME, Frame, FrameStream, Next, OpenAt, PipelineConfig};
use refrain_model::FailureClass;
use rustix::process::{Pid, test_kill_process_group};
use server::Server;
use std::{future::Future, os::unix::fs::PermissionsExt, time::Duration};

const S: fn(u64) -> Duration = Duration::from_secs;
const MS: fn(u64) -> Duration = Duration::from_millis;

fn config() -> PipelineConfig {
    PipelineConfig { open_timeout: S(60), ..PipelineConfig::default() }
}

async fn open(server: &Server, path: &str, start: Duration) -> Result<FrameStream, AudioError> {
    FrameStream::open(&config(), &server.media(path), OpenAt::position(start)).await
}

/// A hang is a failure with a name, not a test that never ends.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(S(90), future).await.unwrap_or_else(|_| panic!("{what}: nothing for 90 s"))
}

/// Plays as a mixer does, by asking, only faster.
async fn take(stream: &FrameStream) -> Result<Frame, EndReason> {
    let mut pace = tokio::time::interval(MS(5));
    soon("a frame", async {
        loop {
            match stream.next() {
                Next::Frame(frame) => return Ok(frame),
                Next::Ended(reason) => return Err(reason),
                Next::Starved => pace.tick().await,
            };
        }
    })
    .await
}

async fn play_out(stream: &FrameStream) -> (Vec<Frame>, EndReason) {
    let mut frames = Vec::new();
    loop {
        match take(stream).await {
            Ok(frame) => frames.push(frame),
            Err(reason) => return (frames, reason),
        }
    }
}

fn likeness(frames: &[Frame], start: Duration) -> (f64, f64) {
    let first = usize::try_from(start.as_micros()).unwrap() * sweep::RATE / 1_000_000;
    sweep::likeness(frames.iter().map(|frame| &frame.data[..]), first)
}

fn assert_sounds_like_the_source(frames: &[Frame], start: Duration) {
    let (left, right) = likeness(frames, start);
    assert!(left > 0.98 && right > 0.98, "left {left:.3}, right {right:.3}");
}

async fn gone(stream_pid: u32) {
    let group = Pid::from_raw(stream_pid.try_into().unwrap()).unwrap();
    soon("the end of ffmpeg's process group", async {
        while test_kill_process_group(group).is_ok() {
            tokio::time::sleep(MS(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn plays_a_track_from_its_start_to_its_end_frame_by_frame() {
    let server = Server::start(sweep::wav(4)).await;
    let stream = open(&server, "/plain", Duration::ZERO).await.unwrap();
    assert_eq!(stream.position(), Duration::ZERO);
    let (frames, end) = play_out(&stream).await;
    assert_eq!(end, EndReason::Finished);
    // 200 frames, and one for the encoder's delay.
    assert_eq!(frames.len(), 201);
    for (n, frame) in (0_u32..).zip(&frames) {
        assert_eq!(frame.position, FRAME * n);
    }
    assert_eq!(stream.position(), FRAME * 201);
    assert_eq!(stream.ended(), Some(EndReason::Finished));
    assert!(stream.failure().is_none());
    assert_sounds_like_the_source(&frames[..199], Duration::ZERO);
}

#[tokio::test]
async fn starts_in_the_middle_also_when_the_server_knows_no_ranges() {
    let server = Server::start(sweep::wav(4)).await;
    for path in ["/plain", "/no-range", "/no-length", "/chunked"] {
        let start = MS(1510);
        let stream = open(&server, path, start).await.unwrap();
        let (frames, end) = play_out(&stream).await;
        assert_eq!(end, EndReason::Finished, "{path}: {:?}", stream.failure());
        assert_eq!(frames[0].position, start, "{path}");
        assert!((125..=126).contains(&frames.len()), "{path}: {} frames", frames.len());
        assert_sounds_like_the_source(&frames[..124], start);
    }
}

#[tokio::test]
async fn a_start_behind_the_end_has_finished_already() {
    let server = Server::start(sweep::wav(1)).await;
    let stream = open(&server, "/plain", S(30)).await.unwrap();
    assert_eq!(stream.next(), Next::Ended(EndReason::Finished));
}

#[tokio::test]
async fn goes_back_to_what_was_heard_and_plays_the_very_same_frames_again() {
    let server = Server::start(sweep::wav(8)).await;
    let config = PipelineConfig { lead: S(1), rewind: S(2), ..config() };
    let stream = FrameStream::open(&config, &server.media("/plain"), OpenAt::default()).await.unwrap();
    let mut frames = Vec::new();
    for _ in 0..250 {
        frames.push(take(&stream).await.unwrap());
    }
    assert_eq!(stream.position(), S(5));
    assert!(!stream.rewind(S(1)), "further back than what is kept");
    assert!(!stream.rewind(S(60)), "further ahead than what is kept");
    assert_eq!(stream.position(), S(5), "a refusal changes nothing");
    assert!(stream.rewind(MS(3599)));
    assert_eq!(take(&stream).await.unwrap(), frames[179]);
    let (rest, end) = play_out(&stream).await;
    assert_eq!((rest.len(), end), (401 - 180, EndReason::Finished));
    assert_eq!(rest[..70], frames[180..]);
    assert!(stream.rewind(MS(7000)), "also after the end");
    assert_eq!(take(&stream).await.unwrap().position, S(7));
}

#[tokio::test]
async fn a_slow_consumer_costs_a_bounded_window() {
    let server = Server::start(sweep::wav(30)).await;
    let config = PipelineConfig { lead: S(1), rewind: S(1), ..config() };
    let stream = FrameStream::open(&config, &server.media("/plain"), OpenAt::default()).await.unwrap();
    soon("a full window", async {
        while stream.buffered() < 50 {
            tokio::time::sleep(MS(5)).await;
        }
    })
    .await;
    let mut played = 0;
    while take(&stream).await.is_ok() {
        played += 1;
        assert!(stream.buffered() <= 101, "{} frames are kept", stream.buffered());
    }
    assert_eq!(played, 1501);
}

#[tokio::test]
async fn a_body_of_unknown_length_ends_when_it_ends() {
    let server = Server::start(sweep::wav(3)).await;
    for path in ["/no-length", "/chunked"] {
        let stream = open(&server, path, Duration::ZERO).await.unwrap();
        let (frames, end) = play_out(&stream).await;
        assert_eq!((frames.len(), end), (151, EndReason::Finished), "{path}: {:?}", stream.failure());
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_taken_up_again_unheard() {
    let server = Server::start(sweep::wav(6)).await;
    let stream = open(&server, "/cut-once", Duration::ZERO).await.unwrap();
    let (frames, end) = play_out(&stream).await;
    assert_eq!((frames.len(), end), (301, EndReason::Finished));
    assert_sounds_like_the_source(&frames[..299], Duration::ZERO);
    assert!(server.heads().len() > 1);
}

#[tokio::test]
async fn a_connection_that_stays_cut_is_a_failure_after_the_frames_that_came() {
    let server = Server::start(sweep::wav(6)).await;
    let stream = open(&server, "/cut-always?sig=s3cret", Duration::ZERO).await.unwrap();
    let (frames, end) = play_out(&stream).await;
    assert_eq!(end, EndReason::Failed(AudioErrorKind::Network));
    assert!((95..=101).contains(&frames.len()), "{} frames of a third of 6 s", frames.len());
    let failure = stream.failure().unwrap();
    assert!(failure.is_retryable());
    assert!(failure.to_string().contains("broke off") && !failure.to_string().contains("s3cret"), "{failure}");
}

#[tokio::test]
async fn says_why_there_is_nothing_to_play() {
    let server = Server::start(Vec::new()).await;
    for (path, kind, retryable) in [
        ("/status/404", AudioErrorKind::Gone, false),
        ("/status/410", AudioErrorKind::Gone, false),
        ("/status/403", AudioErrorKind::Forbidden, true),
        ("/status/429", AudioErrorKind::RateLimited, true),
        ("/status/503", AudioErrorKind::Network, true),
        ("/status/401", AudioErrorKind::Forbidden, true),
        ("/page", AudioErrorKind::NotAudio, false),
    ] {
        let media = server.media_with(&format!("{path}?sig=s3cret"), &[("Cookie", "id=tell-nobody")]);
        let error = FrameStream::open(&config(), &media, OpenAt::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{path}: {error}");
        let failure = error.failure();
        assert_eq!(failure.class == FailureClass::Track, !retryable, "{path}");
        assert!(!failure.message.is_empty());
        for secret in ["s3cret", "tell-nobody"] {
            assert!(!error.to_string().contains(secret), "{error}");
        }
    }
}

#[tokio::test]
async fn an_address_that_nobody_serves_is_a_network_error() {
    let mut media = Server::start(Vec::new()).await.media("/");
    // Port 1 on loopback: refused.
    media.url = "http://127.0.0.1:1/a".into();
    let error = FrameStream::open(&config(), &media, OpenAt::default()).await.unwrap_err();
    assert_eq!(error.kind(), AudioErrorKind::Network, "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_on_in_time() {
    let server = Server::start(Vec::new()).await;
    let config = PipelineConfig { open_timeout: S(1), ..config() };
    let media = server.media("/hang");
    let opening = FrameStream::open(&config, &media, OpenAt::default());
    let error = soon("the time limit", opening).await.unwrap_err();
    assert_eq!(error.kind(), AudioErrorKind::TimedOut, "{error}");
}

#[tokio::test]
async fn closing_or_dropping_the_last_handle_ends_the_child() {
    let server = Server::start(sweep::wav(60)).await;
    let stream = open(&server, "/plain", Duration::ZERO).await.unwrap();
    take(&stream).await.unwrap();
    stream.close();
    assert_eq!(stream.next(), Next::Ended(EndReason::Finished));
    assert_eq!(stream.buffered(), 0);
    gone(stream.pid().unwrap()).await;

    let stream = open(&server, "/plain", Duration::ZERO).await.unwrap();
    let pid = stream.pid().unwrap();
    let other = stream.clone();
    drop(stream);
    take(&other).await.expect("a handle is left");
    drop(other);
    gone(pid).await;
}

#[tokio::test]
async fn a_deaf_child_and_its_children_are_killed_too() {
    let server = Server::start(sweep::wav(60)).await;
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("deaf");
    std::fs::write(&script, "#!/bin/sh\ntrap '' TERM\nffmpeg \"$@\" &\nwhile :; do sleep 1; done\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = PipelineConfig { ffmpeg: script, ..config() };
    let stream = FrameStream::open(&config, &server.media("/plain"), OpenAt::default()).await.unwrap();
    let pid = stream.pid().unwrap();
    drop(stream);
    gone(pid).await;
}

#[tokio::test]
async fn a_child_that_talks_nonsense_or_dies_is_an_error_not_a_hang() {
    let server = Server::start(Vec::new()).await;
    let dir = tempfile::tempdir().unwrap();
    for (n, (body, kind)) in [
        ("echo there is no Ogg page anywhere in this line; sleep 100", AudioErrorKind::Broken),
        ("kill -9 $$", AudioErrorKind::Killed),
        ("yes >&2 & sleep 0.2; kill $!; exit 3", AudioErrorKind::Broken),
    ]
    .iter()
    .enumerate()
    {
        let script = dir.path().join(format!("fake-{n}"));
        std::fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = PipelineConfig { ffmpeg: script, ..config() };
        let media = server.media("/plain");
        let error = soon(body, FrameStream::open(&config, &media, OpenAt::default())).await.unwrap_err();
        assert_eq!(error.kind(), *kind, "{body}: {error}");
        assert!(error.to_string().len() < 4000, "{error}");
    }
}

#[tokio::test]
async fn a_missing_ffmpeg_is_told_with_its_path_and_what_to_do() {
    let server = Server::start(Vec::new()).await;
    let config = PipelineConfig { ffmpeg: "/nonexistent/ffmpeg".into(), ..config() };
    let error = FrameStream::open(&config, &server.media("/plain"), OpenAt::default()).await.unwrap_err();
    assert_eq!(error.kind(), AudioErrorKind::Spawn);
    let words = error.to_string();
    assert!(words.contains("/nonexistent/ffmpeg") && words.contains("install ffmpeg"), "{words}");
}

#[tokio::test]
async fn sends_the_headers_of_the_location_and_no_smuggled_ones() {
    let server = Server::start(sweep::wav(1)).await;
    let headers = [
        ("User-Agent", "Test/1.0"),
        ("Cookie", "id=1; x=2"),
        ("X-Evil", "1\r\nX-Smuggled: 1"),
        ("X-Evil: 1\r\nX-Smuggled", "1"),
        ("Host", "elsewhere.invalid"),
    ];
    let media = server.media_with("/plain", &headers);
    let stream = FrameStream::open(&config(), &media, OpenAt::default()).await.unwrap();
    take(&stream).await.unwrap();
    for head in server.heads() {
        assert!(head.contains("\r\nUser-Agent: Test/1.0\r\n"), "{head}");
        assert!(head.contains("\r\nCookie: id=1; x=2\r\n"), "{head}");
        for word in ["X-Evil", "X-Smuggled", "elsewhere", "Lavf", "Icy-MetaData"] {
            assert!(!head.contains(word), "{head}");
        }
    }
}

#[tokio::test]
async fn everything_goes_through_the_proxy_and_its_password_stays_secret() {
    let server = Server::start(sweep::wav(1)).await;
    let config = PipelineConfig { proxy: Some(server.proxy("user:pass-word")), ..config() };
    let mut media = server.media("/");
    media.url = "http://music.invalid/a.wav".into();
    let stream = FrameStream::open(&config, &media, OpenAt::default()).await.unwrap();
    take(&stream).await.unwrap();
    assert!(server.heads().iter().any(|head| head.starts_with("GET http://music.invalid")));

    media.url = "https://music.invalid/a.wav".into();
    let error = FrameStream::open(&config, &media, OpenAt::default()).await.unwrap_err();
    assert!(server.heads().iter().any(|head| head.starts_with("CONNECT music.invalid:443 ")));
    assert_eq!(error.kind(), AudioErrorKind::Forbidden, "{error}");
    assert!(!error.to_string().contains("pass-word"), "{error}");
}
