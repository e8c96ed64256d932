//! Ways that lead nowhere, and a bad way to the media port.

use crate::{
    client::{Client, End, Sender},
    server::{BOT, GUILD, PATIENCE, Server, number},
    sound::tone,
};
use refrain_sim::voice::{Dark, Figures, Trouble, Whom};
use serde_json::json;
use tokio::time::timeout;

async fn send_all(sender: &Sender, frames: &[Vec<u8>]) {
    for (number, frame) in frames.iter().enumerate() {
        sender.frame(number as u16, frame).await;
    }
}

#[tokio::test]
async fn a_blackhole_swallows_all_until_it_is_lifted() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&server.grant()).await;
    let dark = Dark { socket: true, udp: true, connections: true };
    let (order, _over) = server.voice.trouble(Whom::guild(GUILD), Trouble::Dark(dark));
    client.send(3, json!({ "t": 5 })).await;
    assert!(client.is_silent().await, "the voice socket");
    let frames = tone(4);
    sender.frame(0, &frames[0]).await;
    sender.udp.send(&[1, 2, 3, 4]).await.unwrap();
    let mut echo = [0; 16];
    assert!(timeout(QUIET, sender.udp.recv(&mut echo)).await.is_err(), "the keepalive");
    let endpoint = server.voice.endpoint();
    let second = Client::connect_to(&server, &endpoint, 8);
    tokio::pin!(second);
    assert!(timeout(QUIET, &mut second).await.is_err(), "a new connection");
    assert_eq!(server.report()["packets"], 0);

    assert!(server.voice.lift(order));
    assert_eq!(client.op(6).await["d"]["t"], 5, "what waited comes through");
    timeout(PATIENCE, second).await.unwrap();
    sender.frame(1, &frames[1]).await;
    server.report_where("voice is heard again", |report| report["packets"] == 1).await;
}

#[tokio::test]
async fn who_is_in_the_dark_for_too_long_finds_its_session_timed_out() {
    let server = Server::start_with(100, 0).await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.identify(&token).await;
    client.op(2).await;
    let dark = Dark { socket: true, udp: false, connections: false };
    let (order, _over) = server.voice.trouble(Whom { guild: None, user: Some(BOT) }, Trouble::Dark(dark));
    server.report_where("the server gives up", |report| report["sessions"][0]["code"] == 4009).await;
    let mut second = Client::connect(&server, 8).await;
    second.resume(&token, -1).await;
    second.op(8).await;
    assert_eq!(second.end().await, End::Code(4006));
    server.voice.lift(order);
    assert_eq!(client.end().await, End::Code(4009), "it is told when it can be reached");
}

#[tokio::test]
async fn a_bad_way_loses_doubles_and_shuffles_packets_as_told_by_the_seed() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&server.grant()).await;
    let figures = Figures { loss: 0.3, duplicate: 0.2, reorder: 0.1, delay_ms: 50.0, jitter_ms: 5.0, seed: 7 };
    server.voice.trouble(Whom::guild(GUILD), Trouble::Udp(figures));
    let frames = tone(200);
    send_all(&sender, &frames).await;
    // The seed decides that 141 of the 200 arrive, 25 of them twice.
    let report = server.report_where("what is not lost arrives", |report| report["packets"] == 141 + 25).await;
    assert_eq!(report["duplicates"], 25);
    assert!(number(&report, "out_of_order") >= 1.0, "{report}");
    assert_eq!((&report["undecryptable"], &report["nonce_reuse"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn discovery_is_lost_with_everything_else() {
    let server = Server::start().await;
    let all = Figures { loss: 1.0, ..Figures::default() };
    let (order, _over) = server.voice.trouble(Whom::default(), Trouble::Udp(all));
    let mut client = Client::connect(&server, 8).await;
    client.identify(&server.grant()).await;
    let handshake = client.open_media();
    tokio::pin!(handshake);
    assert!(timeout(QUIET, &mut handshake).await.is_err());
    server.voice.lift(order);
    assert_eq!(server.report()["packets"], 0);
}

/// How long nothing must come for a test to believe that nothing will.
const QUIET: std::time::Duration = std::time::Duration::from_millis(400);
