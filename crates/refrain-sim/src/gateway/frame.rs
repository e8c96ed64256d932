//! What a client may send, read from text without trusting any of it.

use serde_json::Value;

use crate::{
    id::Id,
    state::{sessions::Login, voice::Wish},
};

/// A frame of the client.
#[derive(Debug)]
pub(super) enum Frame {
    Heartbeat,
    Identify(Box<Identify>),
    Presence(Value),
    VoiceState(Wish),
    Resume {
        token: String,
        session: String,
        seq: u64,
    },
    Members(MembersRequest),
    /// Op 31: the soundboards of these guilds.
    Sounds(Vec<Id>),
    /// Op 43.
    ChannelInfo {
        guild: Id,
        fields: Vec<String>,
    },
}

/// Op 2.
#[derive(Debug)]
pub(super) struct Identify {
    pub(super) token: String,
    pub(super) login: Login,
    /// Whether large payloads may be sent compressed, each by itself.
    pub(super) compress: bool,
}

/// Op 8.
#[derive(Debug)]
pub(super) struct MembersRequest {
    pub(super) guild: Id,
    pub(super) query: Option<String>,
    pub(super) limit: usize,
    /// By id; `None` where a query is asked for.
    pub(super) users: Option<Vec<Id>>,
    pub(super) presences: bool,
    pub(super) nonce: Value,
}

