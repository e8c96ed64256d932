//! The doors for the fuzz targets in `fuzz/`: each parser that reads what came from a socket or a file, by bytes alone.
//! None may panic, whatever the bytes. Not part of the API: only there with the feature `fuzz`, and in the crate's tests.

use serde_json::Value;

use crate::{gateway, state, voice, world::World};

fn json(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}

/// A text frame of a client at the main gateway.
pub fn gateway_frame(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        gateway::fuzz_frame(text);
    }
}

/// A text frame of a client at the voice gateway, in both dialects.
pub fn voice_frame(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        voice::fuzz_text(text);
    }
}

/// A binary frame of a client at the voice gateway, and what is in it.
pub fn voice_binary(data: &[u8]) {
    voice::fuzz_binary(data);
}

/// A packet at the media port: taken apart, then decrypted with a key that is known.
pub fn media_packet(data: &[u8]) {
    voice::fuzz_packet(data);
}

/// The body of a message at REST.
pub fn message_body(data: &[u8]) {
    if let Some(body) = json(data) {
        let _verdict = state::message_body::check(&body);
    }
}

/// The body of a command at REST.
pub fn command_body(data: &[u8]) {
    if let Some(body) = json(data) {
        state::fuzz_command(&body);
    }
}

/// A world file.
pub fn world_file(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let _world = World::from_json(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// JSON that looks like a client's frame or body, with anything in it.
    fn json_text() -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("op"),
            Just("d"),
            Just("t"),
            Just("token"),
            Just("shard"),
            Just("intents"),
            Just("guild_id"),
            Just("channel_id"),
            Just("session_id"),
            Just("seq"),
            Just("seq_ack"),
            Just("data"),
            Just("protocol"),
            Just("content"),
            Just("embeds"),
            Just("fields"),
            Just("components"),
            Just("options"),
            Just("name"),
            Just("type"),
            Just("user_ids"),
            Just("speaking"),
            Just("server_id"),
            Just("user_id"),
        ];
        let tree = leaf.prop_recursive(4, 48, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(Value::from_iter),
            ]
        });
        let op = prop_oneof![0..40_i64, any::<i64>()];
        (tree, op).prop_map(|(mut tree, op)| {
            if let Value::Object(fields) = &mut tree {
                fields.insert("op".to_owned(), op.into());
            }
            tree.to_string().into_bytes()
        })
    }

    fn all(data: &[u8]) {
        for door in [gateway_frame, voice_frame, voice_binary, media_packet, message_body, command_body, world_file] {
            door(data);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(data in proptest::collection::vec(any::<u8>(), 0..400)) {
            all(&data);
        }

        #[test]
        fn any_json_has_an_answer(data in json_text()) {
            all(&data);
        }

        #[test]
        fn any_packet_that_begins_like_voice_has_an_answer(
            rest in proptest::collection::vec(any::<u8>(), 10..120), first in 0x80..=0xbf_u8,
        ) {
            let mut data = vec![first, 0x78];
            data.extend(rest);
            media_packet(&data);
        }
    }
}
