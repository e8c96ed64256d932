//! End-to-end encryption on the wire: what is asked of clients, and binary messages in both dialects.

use crate::{
    client::{Client, End},
    server::{BOT, CHANNEL, GUILD, SESSION, Server},
};
use davey::{DaveSession, ProposalsOperationType};
use serde_json::json;
use std::num::NonZeroU16;

#[tokio::test]
async fn who_speaks_no_version_is_closed_where_one_is_required() {
    let server = Server::start_encrypted().await;
    for offer in [json!({ "max_dave_protocol_version": 0 }), json!({})] {
        let mut client = Client::connect(&server, 8).await;
        let mut identify = json!({
            "server_id": GUILD.to_string(), "user_id": BOT.to_string(), "session_id": SESSION, "token": server.grant(),
        });
        identify.as_object_mut().unwrap().extend(offer.as_object().unwrap().clone());
        client.send(0, identify).await;
        assert_eq!(client.end().await, End::Code(4017));
    }
}

#[tokio::test]
async fn where_it_is_never_used_session_description_says_version_0() {
    let server = Server::start().await;
    server.people(&[41]);
    let mut client = Client::connect(&server, 8).await;
    client.handshake(&server.grant()).await;
    assert_eq!(client.description["d"]["dave_protocol_version"], 0);
}

/// Answers the binary messages as a client does until the commit or the Welcome is there; tells the opcodes.
async fn follow(client: &mut Client, session: &mut DaveSession, header: usize, last_seq: &mut u16) -> Vec<u8> {
    let mut ops = Vec::new();
    loop {
        let bytes = match client.frame().await {
            Ok(json) => {
                if let Some(seq) = json["seq"].as_u64() {
                    *last_seq = u16::try_from(seq).unwrap();
                }
                continue;
            }
            Err(bytes) => bytes,
        };
        if header == 2 {
            let seq = u16::from_be_bytes([bytes[0], bytes[1]]);
            assert_eq!(seq, *last_seq + 1, "numbered with the JSON messages");
            *last_seq = seq;
        }
        let (op, payload) = (bytes[header], &bytes[header + 1..]);
        ops.push(op);
        match op {
            25 => session.set_external_sender(payload).unwrap(),
            27 => {
                let made = session.process_proposals(ProposalsOperationType::APPEND, &payload[1..], None).unwrap();
                let made = made.expect("a proposal brings a commit");
                client.send_binary([&[28][..], &made.commit, &made.welcome.unwrap_or_default()].concat()).await;
            }
            29 => {
                session.process_commit(&payload[2..]).unwrap();
                return ops;
            }
            30 => {
                session.process_welcome(&payload[2..]).unwrap();
                return ops;
            }
            other => panic!("an unexpected binary message: {other}"),
        }
    }
}

#[tokio::test]
async fn version_8_numbers_binary_messages_and_a_resume_sends_them_again() {
    let server = Server::start_encrypted().await;
    server.people(&[41]);
    let token = server.grant();
    let mut client = Client::connect(&server, 8).await;
    client.handshake(&token).await;
    assert_eq!(client.description["d"]["dave_protocol_version"], 1);
    let mut seq = u16::try_from(client.description["seq"].as_u64().unwrap()).unwrap();
    let mut session = DaveSession::new(NonZeroU16::MIN, BOT, CHANNEL, None).unwrap();
    client.send_binary([vec![26], session.create_key_package().unwrap()].concat()).await;
    assert_eq!(follow(&mut client, &mut session, 2, &mut seq).await, [25, 27, 29]);

    server.voice.reset(GUILD, BOT);
    client.end().await;
    server.people(&[41, 42]);
    let mut client = Client::connect(&server, 8).await;
    client.resume(&token, i64::from(seq)).await;
    assert_eq!(
        follow(&mut client, &mut session, 2, &mut seq).await.last(),
        Some(&29),
        "it kept its place in the group"
    );
    assert_eq!(session.get_user_ids().unwrap().len(), 3);
}

#[tokio::test]
async fn version_4_has_binary_messages_without_numbers_and_gets_what_it_missed_too() {
    let server = Server::start_encrypted().await;
    server.people(&[41]);
    let token = server.grant();
    let mut client = Client::connect(&server, 4).await;
    client.handshake(&token).await;
    let mut session = DaveSession::new(NonZeroU16::MIN, BOT, CHANNEL, None).unwrap();
    client.send_binary([vec![26], session.create_key_package().unwrap()].concat()).await;
    assert_eq!(follow(&mut client, &mut session, 0, &mut 0).await, [25, 27, 29]);

    server.voice.reset(GUILD, BOT);
    client.end().await;
    server.people(&[41, 42]);
    let mut client = Client::connect(&server, 4).await;
    client.resume(&token, -1).await;
    assert_eq!(follow(&mut client, &mut session, 0, &mut 0).await.last(), Some(&29));
    assert_eq!(session.get_user_ids().unwrap().len(), 3);
}
