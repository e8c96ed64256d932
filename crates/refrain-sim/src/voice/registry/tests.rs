//! Credentials, resumes and ends of sessions, without a socket.

use super::*;
use crate::{
    clock::SimClock,
    voice::{
        session::Socket,
        trouble::{Ending, Trouble, Whom},
        wire::{Identify, Packed, Resume, SelectProtocol, Speaking, Version},
    },
};
use serde_json::Value;
use tokio::sync::mpsc;

pub(super) const GUILD: u64 = 10;
pub(super) const CHANNEL: u64 = 20;
pub(super) const BOT: u64 = 30;
pub(super) const KEY: Key = (GUILD, BOT);

pub(super) struct Fixture {
    pub(super) registry: Registry,
    listeners: Listeners,
    sockets: u64,
    /// Where the next client connects.
    pub(super) server: usize,
}

/// A client's socket: what the registry told it.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) socket: Socket,
    commands: mpsc::Receiver<Command>,
}

impl Client {
    pub(super) fn told(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.commands.try_recv().ok()).collect()
    }

    pub(super) fn messages(&mut self) -> Vec<Value> {
        self.told()
            .into_iter()
            .filter_map(|command| match command {
                Command::Say(Packed::Text(text)) => serde_json::from_str(&text).ok(),
                Command::Say(Packed::Binary(_)) => None,
                Command::End(_) | Command::Revoked => None,
            })
            .collect()
    }

    pub(super) fn ops(&mut self) -> Vec<i64> {
        self.messages().iter().filter_map(|message| message["op"].as_i64()).collect()
    }

    pub(super) fn close_code(&mut self) -> Option<u16> {
        self.told().into_iter().find_map(|command| match command {
            Command::End(Ending::Close { code, .. }) => code,
            Command::End(_) | Command::Say(_) | Command::Revoked => None,
        })
    }
}

impl Fixture {
    pub(super) fn new() -> Self {
        let listeners = Listeners::new(SimClock::start(), false);
        Self { registry: Registry::new(listeners.clone(), vec![4000, 4001]), listeners, sockets: 0, server: 0 }
    }

    pub(super) fn client(&mut self) -> Client {
        self.sockets += 1;
        let (sender, commands) = mpsc::channel(64);
        let socket = Socket { id: self.sockets, server: self.server, commands: sender };
        Client { socket, commands }
    }

    pub(super) fn grant(&mut self, token: &str) {
        self.registry.grant(KEY, CHANNEL, "session", token);
    }

    pub(super) fn identify_as(&mut self, user: u64, session: &str, token: &str) -> Result<Client, u16> {
        let client = self.client();
        let identify = Identify {
            server_id: GUILD,
            user_id: user,
            session_id: session.to_owned(),
            token: token.to_owned(),
            max_dave_protocol_version: 1,
        };
        self.registry
            .identify(&identify, client.socket.clone(), Version::Buffered)
            .map(|_| client)
            .map_err(|(code, _)| code)
    }

    pub(super) fn identify(&mut self, token: &str) -> Result<Client, u16> {
        self.identify_as(BOT, "session", token)
    }

    pub(super) fn resume(&mut self, token: &str, seq_ack: Option<i64>, now_ms: f64) -> Result<Client, u16> {
        let client = self.client();
        let resume = Resume { server_id: GUILD, session_id: String::from("session"), token: token.to_owned(), seq_ack };
        self.registry
            .resume(&resume, client.socket.clone(), Version::Buffered, now_ms)
            .map(|_| client)
            .map_err(|(code, _)| code)
    }

    pub(super) fn lose(&mut self, client: &Client, now_ms: f64) {
        self.registry.detached((KEY, client.socket.id), None, now_ms);
    }

    pub(super) fn select(&mut self, client: &Client, protocol: &str, mode: &str) -> Result<(), u16> {
        let select = SelectProtocol {
            protocol: protocol.to_owned(),
            data: crate::voice::wire::ProtocolData {
                address: String::from("127.0.0.1"),
                port: 9,
                mode: mode.to_owned(),
            },
        };
        let held = (KEY, client.socket.id);
        self.registry.select(held, &select, [1; 32]).map_err(|(code, _)| code)
    }
}

