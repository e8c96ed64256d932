//! Several voice servers, and credentials that are good at one of them, once.

use crate::{
    client::{Client, End},
    server::{BOT, GUILD, SESSION, Server},
};
use refrain_sim::voice::{Ending, Trouble, VoiceOptions, Whom};
use serde_json::json;

#[tokio::test]
async fn credentials_are_good_once_and_at_one_server() {
    let server = Server::start().await;
    let old_endpoint = server.voice.endpoint();
    let old = server.grant();
    let mut client = Client::connect_to(&server, &old_endpoint, 8).await;
    client.handshake(&old).await;
    server.voice.move_guild(GUILD, 1);
    let new = server.grant();
    let new_endpoint = server.voice.endpoint_of(GUILD);
    assert_ne!(old_endpoint, new_endpoint);
    // Endpoint, token, Identify's code and Resume's code.
    let cases =
        [(&old_endpoint, &new, 4011, 4011), (&old_endpoint, &old, 4006, 4011), (&new_endpoint, &old, 4006, 4006)];
    for (endpoint, token, identify, resume) in cases {
        let mut client = Client::connect_to(&server, endpoint, 8).await;
        client.identify(token).await;
        assert_eq!(client.end().await, End::Code(identify), "Identify");
        let mut client = Client::connect_to(&server, endpoint, 8).await;
        client.resume(token, -1).await;
        assert_eq!(client.end().await, End::Code(resume), "Resume");
    }
    client.sync().await;
    let mut moved = Client::connect_to(&server, &new_endpoint, 8).await;
    let sender = moved.handshake(&new).await;
    assert_eq!(client.end().await, End::Code(4006), "the session at the old server is over");
    for (number, frame) in crate::sound::tone(3).iter().enumerate() {
        sender.frame(number as u16, frame).await;
    }
    server.report_where("the new media port hears", |report| report["packets"] == 3).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_frame_is_told_by_the_close_code_at_each_point_of_a_life() {
    let good = json!({ "address": "127.0.0.1", "port": 9, "mode": "aead_aes256_gcm_rtpsize" });
    let bad_mode = json!({ "address": "127.0.0.1", "port": 9, "mode": "xsalsa20_poly1305" });
    let identify = json!({ "server_id": GUILD, "user_id": BOT, "session_id": SESSION, "token": "t" });
    let resume = json!({ "server_id": GUILD, "session_id": SESSION, "token": "t", "seq_ack": -1 });
    // Whether the client has identified, the frame, the code.
    let cases = [
        (false, json!({ "op": 1, "d": { "protocol": "udp", "data": good } }), 4003),
        (false, json!({ "op": 5, "d": { "speaking": 1 } }), 4003),
        (false, json!({ "op": 23, "d": { "transition_id": 1 } }), 4003),
        (false, json!({ "op": 0, "d": { "server_id": "not a number" } }), 4002),
        (
            false,
            json!({ "op": 0, "d": { "server_id": 77, "user_id": BOT, "session_id": SESSION, "token": "t" } }),
            4011,
        ),
        (false, identify.clone().pipe(0), 4004),
        (false, resume.clone().pipe(7), 4006),
        (false, json!({ "op": 3, "d": "soon" }), 4002),
        (false, json!({ "op": 3, "d": { "t": 1, "seq_ack": "last" } }), 4002),
        (false, json!({ "op": 40, "d": null }), 4001),
        (false, json!({ "op": -1, "d": null }), 4001),
        (false, json!([]), 4002),
        (true, identify.pipe(0), 4005),
        (true, resume.pipe(7), 4005),
        (true, json!({ "op": 1, "d": { "protocol": "webrtc", "data": bad_mode } }), 4012),
        (true, json!({ "op": 1, "d": { "protocol": "udp", "data": bad_mode } }), 4016),
        (true, json!({ "op": 1, "d": {} }), 4002),
        (true, json!({ "op": 5, "d": { "speaking": true } }), 4002),
        (true, json!({ "op": 2, "d": {} }), 4001),
    ];
    let server = Server::start().await;
    for (has_identified, frame, code) in cases {
        let mut client = Client::connect(&server, 8).await;
        if has_identified {
            client.identify(&server.grant()).await;
            client.op(2).await;
        } else {
            // The guild is known, and something is granted.
            let _token = server.grant();
        }
        client.send_text(frame.to_string()).await;
        assert_eq!(client.end().await, End::Code(code), "{frame}");
    }
}

trait Pipe {
    fn pipe(self, op: u8) -> Self;
}

impl Pipe for serde_json::Value {
    fn pipe(self, op: u8) -> Self {
        json!({ "op": op, "d": self })
    }
}

#[tokio::test]
async fn a_server_that_is_down_refuses_and_takes_up_its_sessions_again() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    let sender = client.handshake(&token).await;
    let (order, _over) = server.voice.trouble(Whom::default(), Trouble::Down { server: None });
    let crashed = Ending::Close { code: Some(4015), reason: String::from("Voice server crashed.") };
    assert_eq!(server.voice.crash(None, &crashed, false), 1);
    assert_eq!(client.end().await, End::Code(4015));
    let endpoint = server.voice.endpoint();
    while let Ok(mut late) = Client::try_connect(&server, &endpoint, 8).await {
        // It was in the queue before the door was shut.
        late.send(3, json!({ "t": 1 })).await;
    }
    server.voice.lift(order);
    let mut client = loop {
        if let Ok(client) = Client::try_connect(&server, &endpoint, 8).await {
            break client;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    client.resume(&token, -1).await;
    client.op(9).await;
    sender.frame(2, &[0xf8, 0xff, 0xfe]).await;
    server.report_where("the media port hears again", |report| report["packets"] == 1).await;
}

#[tokio::test]
async fn an_endpoint_can_be_an_address() {
    let server = Server::start_as(|options| VoiceOptions { host: "127.0.0.1", ..options }).await;
    assert!(server.voice.endpoint().starts_with("127.0.0.1:"));
    let mut client = Client::connect(&server, 8).await;
    client.handshake(&server.grant()).await;
}
