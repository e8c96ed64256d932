//! Servers that go silent.

use crate::{MS, S, config, gone, open, server::Server, soon, sweep, take};
use refrain_audio::{AudioErrorKind, FrameStream, Next, OpenAt, PipelineConfig};
use std::{os::unix::fs::PermissionsExt, time::Duration};

const MP3: &[&str] = &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-f", "mp3"];

async fn starves(stream: &FrameStream) {
    soon("a starved stream", async {
        while stream.next() != Next::Starved {
            tokio::time::sleep(MS(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_stalls_starves_and_keeps_its_place() {
    let server = Server::start_with(sweep::encoded(12, MP3), 12).await;
    let stream = open(&server, "/stall", Duration::ZERO).await.unwrap();
    while stream.position() < S(3) {
        take(&stream).await.unwrap();
    }
    starves(&stream).await;
    let position = stream.position();
    assert!(position >= S(3) && position < S(5), "{position:?}");
    assert_eq!((stream.next(), stream.position(), stream.ended()), (Next::Starved, position, None));
    stream.close();
    stream.close();
    gone(stream.pid().unwrap()).await;
}

#[tokio::test]
async fn a_body_that_drips_starves_between_its_drops() {
    let server = Server::start_with(sweep::encoded(30, MP3), 30).await;
    let stream = open(&server, "/drip", Duration::ZERO).await.unwrap();
    while stream.position() < S(8) {
        take(&stream).await.unwrap();
    }
    starves(&stream).await;
    take(&stream).await.expect("there is a little more");
    starves(&stream).await;
    assert!(!stream.facts().live, "less than real time is no station");
}

#[tokio::test]
async fn a_live_playlist_that_no_longer_advances_starves_and_is_known_to_be_live() {
    let server = Server::start_with(sweep::encoded(2, MP3), 2).await;
    let stream = open(&server, "/live.m3u8", S(50)).await.unwrap();
    assert_eq!(stream.start(), Duration::ZERO, "on at its present");
    starves(&stream).await;
    assert!(stream.facts().live && !stream.facts().seekable);
}

#[tokio::test]
async fn opening_what_stalls_fails_in_time_and_leaves_no_child() {
    let server = Server::start(Vec::new()).await;
    let dir = tempfile::tempdir().unwrap();
    let (script, pids) = (dir.path().join("ffmpeg"), dir.path().join("pids"));
    let words = format!("#!/bin/sh\necho $$ >> {}\nexec ffmpeg \"$@\"\n", pids.display());
    std::fs::write(&script, words).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = PipelineConfig { ffmpeg: script, open_timeout: S(3), ..config() };
    for position in [Duration::ZERO, S(30)] {
        let media = server.media("/hang");
        let opening = FrameStream::open(&config, &media, OpenAt::position(position));
        let error = soon("the time limit", opening).await.unwrap_err();
        assert_eq!(error.kind(), AudioErrorKind::TimedOut, "{error}");
    }
    for pid in std::fs::read_to_string(pids).unwrap().lines() {
        gone(pid.parse().unwrap()).await;
    }
}
