//! What the connection is told to do by others, and how it ends.

use std::{ops::ControlFlow, time::Duration};

use futures_util::StreamExt;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{
    connection::{Connection, Flow},
    frame::Closing,
};
use crate::{log::Direction, state::sessions::Order};

/// What ends the connection's loop.
pub(super) enum End {
    /// Close with this, or (`None`) just stop.
    Close(Option<Closing>),
    /// The client closed: with the code it gave.
    ByClient(Option<u16>),
    /// Close without a code.
    Bare,
    Reset,
}

impl Connection {
    pub(super) async fn obey(&mut self, order: Order) -> Flow {
        match order {
            // What comes of it would be sent at the end of the stillness anyway, and the order is over by then.
            Order::Send(_) | Order::Close(..) | Order::CloseBare if self.half_open => ControlFlow::Continue(()),
            Order::Send(frame) => self.send(frame).await,
            Order::Close(code, reason) => close((code, reason)),
            Order::CloseBare => ControlFlow::Break(End::Bare),
            Order::Reset => ControlFlow::Break(End::Reset),
            Order::Drop => ControlFlow::Break(End::Close(None)),
            Order::Invalidate(resumable) => {
                if let Some((session, _)) = self.session.take() {
                    self.hub.detach(&session, self.socket.number, !resumable);
                }
                self.send(json!({ "t": null, "s": null, "op": 9, "d": resumable })).await
            }
            Order::HalfOpen => {
                self.half_open = true;
                if let Some((session, _)) = self.session.take() {
                    self.hub.detach(&session, self.socket.number, false);
                }
                self.log(Direction::ToClient, None, json!({ "half_open": true }));
                ControlFlow::Continue(())
            }
            Order::Freeze(frozen) => {
                self.zombies = if frozen { self.zombies + 1 } else { self.zombies.saturating_sub(1) };
                self.wake_up();
                ControlFlow::Continue(())
            }
        }
    }

    async fn say_farewell(&mut self, frame: Option<CloseFrame>) {
        let farewell = async {
            if self.stream.close(frame).await.is_ok() {
                // The client's own close frame, so that ours is not lost in a reset.
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        let _ = timeout(Duration::from_secs(5), farewell).await;
    }

    pub(super) async fn finish(mut self, end: End) {
        let code = match &end {
            End::Close(closing) => closing.map(|(code, _)| code),
            End::ByClient(code) => *code,
            End::Bare | End::Reset => None,
        };
        // The session is given up before the close frame: whoever sees the close may resume at once.
        if let Some((session, bot)) = self.session.take() {
            self.hub.detach(&session, self.socket.number, code.is_some_and(ends_session));
            self.leave_late_op4(&session, bot);
        }
        match end {
            End::Close(Some((code, reason))) => {
                self.log(Direction::ToClient, None, json!({ "close": code, "reason": reason }));
                self.say_farewell(Some(CloseFrame { code: code.into(), reason: reason.into() })).await;
            }
            End::Bare => {
                self.log(Direction::ToClient, None, json!({ "close": null }));
                self.say_farewell(None).await;
            }
            End::Close(None) => {}
            End::ByClient(_) => {
                let _ = timeout(Duration::from_secs(1), self.stream.close(None)).await;
            }
            End::Reset => {
                self.log(Direction::ToClient, None, json!({ "reset": true }));
                if let Err(error) = self.stream.get_ref().set_zero_linger() {
                    tracing::warn!(%error, "gateway: the socket could not be reset, it is closed instead");
                }
            }
        }
    }
}

pub(super) fn close(closing: Closing) -> Flow {
    ControlFlow::Break(End::Close(Some(closing)))
}

/// Whether a session cannot be resumed after its socket was closed like this.
pub(crate) fn ends_session(code: u16) -> bool {
    matches!(code, 1000 | 1001 | 4004 | 4007 | 4009..=4014)
}
