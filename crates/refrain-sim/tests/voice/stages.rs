//! Sockets that end at each moment of a connection's life, in each way.

use crate::{
    client::{Client, End},
    server::{BOT, GUILD, Server},
};
use refrain_sim::voice::{Blow, Ending, Stage, Trouble, Whom};
use serde_json::json;

fn endings() -> Vec<(Ending, End)> {
    let close = |code| Ending::Close { code, reason: String::from("by order") };
    vec![
        (close(Some(4015)), End::Code(4015)),
        (close(None), End::NoCode),
        (Ending::Reset, End::Broken),
        (Ending::TlsClose, End::Broken),
    ]
}

fn arm(server: &Server, stage: Stage, ending: Ending) {
    server.voice.trouble(Whom::guild(GUILD), Trouble::Armed { stage, blow: Blow::End(ending), times: 1 });
}

#[tokio::test]
async fn a_connection_ends_before_hello_and_after_it() {
    let server = Server::start().await;
    for (ending, end) in endings() {
        arm(&server, Stage::BeforeHello, ending.clone());
        let mut client = Client::connect(&server, 8).await;
        assert_eq!(client.first_or_end().await, Err(end), "before Hello: {ending:?}");
    }
    for (ending, end) in endings() {
        arm(&server, Stage::AfterHello, ending.clone());
        let mut client = Client::connect(&server, 8).await;
        assert_eq!(client.first_or_end().await.unwrap()["op"], 8);
        assert_eq!(client.first_or_end().await, Err(end), "after Hello: {ending:?}");
    }
    let mut client = Client::connect(&server, 8).await;
    client.handshake(&server.grant()).await;
}

#[tokio::test]
async fn a_connection_ends_instead_of_ready_and_instead_of_session_description() {
    let server = Server::start().await;
    for (ending, end) in endings() {
        arm(&server, Stage::AfterIdentify, ending.clone());
        let mut client = Client::connect(&server, 8).await;
        client.op(8).await;
        client.identify(&server.grant()).await;
        assert_eq!(client.first_or_end().await, Err(end), "instead of Ready: {ending:?}");
    }
    for (ending, end) in endings() {
        arm(&server, Stage::BeforeSessionDescription, ending.clone());
        let mut client = Client::connect(&server, 8).await;
        client.identify(&server.grant()).await;
        client.op(2).await;
        select(&mut client).await;
        assert_eq!(client.first_or_end().await, Err(end), "instead of Session Description: {ending:?}");
    }
}

#[tokio::test]
async fn a_connection_ends_instead_of_resumed_and_right_after_it() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.identify(&token).await;
    client.op(2).await;
    for (ending, end) in endings() {
        server.voice.reset(GUILD, BOT);
        client.end().await;
        arm(&server, Stage::OnResume, ending.clone());
        client = Client::connect(&server, 8).await;
        client.op(8).await;
        client.resume(&token, -1).await;
        assert_eq!(client.first_or_end().await, Err(end), "instead of Resumed: {ending:?}");
        client = Client::connect(&server, 8).await;
        client.resume(&token, -1).await;
        client.op(9).await;
    }
    server.voice.reset(GUILD, BOT);
    arm(&server, Stage::AfterResumed, Ending::Close { code: Some(4006), reason: String::new() });
    client = Client::connect(&server, 8).await;
    client.resume(&token, -1).await;
    client.op(9).await;
    assert_eq!(client.end().await, End::Code(4006));
}

#[tokio::test]
async fn a_half_open_socket_says_nothing_more_and_its_session_can_be_resumed() {
    let server = Server::start().await;
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.identify(&token).await;
    client.op(2).await;
    assert!(server.voice.end(GUILD, BOT, Ending::HalfOpen));
    client.send(3, json!({ "t": 1 })).await;
    assert!(client.is_silent().await);
    assert!(!server.voice.end(GUILD, BOT, Ending::HalfOpen), "for the server the socket is gone");
    let mut second = Client::connect(&server, 8).await;
    second.resume(&token, -1).await;
    second.op(9).await;
    assert!(client.is_silent().await);
}

#[tokio::test]
async fn refused_resumes_tell_the_ordered_code() {
    let server = Server::start().await;
    for code in [4006, 4009, 4011, 4015, 1001] {
        let token = server.grant();
        let mut client = Client::connect(&server, 8).await;
        client.identify(&token).await;
        client.op(2).await;
        server.voice.reset(GUILD, BOT);
        client.end().await;
        let (order, _over) = server.voice.trouble(Whom::guild(GUILD), Trouble::RefuseResume { code });
        let mut client = Client::connect(&server, 8).await;
        client.resume(&token, -1).await;
        assert_eq!(client.end().await, End::Code(code));
        assert!(server.voice.lift(order));
        let mut client = Client::connect(&server, 8).await;
        client.resume(&token, -1).await;
        let ends_session = (4000..5000).contains(&code) && code != 4015;
        if ends_session {
            assert_eq!(client.end().await, End::Code(4006), "{code}");
        } else {
            client.op(9).await;
        }
    }
}

#[tokio::test]
async fn heartbeats_go_unanswered_or_late_and_are_answered_again() {
    let server = Server::start().await;
    let mut client = Client::connect(&server, 8).await;
    client.identify(&server.grant()).await;
    client.op(2).await;
    let (order, _over) = server.voice.trouble(Whom::guild(GUILD), Trouble::Heartbeats { delay_ms: None });
    client.send(3, json!({ "t": 1 })).await;
    assert!(client.is_silent().await);
    server.voice.lift(order);
    let late = Trouble::Heartbeats { delay_ms: Some(300) };
    let (order, _over) = server.voice.trouble(Whom::guild(GUILD), late);
    let sent = std::time::Instant::now();
    client.send(3, json!({ "t": 2 })).await;
    server.voice.members_changed(GUILD, crate::server::CHANNEL, &[BOT, 7]);
    assert_eq!(client.message().await["op"], 11, "what is not late is not held up");
    assert_eq!(client.message().await["d"]["t"], 2);
    assert!(sent.elapsed() >= std::time::Duration::from_millis(300));
    server.voice.lift(order);
    client.sync().await;
}

async fn select(client: &mut Client) {
    let data = json!({ "address": "127.0.0.1", "port": 9, "mode": "aead_aes256_gcm_rtpsize" });
    client.send(1, json!({ "protocol": "udp", "data": data })).await;
}
