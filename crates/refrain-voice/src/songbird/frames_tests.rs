//! What the mixer's side reports of a source, with a real stream from a server that stalls when it is told to.

use super::*;
use refrain_audio::{EndReason, OpenAt, PipelineConfig};
use refrain_model::MediaLocation;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
    time::{sleep, timeout},
};

/// 48 kHz, mono, 16 bits.
const SECOND: usize = 96_000;
/// An alarm, not an expectation.
const PATIENCE: Duration = Duration::from_secs(60);

fn wav_header(seconds: usize) -> Vec<u8> {
    let size = (seconds * SECOND) as u32;
    let mut header = b"RIFF".to_vec();
    header.extend((36 + size).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend([1, 0, 1, 0]);
    header.extend(48_000_u32.to_le_bytes());
    header.extend((SECOND as u32).to_le_bytes());
    header.extend([2, 0, 16, 0]);
    header.extend(b"data");
    header.extend(size.to_le_bytes());
    header
}

/// Sends twenty seconds of silence: the second half only once `go_on` says so. ffmpeg wants some seconds before it begins.
async fn server(mut go_on: mpsc::Receiver<()>) -> MediaLocation {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a.wav", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _request = socket.read(&mut [0; 4096]).await.unwrap();
        let length = wav_header(20).len() + 20 * SECOND;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&wav_header(20)).await.unwrap();
        socket.write_all(&vec![0; 10 * SECOND]).await.unwrap();
        go_on.recv().await;
        socket.write_all(&vec![0; 10 * SECOND]).await.unwrap();
    });
    MediaLocation { url, headers: Vec::new(), expires_at: None }
}

/// Asks as a mixer does, only faster, until there is a report.
async fn next_report(source: &Source, reports: &mut mpsc::UnboundedReceiver<DriverReport>) -> DriverReport {
    timeout(PATIENCE, async {
        loop {
            source.note(&source.stream.next());
            match reports.try_recv() {
                Ok(report) => return report,
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        }
    })
    .await
    .expect("a report")
}

#[tokio::test]
async fn a_source_that_starves_and_flows_again_is_reported_on_the_edges_alone() {
    let (go_on, gate) = mpsc::channel(1);
    let media = server(gate).await;
    let stream = FrameStream::open(&PipelineConfig::default(), &media, OpenAt::default()).await.unwrap();
    let (sender, mut reports) = mpsc::unbounded_channel();
    let source = Source::new(stream.clone(), sender);

    let report = next_report(&source, &mut reports).await;
    assert!(matches!(&report, DriverReport::SourceFlowing { stream: of } if of.is_same(&stream)), "{report:?}");
    let report = next_report(&source, &mut reports).await;
    assert!(matches!(&report, DriverReport::SourceStarved { stream: of } if of.is_same(&stream)), "{report:?}");
    for _ in 0..50 {
        source.note(&source.stream.next());
    }
    assert!(reports.try_recv().is_err(), "it goes on starving");

    go_on.send(()).await.unwrap();
    // The encoder may hand out what it held back before the rest comes.
    let end = loop {
        match next_report(&source, &mut reports).await {
            DriverReport::StreamEnded { stream, reason } => break (stream.position(), reason),
            DriverReport::SourceFlowing { .. } | DriverReport::SourceStarved { .. } => {}
            DriverReport::Connection { .. } => panic!("there is no connection"),
        }
    };
    assert_eq!(end.1, EndReason::Finished);
    assert!(end.0 >= Duration::from_secs(20), "{:?}", end.0);
    source.note(&source.stream.next());
    assert!(reports.try_recv().is_err(), "its end is told once");
}

#[tokio::test]
async fn a_source_that_is_held_is_not_asked_and_does_not_starve() {
    let (_go_on, gate) = mpsc::channel(1);
    let media = server(gate).await;
    let stream = FrameStream::open(&PipelineConfig::default(), &media, OpenAt::default()).await.unwrap();
    let (sender, mut reports) = mpsc::unbounded_channel();
    let baton = Arc::new(Baton::default());
    baton.enter(Generation(1));
    let source = Source::new(stream, sender);
    let feed = Feed { source, baton, generation: Generation(1), track: Arc::default(), runtime: None };
    let mut reader = FrameReader { feed: Some(feed), ..FrameReader::empty() };
    for _ in 0..500 {
        assert_eq!(*reader.next_packet().unwrap().data, SILENCE);
    }
    assert!(reports.try_recv().is_err());
}