#[test]
fn the_handshake_is_ready_then_who_is_there_then_the_key() {
    let mut sim = Fixture::new();
    sim.registry.members_changed(GUILD, CHANNEL, &[BOT, 31, 32]);
    sim.grant("t");
    let mut client = sim.identify("t").unwrap();
    sim.select(&client, "udp", "aead_xchacha20_poly1305_rtpsize").unwrap();
    let messages = client.messages();
    assert_eq!(messages[0]["op"], 2);
    assert_eq!(messages[0]["d"]["port"], 4000);
    assert_eq!(messages[1]["d"]["user_ids"], serde_json::json!(["31", "32"]));
    assert_eq!(messages[2]["op"], 4);
    assert_eq!(messages[2]["d"]["dave_protocol_version"], 0, "whatever was offered");
    assert_eq!(messages[2]["seq"], 2);
}

#[test]
fn a_token_is_good_for_one_identify() {
    let mut sim = Fixture::new();
    sim.grant("t");
    sim.identify("t").unwrap();
    assert_eq!(sim.identify("t").err(), Some(4006));
}

#[test]
fn wrong_credentials_are_told_apart() {
    let mut sim = Fixture::new();
    assert_eq!(sim.identify("t").err(), Some(4011), "the server has never heard of the guild");
    sim.grant("t");
    assert_eq!(sim.identify("other").err(), Some(4004));
    assert_eq!(sim.identify_as(BOT, "other", "t").err(), Some(4006));
    assert_eq!(sim.identify_as(31, "session", "t").err(), Some(4006));
    assert!(sim.identify("t").is_ok(), "failed attempts void nothing");
}

#[test]
fn a_newer_grant_voids_an_unused_one_and_takes_over_from_a_session() {
    let mut sim = Fixture::new();
    sim.grant("t1");
    sim.grant("t2");
    assert_eq!(sim.identify("t1").err(), Some(4006), "outdated");
    assert_eq!(sim.identify("t9").err(), Some(4004), "never granted");
    let mut old = sim.identify("t2").unwrap();
    sim.grant("t3");
    assert_eq!(old.close_code(), None, "the old session lives until the new Identify");
    let _new = sim.identify("t3").unwrap();
    assert_eq!(old.close_code(), Some(4006));
}

#[test]
fn a_resume_sends_again_what_was_missed_and_keeps_the_ssrc() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let mut first = sim.identify("t").unwrap();
    sim.select(&first, "udp", "aead_aes256_gcm_rtpsize").unwrap();
    assert_eq!(first.ops(), [2, 4]);
    sim.lose(&first, 1000.0);
    sim.registry.members_changed(GUILD, CHANNEL, &[31]);
    sim.registry.members_changed(GUILD, CHANNEL, &[]);
    let mut second = sim.resume("t", Some(1), 2000.0).unwrap();
    assert_eq!(second.ops(), [9, 11, 13]);
    let report = sim.listeners.report(GUILD).unwrap();
    assert_eq!(report["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(report["sessions"][0]["closed_ms"], Value::Null);
    assert_eq!(report["sessions"][0]["resumed_ms"].as_array().unwrap().len(), 1);
}

#[test]
fn a_resume_takes_over_from_a_socket_that_only_seems_alive() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let mut first = sim.identify("t").unwrap();
    let _second = sim.resume("t", None, 0.0).unwrap();
    assert_eq!(first.close_code(), Some(1000));
    sim.lose(&first, 1.0);
    assert!(sim.registry.close(KEY, Some(4015), ""), "the new socket holds the session");
}

