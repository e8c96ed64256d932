//! What the server sends on a socket, in its order and with its delay; and how a socket is closed.

use super::{CLOSE_PATIENCE, Connection, Outgoing, PATIENCE, Step};
use crate::{
    log::Direction,
    voice::{
        session::lock,
        wire::{self, ServerMessage},
    },
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

impl Connection {
    pub(super) fn say(&mut self, message: ServerMessage) {
        let text = message.encode(self.version, None);
        self.queue(Outgoing::Text(text));
    }

    pub(super) fn queue(&mut self, frame: Outgoing) {
        if !self.is_closing {
            let latency = Duration::from_millis(self.shared.options.latency_ms);
            self.outgoing.push_back((Instant::now() + latency, frame));
        }
    }

    /// Queues a close. The session is over now where the code says so; the frame follows in its order.
    pub(super) fn close(&mut self, code: Option<u16>, reason: &str) -> Step {
        let reason = reason.to_owned();
        self.queue(Outgoing::Close { code, reason });
        self.is_closing = true;
        self.leave_at = None;
        if let (Some(key), Some(code)) = (self.session, code) {
            lock(&self.shared.registry).expelled((key, self.socket.id), code);
        }
        Step::On
    }

    pub(super) async fn send_due(&mut self) -> Step {
        let Some((_, frame)) = self.outgoing.pop_front() else {
            return Step::On;
        };
        match frame {
            Outgoing::Text(text) => {
                let payload = wire::loggable(&text);
                let op = payload.get("op").and_then(serde_json::Value::as_i64);
                self.shared.log.record(&self.name, Direction::ToClient, op, payload);
                match timeout(PATIENCE, self.ws.send(Message::text(text))).await {
                    Ok(Ok(())) => Step::On,
                    Ok(Err(_)) | Err(_) => Step::Over(None),
                }
            }
            Outgoing::Close { code, reason } => self.finish(code, &reason).await,
        }
    }

    /// Sends the close frame and waits for the client's half. 1006 has no frame: the connection just ends.
    pub(super) async fn finish(&mut self, code: Option<u16>, reason: &str) -> Step {
        self.note_close(Direction::ToClient, code, reason);
        if let Some(key) = self.session {
            // Before the frame goes out: the client may be back with a resume as soon as it has it.
            let now_ms = self.shared.clock.now_ms();
            lock(&self.shared.registry).detached((key, self.socket.id), code, now_ms);
        }
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
