//! The media port and the listener behind it, with packets made by hand.

use crate::{
    client::{Client, Sender},
    server::{PATIENCE, Server, number},
    sound::tone,
};
use serde_json::json;
use tokio::{net::UdpSocket, time::timeout};

const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

async fn speaking(client: &mut Client, sender: &Sender) {
    client.send(5, json!({ "speaking": 1, "delay": 0, "ssrc": sender.ssrc })).await;
    // An answer to what came after it: the server has seen it.
    client.send(3, json!({ "t": 1 })).await;
    client.op(6).await;
}

#[tokio::test]
async fn what_is_sent_is_heard_and_recorded() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&server.grant()).await;
    speaking(&mut client, &sender).await;
    // All at once: the receiver plays them at their timestamps.
    for (number, frame) in tone(50).iter().enumerate() {
        sender.frame(number as u16, frame).await;
    }
    for number in 50..55 {
        sender.frame(number, &SILENCE).await;
    }
    let report = server.report_where("all is decoded", |report| number(report, "decoded_ms") >= 1100.0).await;
    assert_eq!(report["music_ms"], 1000.0);
    assert_eq!(report["packets"], 55);
    assert_eq!(report["before_speaking"], 0);
    assert_eq!(report["speaking"][0]["speaking"], 1);
    for fault in ["undecryptable", "out_of_order", "duplicates", "nonce_reuse", "unknown", "lost", "overflow"] {
        assert_eq!(report[fault], 0, "{fault}");
    }
    let first = number(&report, "first_frame_ms") - number(&report, "start_ms");
    assert!(first >= 0.0);

    let wav = server.voice.listeners().wav(crate::server::GUILD).unwrap();
    let mut reader = hound::WavReader::new(wav.as_slice()).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 48_000));
    let left: Vec<i16> = reader.samples::<i16>().step_by(2).map(Result::unwrap).collect();
    let from = (first * 48.0) as usize;
    assert!(left[..from.saturating_sub(48)].iter().all(|sample| *sample == 0), "silence before the first frame");
    // After the codec has settled, 800 ms of 440 Hz cross zero upwards 352 times.
    let settled = &left[from + 4800..from + 43_200];
    let crossings = settled.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    assert!((350..=354).contains(&crossings), "{crossings}");
}

#[tokio::test]
async fn what_a_receiver_would_complain_of_is_counted() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&server.grant()).await;
    let frames = tone(8);
    sender.frame(0, &frames[0]).await;
    let report = server.report_where("the first is counted", |report| report["packets"] == 1).await;
    assert_eq!(report["before_speaking"], 1);

    speaking(&mut client, &sender).await;
    sender.frame(2, &frames[2]).await;
    sender.frame(1, &frames[1]).await;
    sender.frame(2, &frames[2]).await;
    sender.udp.send(&sender.seal(3, 3 * 960, 2, &frames[3])).await.unwrap();
    let mut forged = sender.seal(4, 4 * 960, 4, &frames[4]);
    forged[20] ^= 1;
    sender.udp.send(&forged).await.unwrap();
    sender.frame(5, &[]).await;

    let port = sender.udp.peer_addr().unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.send_to(&sender.seal(6, 6 * 960, 6, &frames[6]), port).await.unwrap();
    let other = Sender { ssrc: sender.ssrc + 1, ..sender };
    other.frame(7, &frames[7]).await;

    let report =
        server.report_where("all are counted", |report| report["strays"] == 1 && report["malformed"] == 1).await;
    let counted =
        ["packets", "before_speaking", "out_of_order", "duplicates", "nonce_reuse", "undecryptable", "unknown"]
            .map(|field| report[field].as_u64().unwrap());
    assert_eq!(counted, [7, 1, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn keepalives_come_back_as_they_were_sent() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&server.grant()).await;
    for keepalive in [&[1, 2, 3, 4][..], &[8, 7, 6, 5, 4, 3, 2, 1]] {
        sender.udp.send(keepalive).await.unwrap();
        let mut echo = [0; 64];
        let length = timeout(PATIENCE, sender.udp.recv(&mut echo)).await.unwrap().unwrap();
        assert_eq!(&echo[..length], keepalive);
    }
}

#[tokio::test]
async fn media_goes_on_while_the_socket_is_gone_and_ends_with_the_session() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&token).await;
    speaking(&mut client, &sender).await;
    server.voice.reset(crate::server::GUILD, crate::server::BOT);
    client.end().await;
    let frames = tone(3);
    sender.frame(0, &frames[0]).await;
    server.report_where("it is heard without a socket", |report| number(report, "music_ms") >= 20.0).await;

    let mut client = Client::connect(&server, 8).await;
    client.resume(&token, -1).await;
    client.op(9).await;
    sender.frame(1, &frames[1]).await;
    let report = server.report_where("it is heard after the resume", |report| number(report, "music_ms") >= 40.0).await;
    assert_eq!(report["before_speaking"], 0);

    server.voice.close(crate::server::GUILD, crate::server::BOT, Some(4006), "Session is no longer valid.");
    sender.frame(2, &frames[2]).await;
    let report = server.report_where("it is heard no more", |report| report["unknown"] == 1).await;
    assert_eq!(report["packets"], 2);
    assert_eq!(report["sessions"][0]["code"], 4006);
    assert!(report["sessions"][0]["closed_ms"].is_f64());
}

#[tokio::test]
async fn nobody_hears_a_member_that_is_muted_by_the_server() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&server.grant()).await;
    speaking(&mut client, &sender).await;
    let frames = tone(30);
    let muted = |is_muted| server.voice.silenced(crate::server::GUILD, crate::server::BOT, is_muted);
    for (number, frame) in frames.iter().enumerate() {
        if number == 10 {
            // What was sent before must have arrived.
            server.report_where("ten came", |report| report["packets"] == 10).await;
            muted(true);
        } else if number == 20 {
            server.report_where("twenty came", |report| report["packets"] == 20).await;
            muted(false);
        }
        sender.frame(number as u16, frame).await;
    }
    let report = server.report_where("all is heard", |report| number(report, "music_ms") >= 400.0).await;
    assert_eq!((&report["packets"], &report["silenced"]), (&json!(30), &json!(10)));
    assert_eq!(report["music_ms"], 400.0);
}
