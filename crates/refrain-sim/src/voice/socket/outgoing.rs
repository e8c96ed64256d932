//! What the server sends on a socket, in its order and with its delay; and how a socket is closed.

use super::{CLOSE_PATIENCE, Connection, HALF_OPEN_FOR, Outgoing, PATIENCE, Step};
use crate::{
    log::Direction,
    voice::{
        session::lock,
        trouble::Ending,
        wire::{self, Packed, ServerMessage, Version},
    },
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

impl Connection {
    pub(super) fn say(&mut self, message: ServerMessage) {
        self.queue(Outgoing::Say(message.encode(self.version, None)));
    }

    pub(super) fn queue(&mut self, frame: Outgoing) {
        if !self.is_closing {
            let latency = Duration::from_millis(self.shared.options.latency_ms);
            self.outgoing.push_back((Instant::now() + latency, frame));
        }
    }

    /// Queues a close. The session is over now where the code says so; the frame follows in its order.
    pub(super) fn close(&mut self, code: Option<u16>, reason: &str) -> Step {
        self.end(Ending::Close { code, reason: reason.to_owned() })
    }

    /// Queues the socket's end. The session is over now where a close code says so; the end follows in its order.
    pub(super) fn end(&mut self, ending: Ending) -> Step {
        if let (Some(key), Ending::Close { code: Some(code), .. }) = (self.session, &ending) {
            lock(&self.shared.registry).expelled((key, self.socket.id), *code);
        }
        self.queue(Outgoing::End(ending));
        self.is_closing = true;
        self.leave_at = None;
        Step::On
    }

    pub(super) async fn send_due(&mut self) -> Step {
        let Some((_, frame)) = self.outgoing.pop_front() else {
            return Step::On;
        };
        match frame {
            Outgoing::Say(packed) => {
                let (op, payload) = self.shown(&packed);
                self.shared.log.record(&self.name, Direction::ToClient, op, payload);
                let message = match packed {
                    Packed::Text(text) => Message::text(text),
                    Packed::Binary(bytes) => Message::binary(bytes),
                };
                match timeout(PATIENCE, self.ws.send(message)).await {
                    Ok(Ok(())) => Step::On,
                    Ok(Err(_)) | Err(_) => Step::Over(None),
                }
            }
            Outgoing::End(ending) => self.perform(ending).await,
        }
    }

    /// A message's opcode, and what the frame log shows of it.
    fn shown(&self, packed: &Packed) -> (Option<i64>, Value) {
        match packed {
            Packed::Text(text) => {
                let payload = wire::loggable(text);
                (payload.get("op").and_then(Value::as_i64), payload)
            }
            Packed::Binary(bytes) => wire::loggable_binary(bytes, self.version == Version::Buffered),
        }
    }

    async fn perform(&mut self, ending: Ending) -> Step {
        match ending {
            Ending::Close { code, reason } => return self.finish(code, &reason).await,
            Ending::Reset => {
                self.note_close(Direction::ToClient, None, "TCP reset");
                if let Err(error) = self.ws.get_ref().get_ref().0.set_zero_linger() {
                    tracing::warn!(%error, "asking for a TCP reset");
                }
            }
            Ending::TlsClose => {
                self.note_close(Direction::ToClient, None, "end of TLS and TCP without a close frame");
                self.detach(None);
                let ended = async {
                    self.ws.get_mut().shutdown().await?;
                    // What the client still sends is read: unread, it would make a reset of the end.
                    while self.ws.get_mut().read(&mut [0; 1024]).await? > 0 {}
                    Ok::<(), std::io::Error>(())
                };
                // Whether the client ends its half or not, the socket is done.
                let _ = timeout(CLOSE_PATIENCE, ended).await;
            }
            Ending::HalfOpen => {
                self.note_close(Direction::ToClient, None, "half-open: this side is gone");
                self.detach(None);
                tokio::time::sleep(HALF_OPEN_FOR).await;
            }
        }
        Step::Over(None)
    }

    /// The session has no socket from now on.
    pub(super) fn detach(&self, code: Option<u16>) {
        if let Some(key) = self.session {
            let now_ms = self.shared.clock.now_ms();
            lock(&self.shared.registry).detached((key, self.socket.id), code, now_ms);
        }
    }

    /// Sends the close frame and waits for the client's half. 1006 has no frame: the connection just ends.
    pub(super) async fn finish(&mut self, code: Option<u16>, reason: &str) -> Step {
        self.note_close(Direction::ToClient, code, reason);
        // Before the frame goes out: the client may be back with a resume as soon as it has it.
        self.detach(code);
        if code == Some(1006) {
            return Step::Over(code);
        }
        let frame =
            code.filter(|code| *code != 1005).map(|code| CloseFrame { code: code.into(), reason: reason.into() });
        let closed = async {
            self.ws.close(frame).await?;
            while let Some(message) = self.ws.next().await {
                message?;
            }
            Ok::<(), tokio_tungstenite::tungstenite::Error>(())
        };
        // Whether the client answers or not, the socket is done.
        let _ = timeout(CLOSE_PATIENCE, closed).await;
        Step::Over(code)
    }

    pub(super) fn note_close(&self, direction: Direction, code: Option<u16>, reason: &str) {
        let payload = json!({ "close": code, "reason": reason });
        self.shared.log.record(&self.name, direction, None, payload);
    }
}
