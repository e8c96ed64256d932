//! Where a stream begins, and what is known of its source.

use crate::{S, config, open, play_out, server::Server, sweep, take};
use refrain_audio::{AudioErrorKind, EndReason, FrameStream, OpenAt, PipelineConfig};
use std::time::{Duration, Instant};

const MP3: &[&str] = &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-f", "mp3"];
const OGG: &[&str] = &["-c:a", "libopus", "-b:a", "64k", "-f", "ogg"];

#[tokio::test]
async fn a_file_says_how_long_it_is_and_can_be_opened_anywhere() {
    let server = Server::start(sweep::wav(4)).await;
    let stream = open(&server, "/plain", S(2)).await.unwrap();
    assert_eq!(stream.start(), S(2));
    let facts = stream.facts();
    assert_eq!((facts.length, facts.live, facts.seekable), (Some(S(4)), false, true));
    assert_eq!(server.heads().len(), server.heads().iter().filter(|head| head.contains("Range: ")).count());
}

#[tokio::test]
async fn a_format_that_cannot_seek_without_ranges_is_read_up_to_the_place() {
    let server = Server::start_with(sweep::encoded(20, OGG), 20).await;
    let stream = open(&server, "/no-range", S(12)).await.unwrap();
    assert_eq!((stream.start(), stream.position()), (S(12), S(12)));
    let (frames, end) = play_out(&stream).await;
    assert_eq!(end, EndReason::Finished, "{:?}", stream.failure());
    assert!((398..=403).contains(&frames.len()), "{} frames of 8 s", frames.len());
    assert!(!stream.facts().live);
}

#[tokio::test]
async fn a_place_too_far_to_read_up_to_is_given_up_for_the_start() {
    let server = Server::start_with(sweep::encoded(60, MP3), 60).await;
    let config = PipelineConfig { open_timeout: S(16), ..config() };
    // At twice the speed of sound it takes 25 s to get there.
    let stream = FrameStream::open(&config, &server.media("/slow-no-range"), OpenAt::position(S(50))).await.unwrap();
    assert_eq!((stream.start(), stream.position()), (Duration::ZERO, Duration::ZERO));
    take(&stream).await.unwrap();
    assert!(!stream.facts().live);
}

#[tokio::test]
async fn a_station_that_nobody_marked_begins_at_its_present_wherever_it_is_opened() {
    let server = Server::start_with(sweep::encoded(20, MP3), 20).await;
    for path in ["/radio", "/icy"] {
        let asked = Instant::now();
        let stream = open(&server, path, S(50)).await.unwrap();
        assert!(asked.elapsed() < S(40), "it skips nothing that comes in real time");
        assert_eq!((stream.start(), stream.position()), (Duration::ZERO, Duration::ZERO), "{path}");
        assert_eq!(stream.facts().live, path == "/icy", "{path}: known by its name, or after a while");
        assert!(!stream.facts().seekable);
        take(&stream).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_marked_live_is_not_sought_in() {
    let server = Server::start_with(sweep::encoded(20, MP3), 20).await;
    let at = OpenAt { position: S(50), live: true, length: None };
    let stream = FrameStream::open(&config(), &server.media("/plain"), at).await.unwrap();
    assert_eq!((stream.start(), stream.facts().live), (Duration::ZERO, true));
}

#[tokio::test]
async fn a_station_that_hangs_up_in_good_order_is_told_from_a_file_that_ends() {
    let server = Server::start_with(sweep::encoded(20, MP3), 20).await;
    let station = open(&server, "/radio/13", Duration::ZERO).await.unwrap();
    let (_, end) = play_out(&station).await;
    assert_eq!((end, station.facts().live), (EndReason::Finished, true), "{:?}", station.failure());

    for path in ["/no-length", "/chunked"] {
        let file = open(&server, path, Duration::ZERO).await.unwrap();
        let (frames, end) = play_out(&file).await;
        assert_eq!((end, file.facts().live), (EndReason::Finished, false), "{path}");
        assert!(frames.len() > 990, "{path}: {} frames", frames.len());
    }
}

#[tokio::test]
async fn a_body_that_ends_well_before_the_length_of_the_page_ends_with_its_position() {
    let server = Server::start_with(sweep::encoded(8, MP3), 8).await;
    let at = OpenAt { length: Some(S(600)), ..OpenAt::default() };
    let stream = FrameStream::open(&config(), &server.media("/no-length"), at).await.unwrap();
    let (_, end) = play_out(&stream).await;
    assert_eq!((end, stream.facts().length), (EndReason::Finished, Some(S(600))));
    assert!(stream.position() >= S(8) && stream.position() < S(9), "{:?}", stream.position());

    // Opened again there it has ended, and does not begin anew.
    let at = OpenAt { position: stream.position(), ..at };
    let again = FrameStream::open(&config(), &server.media("/no-length"), at).await.unwrap();
    assert_eq!((again.ended(), again.start()), (Some(EndReason::Finished), at.position));
}

#[tokio::test]
async fn a_chunked_body_that_is_cut_is_a_failure() {
    let server = Server::start_with(sweep::encoded(8, MP3), 8).await;
    let stream = open(&server, "/chunked-cut", Duration::ZERO).await.unwrap();
    let (frames, end) = play_out(&stream).await;
    assert_eq!(end, EndReason::Failed(AudioErrorKind::Network));
    assert!((180..=205).contains(&frames.len()), "{} frames of 4 s", frames.len());
}