/// A close code and its reason.
pub(super) type Closing = (u16, &'static str);

pub(super) const UNKNOWN_OPCODE: Closing = (4001, "Unknown opcode.");
pub(super) const DECODE_ERROR: Closing = (4002, "Error while decoding payload.");
pub(super) const NOT_AUTHENTICATED: Closing = (4003, "Not authenticated.");
pub(super) const AUTHENTICATION_FAILED: Closing = (4004, "Authentication failed.");
pub(super) const ALREADY_AUTHENTICATED: Closing = (4005, "Already authenticated.");
pub(super) const INVALID_SEQ: Closing = (4007, "Invalid seq.");
pub(super) const RATE_LIMITED: Closing = (4008, "Rate limited.");
pub(super) const TIMED_OUT: Closing = (4009, "Session timed out.");
pub(super) const INVALID_SHARD: Closing = (4010, "Invalid shard.");
pub(super) const SHARDING_REQUIRED: Closing = (4011, "Sharding required.");
pub(super) const INVALID_VERSION: Closing = (4012, "Invalid API version.");
pub(super) const INVALID_INTENTS: Closing = (4013, "Invalid intent(s).");
pub(super) const DISALLOWED_INTENTS: Closing = (4014, "Disallowed intent(s).");

/// How many guilds or fields one request may name.
const MAX_NAMED: usize = 100;

/// Every documented intent.
const KNOWN_INTENTS: u64 = 0b11_0011_0001_1111_1111_1111_1111;

/// Reads a frame, or says what the socket is closed with.
pub(super) fn read(text: &str) -> Result<(i64, Value, Frame), Closing> {
    let value: Value = serde_json::from_str(text).map_err(|_| DECODE_ERROR)?;
    let op = value["op"].as_i64().ok_or(DECODE_ERROR)?;
    let data = &value["d"];
    let frame = match op {
        1 => Frame::Heartbeat,
        2 => Frame::Identify(Box::new(identify(data)?)),
        3 => Frame::Presence(presence(data)?),
        4 => Frame::VoiceState(voice_state(data)?),
        6 => resume(data)?,
        8 => members(data)?,
        31 => Frame::Sounds(ids(&data["guild_ids"])?),
        43 => channel_info(data)?,
        _ => return Err(UNKNOWN_OPCODE),
    };
    Ok((op, value, frame))
}

fn identify(data: &Value) -> Result<Identify, Closing> {
    let token = data["token"].as_str().ok_or(DECODE_ERROR)?;
    let intents = data["intents"].as_u64().ok_or(INVALID_INTENTS)?;
    if intents & !KNOWN_INTENTS != 0 {
        return Err(INVALID_INTENTS);
    }
    let given = &data["shard"];
    let part = |index: usize| given[index].as_u64().ok_or(INVALID_SHARD);
    let shard = if given.is_null() { None } else { Some((part(0)?, part(1)?)) };
    if shard.is_some_and(|(number, count)| number >= count) {
        return Err(INVALID_SHARD);
    }
    if !data["properties"].is_object() {
        return Err(DECODE_ERROR);
    }
    let threshold = &data["large_threshold"];
    let large_threshold = if threshold.is_null() { Some(50) } else { threshold.as_u64() };
    let large_threshold = large_threshold.and_then(|given| usize::try_from(given).ok()).ok_or(DECODE_ERROR)?;
    let large_threshold = large_threshold.clamp(50, 250);
    let presence = if data["presence"].is_null() { Value::Null } else { presence(&data["presence"])? };
    // Clients differ in whether they write the word before the token.
    let token = token.strip_prefix("Bot ").unwrap_or(token).to_owned();
    let login = Login { intents, shard, large_threshold, presence, version: 10 };
    Ok(Identify { token, login, compress: flag(&data["compress"])? })
}

/// A presence: status and activities, as they were sent.
fn presence(data: &Value) -> Result<Value, Closing> {
    let known = matches!(data["status"].as_str(), Some("online" | "dnd" | "idle" | "invisible" | "offline"));
    let activities = data["activities"].is_array() || data["activities"].is_null();
    if known && activities { Ok(data.clone()) } else { Err(DECODE_ERROR) }
}

fn flag(value: &Value) -> Result<bool, Closing> {
    if value.is_null() { Ok(false) } else { value.as_bool().ok_or(DECODE_ERROR) }
}

fn id(value: &Value) -> Result<Id, Closing> {
    serde_json::from_value(value.clone()).map_err(|_| DECODE_ERROR)
}

/// A list of ids; one id may stand there without a list around it.
fn ids(value: &Value) -> Result<Vec<Id>, Closing> {
    match value.as_array() {
        Some(ids) => ids.iter().take(MAX_NAMED).map(id).collect(),
        None => Ok(vec![id(value)?]),
    }
}

fn channel_info(data: &Value) -> Result<Frame, Closing> {
    let fields = data["fields"].as_array().ok_or(DECODE_ERROR)?.iter().take(MAX_NAMED);
    let fields = fields.filter_map(|field| field.as_str().map(str::to_owned)).collect();
    Ok(Frame::ChannelInfo { guild: id(&data["guild_id"])?, fields })
}

fn voice_state(data: &Value) -> Result<Wish, Closing> {
    let channel = &data["channel_id"];
    Ok(Wish {
        guild: id(&data["guild_id"])?,
        channel: if channel.is_null() { None } else { Some(id(channel)?) },
        self_mute: data["self_mute"].as_bool().unwrap_or(false),
        self_deaf: data["self_deaf"].as_bool().unwrap_or(false),
    })
}

fn resume(data: &Value) -> Result<Frame, Closing> {
    let text = |field: &str| data[field].as_str().map(str::to_owned).ok_or(DECODE_ERROR);
    let token = text("token")?;
    let token = token.strip_prefix("Bot ").unwrap_or(&token).to_owned();
    Ok(Frame::Resume { token, session: text("session_id")?, seq: data["seq"].as_u64().unwrap_or(0) })
}

fn members(data: &Value) -> Result<Frame, Closing> {
    let users = if data["user_ids"].is_null() { None } else { Some(ids(&data["user_ids"])?) };
    let query = data["query"].as_str().map(str::to_lowercase);
    if users.is_none() && query.is_none() {
        return Err(DECODE_ERROR);
    }
    // A nonce that is no text, or longer than it may be, counts as not sent.
    let nonce = data["nonce"].as_str().filter(|nonce| nonce.len() <= 32);
    Ok(Frame::Members(MembersRequest {
        guild: id(&data["guild_id"])?,
        query,
        limit: data["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0),
        users,
        presences: flag(&data["presences"])?,
        nonce: nonce.map_or(Value::Null, Value::from),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn voice_states_are_read_with_ids_as_strings_and_as_integers() {
        let texts = [
            r#"{"op":4,"d":{"guild_id":"1000","channel_id":"1300","self_mute":false,"self_deaf":true}}"#,
            r#"{"op":4,"d":{"guild_id":1000,"channel_id":1300,"self_mute":false,"self_deaf":true}}"#,
        ];
        for text in texts {
            let Ok((4, _, Frame::VoiceState(wish))) = read(text) else { panic!("{text}") };
            assert_eq!((wish.guild, wish.channel, wish.self_deaf), (Id(1000), Some(Id(1300)), true));
        }
        let leave = r#"{"op":4,"d":{"guild_id":"1000","channel_id":null}}"#;
        assert!(matches!(read(leave), Ok((4, _, Frame::VoiceState(Wish { channel: None, .. })))));
    }

    #[test]
    fn bad_frames_have_their_documented_close_codes() {
        let cases = [
            ("{", 4002),
            (r#"{"d":1}"#, 4002),
            (r#"{"op":99,"d":1}"#, 4001),
            (r#"{"op":2,"d":{"token":"x"}}"#, 4013),
            (r#"{"op":2,"d":{"token":"x","intents":1099511627776}}"#, 4013),
            (r#"{"op":2,"d":{"token":"x","intents":1,"shard":[2,2]}}"#, 4010),
            (r#"{"op":2,"d":{"intents":1}}"#, 4002),
            (r#"{"op":2,"d":{"token":"x","intents":1}}"#, 4002),
            (r#"{"op":2,"d":{"token":"x","intents":1,"properties":{},"compress":"yes"}}"#, 4002),
            (r#"{"op":2,"d":{"token":"x","intents":1,"properties":{},"large_threshold":-1}}"#, 4002),
            (r#"{"op":2,"d":{"token":"x","intents":1,"properties":{},"presence":{"status":"asleep"}}}"#, 4002),
            (r#"{"op":3,"d":{"status":"asleep"}}"#, 4002),
            (r#"{"op":8,"d":{"guild_id":"1"}}"#, 4002),
            (r#"{"op":31,"d":{"guild_ids":[[]]}}"#, 4002),
            (r#"{"op":43,"d":{"guild_id":"1"}}"#, 4002),
            (r#"{"op":4,"d":{"guild_id":"x","channel_id":null}}"#, 4002),
            (r#"{"op":6,"d":{}}"#, 4002),
        ];
        for (text, code) in cases {
            assert_eq!(read(text).unwrap_err().0, code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}", op in 0_i64..50, body in "[\\[\\]{}:,\"a-z0-9]{0,60}") {
            let _ = read(&text);
            let _ = read(&format!(r#"{{"op":{op},"d":{body}}}"#));
        }
    }
}
