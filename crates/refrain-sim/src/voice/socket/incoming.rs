//! What a client says on its socket, and what that does.

use super::{Connection, Step};

use crate::{
    log::Direction,
    voice::{
        registry::Refusal,
        session::lock,
        wire::{self, ClientMessage, Rejection, ServerMessage},
    },
};
use aes_gcm::aead::{OsRng, rand_core::RngCore};
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Acknowledgements that may be late at once.
const MAX_LATE: usize = 64;

impl Connection {
    pub(super) fn receive(&mut self, message: Message) -> Step {
        match message {
            Message::Text(text) => {
                let frame = wire::read(text.as_str(), self.version);
                self.shared.log.record(&self.name, Direction::FromClient, frame.op, frame.payload);
                if self.is_closing {
                    return Step::On;
                }
                self.answer(frame.message)
            }
            Message::Binary(bytes) => self.receive_binary(&bytes),
            Message::Close(frame) => {
                let (code, reason) = frame
                    .map_or((None, String::new()), |frame| (Some(u16::from(frame.code)), frame.reason.to_string()));
                self.note_close(Direction::FromClient, code, &reason);
                Step::Over(code)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Step::On,
        }
    }

    /// DAVE's binary messages.
    pub(super) fn receive_binary(&mut self, bytes: &[u8]) -> Step {
        let (op, payload) = wire::loggable_binary(bytes, false);
        self.shared.log.record(&self.name, Direction::FromClient, op, payload);
        if self.is_closing {
            return Step::On;
        }
        self.answer(wire::read_binary(bytes))
    }

    pub(super) fn answer(&mut self, message: Result<ClientMessage, Rejection>) -> Step {
        let message = match message {
            Ok(message) => message,
            Err(Rejection::UnknownOp(op)) => {
                return self.close(Some(4001), &format!("Unknown opcode {op}."));
            }
            Err(Rejection::Undecodable(why)) => {
                tracing::debug!(why, connection = self.name, "a voice frame was not understood");
                return self.close(Some(4002), "Failed to decode payload.");
            }
        };
        match self.act(message) {
            Ok(()) => Step::On,
            Err((code, reason)) => self.close(Some(code), reason),
        }
    }

    pub(super) fn act(&mut self, message: ClientMessage) -> Result<(), Refusal> {
        if let ClientMessage::Heartbeat { nonce, seq_ack } = message {
            self.heartbeat(nonce, seq_ack);
            return Ok(());
        }
        let Some(key) = self.session else {
            return self.authenticate(message);
        };
        let held = (key, self.socket.id);
        let mut registry = lock(&self.shared.registry);
        match message {
            ClientMessage::Identify(_) | ClientMessage::Resume(_) => Err((4005, "Already authenticated.")),
            ClientMessage::SelectProtocol(select) => {
                let mut secret_key = [0; 32];
                OsRng.fill_bytes(&mut secret_key);
                registry.select(held, &select, secret_key)
            }
            ClientMessage::Speaking(speaking) => {
                registry.speaking(held, &speaking);
                Ok(())
            }
            ClientMessage::Dave(said) => {
                registry.dave_said(held, said);
                Ok(())
            }
            ClientMessage::Heartbeat { .. } | ClientMessage::Ignored => Ok(()),
        }
    }

    pub(super) fn authenticate(&mut self, message: ClientMessage) -> Result<(), Refusal> {
        let mut registry = lock(&self.shared.registry);
        let key = match message {
            ClientMessage::Identify(identify) => registry.identify(&identify, self.socket.clone(), self.version)?,
            ClientMessage::Resume(resume) => {
                let now_ms = self.shared.clock.now_ms();
                registry.resume(&resume, self.socket.clone(), self.version, now_ms)?
            }
            ClientMessage::SelectProtocol(_)
            | ClientMessage::Speaking(_)
            | ClientMessage::Heartbeat { .. }
            | ClientMessage::Dave(_)
            | ClientMessage::Ignored => return Err((4003, "Not authenticated.")),
        };
        drop(registry);
        self.session = Some(key);
        self.look();
        Ok(())
    }

    pub(super) fn heartbeat(&mut self, nonce: serde_json::Number, seq_ack: Option<i64>) {
        self.silent_until = Instant::now() + self.shared.silence_allowed();
        let mut registry = lock(&self.shared.registry);
        if let Some(key) = self.session {
            registry.acknowledged((key, self.socket.id), seq_ack);
        }
        let delay_ms = registry.heartbeat_delay_ms(self.socket.server, self.session);
        drop(registry);
        let ack = ServerMessage::HeartbeatAck { nonce };
        match delay_ms {
            Some(0) => self.say(ack),
            Some(delay_ms) if self.late.len() < MAX_LATE => {
                let message = ack.encode(self.version, None);
                self.late.push_back((Instant::now() + Duration::from_millis(delay_ms), message));
            }
            Some(_) | None => {}
        }
    }
}
