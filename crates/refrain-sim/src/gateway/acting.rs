//! What a client's frames do.

use std::{ops::ControlFlow, sync::Arc};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{
    connection::{Connection, Flow},
    ending::close,
    frame::{self, Frame},
};
use crate::{
    id::Id,
    state::{effects::Effect, voice::Wish},
};

impl Connection {
    pub(super) async fn act(&mut self, frame: Frame) -> Flow {
        let session = self.session.as_ref().map(|(session, _)| session.clone());
        match (frame, session) {
            (Frame::Heartbeat, _) => {
                self.last_heartbeat = Instant::now();
                return self.acknowledge().await;
            }
            (Frame::Identify(_) | Frame::Resume { .. }, Some(_)) => return close(frame::ALREADY_AUTHENTICATED),
            (Frame::Identify(identify), None) => return self.identify(*identify).await,
            (Frame::Resume { token, session, seq }, None) => return self.resume(&token, session, seq).await,
            (Frame::Presence(presence), Some(session)) => {
                if let Some(session) = self.hub.state().sessions.get_mut(&session) {
                    session.presence = presence;
                }
            }
            (Frame::VoiceState(wish), Some(_)) => self.wish(wish),
            (Frame::Members(request), Some(session)) => self.send_members(&session, &request),
            (Frame::Sounds(guilds), Some(session)) => self.send_sounds(&session, &guilds),
            (Frame::ChannelInfo { guild, fields }, Some(session)) => self.send_channel_info(&session, guild, &fields),
            (
                Frame::Presence(_)
                | Frame::VoiceState(_)
                | Frame::Members(_)
                | Frame::Sounds(_)
                | Frame::ChannelInfo { .. },
                None,
            ) => return close(frame::NOT_AUTHENTICATED),
        }
        ControlFlow::Continue(())
    }

    async fn acknowledge(&mut self) -> Flow {
        if self.weather.ack_withheld {
            return ControlFlow::Continue(());
        }
        if self.weather.ack_late.is_zero() {
            return self.send(ack()).await;
        }
        // The frame limit bounds how many can be waiting.
        self.late_acks.push_back(Instant::now() + self.weather.ack_late);
        ControlFlow::Continue(())
    }

    /// Op 4: done at once, or after a while where a fault says so. The order is kept.
    fn wish(&mut self, wish: Wish) {
        let Some((session, bot)) = &self.session else { return };
        let times = self.hub.effects.of(wish.guild, *bot).into_iter().filter_map(|effect| match effect {
            Effect::Op4Late(time) => Some(time),
            Effect::Freeze
            | Effect::Blackhole
            | Effect::Slow(_)
            | Effect::Refuse(..)
            | Effect::AckWithheld
            | Effect::AckLate(_)
            | Effect::Op4Unanswered
            | Effect::ServerFirst
            | Effect::ServerLate(_)
            | Effect::ServerDoubled
            | Effect::ServerMissing
            | Effect::SameChannel(_)
            | Effect::Full(_) => None,
        });
        match times.max() {
            None if self.late_op4.is_empty() => self.hub.update_voice_state(session, *bot, wish),
            // The frame limit bounds how many can be waiting.
            time => self.late_op4.push_back((Instant::now() + time.unwrap_or_default(), wish)),
        }
    }

    pub(super) fn do_late_op4(&mut self) {
        let (Some((_, wish)), Some((session, bot))) = (self.late_op4.pop_front(), &self.session) else { return };
        self.hub.update_voice_state(session, *bot, wish);
    }

    /// What was asked for before the socket ended is done all the same.
    pub(super) fn leave_late_op4(&mut self, session: &str, bot: Id) {
        let late = std::mem::take(&mut self.late_op4);
        let (hub, session) = (Arc::downgrade(&self.hub), session.to_owned());
        if late.is_empty() {
            return;
        }
        tokio::spawn(async move {
            for (at, wish) in late {
                sleep_until(at).await;
                let Some(hub) = hub.upgrade() else { return };
                if hub.state().sessions.contains_key(&session) {
                    hub.update_voice_state(&session, bot, wish);
                }
            }
        });
    }
}

pub(super) fn ack() -> Value {
    json!({ "t": null, "s": null, "op": 11, "d": null })
}