#[test]
fn a_resume_is_refused_for_a_wrong_token_an_unknown_number_and_by_order() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let client = sim.identify("t").unwrap();
    sim.lose(&client, 0.0);
    assert_eq!(sim.resume("other", None, 1.0).err(), Some(4006));
    let refusal = Trouble::RefuseResume { code: 4006 };
    let (order, _over) = sim.registry.trouble(Whom::guild(GUILD), refusal);
    assert_eq!(sim.resume("t", None, 1.0).err(), Some(4006));
    assert!(sim.registry.lift(order));
    assert_eq!(sim.resume("t", None, 1.0).err(), Some(4006), "a refused session is over");

    sim.grant("t2");
    let client = sim.identify("t2").unwrap();
    sim.lose(&client, 0.0);
    assert_eq!(sim.resume("t2", Some(77), 1.0).err(), Some(4006));
}

#[test]
fn a_session_can_be_resumed_for_its_grace_and_then_has_timed_out() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let first = sim.identify("t").unwrap();
    sim.lose(&first, 1000.0);
    let second = sim.resume("t", None, 1000.0 + GRACE_MS).unwrap();
    sim.lose(&second, 100_000.0);
    assert_eq!(sim.resume("t", None, 100_001.0 + GRACE_MS).err(), Some(4009));
    assert_eq!(sim.identify("t").err(), Some(4006));
}

#[test]
fn listed_codes_end_the_session_and_others_leave_it_to_be_resumed() {
    for (code, resumed) in [
        (Some(4006), false),
        (Some(4009), false),
        (Some(4014), false),
        (Some(4022), false),
        (Some(4015), true),
        (Some(4099), true),
        (Some(1001), true),
        (Some(1006), true),
        (None, true),
    ] {
        let mut sim = Fixture::new();
        sim.grant("t");
        let mut client = sim.identify("t").unwrap();
        assert!(sim.registry.close(KEY, code, "by order"));
        assert_eq!(client.close_code(), code);
        sim.lose(&client, 0.0);
        assert_eq!(sim.resume("t", None, 1.0).is_ok(), resumed, "{code:?}");
        assert!(!sim.registry.close((GUILD, 31), code, ""), "nobody there");
    }
}

#[test]
fn leaving_voids_the_grant_and_the_session() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let mut client = sim.identify("t").unwrap();
    client.told();
    sim.grant("t2");
    sim.registry.revoke(KEY);
    assert_eq!(client.told(), [Command::Revoked]);
    assert_eq!(sim.resume("t", None, 0.0).err(), Some(4006));
    assert_eq!(sim.identify("t2").err(), Some(4006));
    assert!(!sim.registry.blow(KEY, Ending::Reset));
}

#[test]
fn clients_hear_who_comes_goes_and_speaks_in_their_channel() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let mut client = sim.identify("t").unwrap();
    sim.registry.grant((GUILD, 31), CHANNEL, "s31", "t31");
    let mut other = sim.identify_as(31, "s31", "t31").unwrap();
    client.told();
    other.told();
    sim.registry.members_changed(GUILD, CHANNEL, &[BOT, 31]);
    sim.registry.members_changed(GUILD, CHANNEL + 1, &[40]);
    let speaking = Speaking { speaking: 1, ssrc: None };
    sim.registry.speaking((KEY, client.socket.id), &speaking);
    sim.registry.members_changed(GUILD, CHANNEL, &[BOT]);
    assert_eq!(client.ops(), [11, 13]);
    let heard = other.messages();
    assert_eq!(heard[0]["d"]["user_ids"], serde_json::json!(["30"]));
    assert_eq!(heard[1]["op"], 5);
    assert_eq!(heard[1]["d"]["user_id"], "30");
    assert_eq!(heard.len(), 2, "nobody is told of himself");
}

#[test]
fn only_the_offered_protocol_and_modes_are_taken() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let client = sim.identify("t").unwrap();
    assert_eq!(sim.select(&client, "webrtc", "aead_aes256_gcm_rtpsize"), Err(4012));
    assert_eq!(sim.select(&client, "udp", "xsalsa20_poly1305"), Err(4016));
    assert_eq!(sim.select(&client, "udp", "aead_aes256_gcm_rtpsize"), Ok(()));
}
