//! The exact text of each message, and that any text has an answer.

use super::*;
use proptest::prelude::*;
use serde_json::Number;

const V4: Version = Version::Unbuffered(4);
const V8: Version = Version::Buffered;

fn heartbeat_ack() -> ServerMessage {
    ServerMessage::HeartbeatAck { nonce: Number::from(1_501_184_119_561_u64) }
}

fn text_of(message: ServerMessage, version: Version, seq: Option<u16>) -> String {
    match message.encode(version, seq) {
        Packed::Text(text) => text,
        Packed::Binary(bytes) => panic!("binary: {bytes:?}"),
    }
}

fn description() -> ServerMessage {
    ServerMessage::SessionDescription { mode: MODES[0], secret_key: [7; 32], dave_protocol_version: 0 }
}

#[test]
fn version_4_writes_op_and_d_alone_in_that_order() {
    let cases = [
        (ServerMessage::Hello { heartbeat_interval: 13_750 }, r#"{"op":8,"d":{"heartbeat_interval":13750}}"#),
        (
            ServerMessage::Ready { ssrc: 12, port: 5000 },
            r#"{"op":2,"d":{"ssrc":12,"ip":"127.0.0.1","port":5000,"modes":["aead_aes256_gcm_rtpsize","aead_xchacha20_poly1305_rtpsize"]}}"#,
        ),
        (
            description(),
            r#"{"op":4,"d":{"mode":"aead_aes256_gcm_rtpsize","secret_key":[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7],"dave_protocol_version":0}}"#,
        ),
        (
            ServerMessage::Speaking { user: 5, ssrc: 6, speaking: 1 },
            r#"{"op":5,"d":{"user_id":"5","ssrc":6,"speaking":1}}"#,
        ),
        (heartbeat_ack(), r#"{"op":6,"d":1501184119561}"#),
        (ServerMessage::Resumed, r#"{"op":9,"d":null}"#),
        (
            ServerMessage::ClientsConnect { users: vec![1, u64::MAX] },
            r#"{"op":11,"d":{"user_ids":["1","18446744073709551615"]}}"#,
        ),
        (ServerMessage::ClientDisconnect { user: 1 }, r#"{"op":13,"d":{"user_id":"1"}}"#),
    ];
    for (message, text) in cases {
        assert_eq!(text_of(message, V4, None), text);
    }
}

#[test]
fn version_8_numbers_what_a_resume_sends_again_and_wraps_the_nonce() {
    let left = ServerMessage::ClientDisconnect { user: 1 };
    assert!(left.is_buffered());
    assert_eq!(text_of(left, V8, Some(10)), r#"{"op":13,"d":{"user_id":"1"},"seq":10}"#);
    assert!(!heartbeat_ack().is_buffered());
    assert_eq!(text_of(heartbeat_ack(), V8, None), r#"{"op":6,"d":{"t":1501184119561}}"#);
    assert!(!ServerMessage::Resumed.is_buffered());
    assert_eq!(text_of(ServerMessage::Resumed, V8, None), r#"{"op":9,"d":null}"#);
}

#[test]
fn binary_messages_are_numbered_in_version_8_alone() {
    let commit = || ServerMessage::Dave(DaveMessage::Commit { transition_id: 0x0102, message: vec![9, 8] });
    assert!(commit().is_buffered());
    assert_eq!(commit().encode(V4, None), Packed::Binary(vec![29, 1, 2, 9, 8]));
    assert_eq!(commit().encode(V8, Some(0x0304)), Packed::Binary(vec![3, 4, 29, 1, 2, 9, 8]));
    let revoked = ServerMessage::Dave(DaveMessage::Proposals { revoke: true, list: vec![1, 7] });
    assert_eq!(revoked.encode(V4, None), Packed::Binary(vec![27, 1, 1, 7]));
}

#[test]
fn the_json_messages_of_end_to_end_encryption_are_as_documented() {
    let cases = [
        (
            DaveMessage::PrepareTransition { transition_id: 10, protocol_version: 0 },
            r#"{"op":21,"d":{"protocol_version":0,"transition_id":10}}"#,
        ),
        (DaveMessage::ExecuteTransition { transition_id: 10 }, r#"{"op":22,"d":{"transition_id":10}}"#),
        (
            DaveMessage::PrepareEpoch { protocol_version: 1, epoch: 1 },
            r#"{"op":24,"d":{"epoch":1,"protocol_version":1}}"#,
        ),
    ];
    for (message, text) in cases {
        let written: Value = serde_json::from_str(&text_of(ServerMessage::Dave(message), V4, None)).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(text).unwrap());
    }
    let ready = read(r#"{"op":23,"d":{"transition_id":10,"protocol_version":1}}"#, V4).message;
    assert_eq!(ready, Ok(ClientMessage::Dave(DaveSaid::TransitionReady(10))));
    let invalid = read(r#"{"op":31,"d":{"transition_id":32}}"#, V8).message;
    assert_eq!(invalid, Ok(ClientMessage::Dave(DaveSaid::InvalidCommitWelcome(32))));
}

#[test]
fn the_log_shows_what_a_binary_message_is_about() {
    let (op, shown) = loggable_binary(&[0, 5, 30, 0, 7, 1, 2, 3], true);
    assert_eq!(op, Some(30));
    assert_eq!(shown, serde_json::json!({ "op": 30, "seq": 5, "transition_id": 7, "binary_bytes": 8 }));
    assert_eq!(loggable_binary(&[], false).0, None);
}

#[test]
fn each_version_reads_its_own_heartbeat_and_refuses_the_other() {
    let bare = r#"{"op":3,"d":1501184119561}"#;
    let numbered = r#"{"op":3,"d":{"t":1501184119561,"seq_ack":10}}"#;
    let nonce = || Number::from(1_501_184_119_561_u64);
    assert_eq!(read(bare, V4).message, Ok(ClientMessage::Heartbeat { nonce: nonce(), seq_ack: None }));
    assert_eq!(read(numbered, V8).message, Ok(ClientMessage::Heartbeat { nonce: nonce(), seq_ack: Some(10) }));
    assert!(matches!(read(bare, V8).message, Err(Rejection::Undecodable(_))));
    assert!(matches!(read(numbered, V4).message, Err(Rejection::Undecodable(_))));
}

#[test]
fn ids_are_read_as_strings_and_as_integers() {
    for ids in [r#""server_id":"41","user_id":"42""#, r#""server_id":41,"user_id":42"#] {
        let text = format!(r#"{{"op":0,"d":{{{ids},"session_id":"s","token":"t"}}}}"#);
        let expected = Identify {
            server_id: 41,
            user_id: 42,
            session_id: String::from("s"),
            token: String::from("t"),
            max_dave_protocol_version: 0,
        };
        assert_eq!(read(&text, V4).message, Ok(ClientMessage::Identify(expected)));
    }
}

#[test]
fn unknown_opcodes_and_malformed_bodies_are_told_apart() {
    assert_eq!(read(r#"{"op":99,"d":{}}"#, V8).message, Err(Rejection::UnknownOp(99)));
    for malformed in ["", "[]", "{}", r#"{"op":"0"}"#, r#"{"op":0}"#, r#"{"op":1,"d":{"protocol":"udp"}}"#] {
        assert!(matches!(read(malformed, V8).message, Err(Rejection::Undecodable(_))), "{malformed}");
    }
}

#[test]
fn versions_below_4_and_a_missing_version_are_refused() {
    assert_eq!(Version::of_query(Some("v=4")), Some(V4));
    assert_eq!(Version::of_query(Some("encoding=json&v=7")), Some(Version::Unbuffered(7)));
    assert_eq!(Version::of_query(Some("v=8")), Some(V8));
    for refused in [None, Some(""), Some("v=3"), Some("v=9"), Some("v=x"), Some("w=8")] {
        assert_eq!(Version::of_query(refused), None, "{refused:?}");
    }
}

#[test]
fn the_log_does_not_see_the_media_key() {
    let shown = loggable(&text_of(description(), V8, Some(3))).to_string();
    assert!(shown.contains(MODES[0]) && shown.contains(r#""seq":3"#));
    assert!(!shown.contains("7,7"));
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in ".{0,200}", op in any::<i64>(), version in prop_oneof![Just(V4), Just(V8)]) {
        let _ = read(&text, version);
        let quoted = serde_json::to_string(&text).unwrap();
        for d in ["null", "1", "{}", "[]", "1e400", quoted.as_str()] {
            let frame = read(&format!(r#"{{"op":{op},"d":{d}}}"#), version);
            if !(0..32).contains(&op) && d != "1e400" {
                prop_assert_eq!(frame.message, Err(Rejection::UnknownOp(op)));
            }
        }
    }

    #[test]
    fn any_binary_message_has_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let known = matches!(bytes.first(), Some(26 | 28));
        prop_assert_eq!(read_binary(&bytes).is_ok(), known);
        let _ = loggable_binary(&bytes, true);
        let _ = loggable_binary(&bytes, false);
    }

    #[test]
    fn any_json_of_a_known_opcode_has_an_answer(
        op in 0_i64..32,
        fields in proptest::collection::btree_map("server_id|user_id|session_id|token|t|seq_ack|protocol|data|speaking|ssrc", ".{0,8}", 0..6),
    ) {
        let text = serde_json::json!({ "op": op, "d": fields }).to_string();
        let _ = read(&text, V4);
        let _ = read(&text, V8);
    }
}
