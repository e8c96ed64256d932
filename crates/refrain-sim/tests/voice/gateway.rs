//! The voice gateway's order of things, close codes and resumes, with a raw client.

use crate::{
    client::{Client, End},
    server::{BOT, CHANNEL, GUILD, Server},
};
use refrain_sim::voice::{Trouble, Whom};
use serde_json::json;

#[tokio::test]
async fn version_4_shakes_hands_in_bare_messages() {
    let server = Server::start().await;
    server.voice.members_changed(GUILD, CHANNEL, &[BOT, 7]);
    let mut client = Client::connect(&server, 4).await;
    assert_eq!(client.text().await, r#"{"op":8,"d":{"heartbeat_interval":13750}}"#);
    client.identify(&server.grant()).await;
    assert!(client.text().await.starts_with(r#"{"op":2,"d":{"ssrc":"#));
    assert_eq!(client.text().await, r#"{"op":11,"d":{"user_ids":["7"]}}"#);
    client.send(3, json!(77)).await;
    assert_eq!(client.text().await, r#"{"op":6,"d":77}"#);
    let data = json!({ "address": "127.0.0.1", "port": 9, "mode": "aead_xchacha20_poly1305_rtpsize" });
    client.send(1, json!({ "protocol": "udp", "data": data })).await;
    let description = client.text().await;
    assert!(description.starts_with(r#"{"op":4,"d":{"mode":"aead_xchacha20_poly1305_rtpsize","secret_key":["#));
    assert!(description.ends_with(r#"],"dave_protocol_version":0}}"#));
}

#[tokio::test]
async fn version_8_numbers_its_messages_and_sends_the_missed_ones_again() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&token).await;
    client.send(3, json!({ "t": 5, "seq_ack": 1 })).await;
    assert_eq!(client.text().await, r#"{"op":6,"d":{"t":5}}"#);

    assert!(server.voice.close(GUILD, BOT, Some(4015), "Voice server crashed."));
    assert_eq!(client.end().await, End::Code(4015));
    server.voice.members_changed(GUILD, CHANNEL, &[7]);
    let mut again = Client::connect(&server, 8).await;
    again.resume(&token, 1).await;
    assert_eq!(again.op(9).await, json!({ "op": 9, "d": null }));
    assert_eq!(again.text().await, r#"{"op":11,"d":{"user_ids":["7"]},"seq":2}"#);
    let report = server.report();
    assert_eq!(report["ssrcs"], json!([sender.ssrc]));
}

#[tokio::test]
async fn what_a_client_does_wrong_is_told_by_the_close_code() {
    let server = Server::start().await;
    for (op, d, code) in [
        (1, json!({}), 4002),
        (5, json!({ "speaking": 1, "delay": 0, "ssrc": 1 }), 4003),
        (99, json!({}), 4001),
        (0, json!({ "server_id": "1" }), 4002),
        (7, json!({ "server_id": "1", "session_id": "s", "token": "t" }), 4011),
    ] {
        let mut client = Client::connect(&server, 8).await;
        client.send(op, d).await;
        assert_eq!(client.end().await, End::Code(code), "op {op}");
    }
    let mut client = Client::connect(&server, 8).await;
    client.send_text(String::from("not JSON")).await;
    assert_eq!(client.end().await, End::Code(4002));
    let mut client = Client::connect(&server, 8).await;
    client.send_binary(vec![99, 1]).await;
    assert_eq!(client.end().await, End::Code(4001));

    let mut client = Client::connect(&server, 8).await;
    client.identify("never granted").await;
    assert_eq!(client.end().await, End::Code(4011), "a guild that the server never heard of");
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.identify("not this one").await;
    assert_eq!(client.end().await, End::Code(4004));

    let mut client = Client::connect(&server, 8).await;
    client.identify(&token).await;
    client.op(2).await;
    client.identify(&token).await;
    assert_eq!(client.end().await, End::Code(4005));
    let mut client = Client::connect(&server, 8).await;
    client.identify(&token).await;
    assert_eq!(client.end().await, End::Code(4006), "the token has been used");
}

#[tokio::test]
async fn a_client_that_stops_its_heartbeats_is_closed_with_4009() {
    let server = Server::start_with(100, 0).await;
    let mut client = Client::connect(&server, 8).await;
    client.identify(&server.grant()).await;
    assert_eq!(client.end().await, End::Code(4009));
}

#[tokio::test]
async fn sockets_end_as_ordered_and_the_session_outlives_what_is_no_verdict() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.identify(&token).await;
    client.op(2).await;
    for (code, end) in [
        (None, End::NoCode),
        (Some(1005), End::NoCode),
        (Some(1006), End::Broken),
        (Some(1001), End::Code(1001)),
        (Some(4099), End::Code(4099)),
    ] {
        assert!(server.voice.close(GUILD, BOT, code, "by order"));
        assert_eq!(client.end().await, end);
        client = Client::connect(&server, 8).await;
        client.resume(&token, -1).await;
        client.op(9).await;
    }
    assert!(server.voice.reset(GUILD, BOT));
    assert_eq!(client.end().await, End::Broken);

    server.voice.trouble(Whom::guild(GUILD), Trouble::RefuseResume { code: 4006 });
    let mut client = Client::connect(&server, 8).await;
    client.resume(&token, -1).await;
    assert_eq!(client.end().await, End::Code(4006));
    assert!(!server.voice.close(GUILD, BOT, Some(4006), ""), "no session is left");
}

#[tokio::test]
async fn leaving_closes_with_4014_unless_the_client_is_first() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    client.identify(&server.grant()).await;
    client.op(2).await;
    server.voice.revoke(GUILD, BOT);
    assert_eq!(client.end().await, End::Code(4014));
}

#[tokio::test]
async fn the_artificial_latency_keeps_the_order() {
    let server = Server::start_with(13_750, 150).await;
    let mut client = Client::connect(&server, 8).await;
    client.handshake(&server.grant()).await;
    for nonce in 0..20 {
        client.send(3, json!({ "t": nonce })).await;
    }
    for nonce in 0..20 {
        assert_eq!(client.message().await["d"]["t"], nonce);
    }
}

#[tokio::test]
async fn every_frame_is_in_the_log_without_its_secrets() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.handshake(&token).await;
    assert!(server.voice.close(GUILD, BOT, Some(4006), "Session is no longer valid."));
    client.end().await;
    let log = server.log.lines(-1.0, 0);
    assert!(!log.contains(&token));
    for shown in [r#""op":8"#, r#""op":0"#, r#""op":2"#, r#""op":1"#, r#""secret_key":"redacted""#, r#""close":4006"#] {
        assert!(log.contains(shown), "{shown} is missing in {log}");
    }
}
