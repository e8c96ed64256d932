//! Identify and Resume: who may come in, and with what.

use std::ops::ControlFlow;

use serde_json::json;

use super::{
    connection::{Connection, Flow},
    ending::{End, close},
    frame::{self, Identify},
};
use crate::{
    id::Id,
    state::{
        effects::{Refused, Step},
        sessions::{Login, ResumeError},
        starts::StartRefusal,
    },
    world::{Bot, PrivilegedIntent, World},
};

impl Connection {
    pub(super) async fn identify(&mut self, mut identify: Identify) -> Flow {
        let world = self.hub.world();
        let bot = world.bots.iter().find(|bot| bot.token == identify.token);
        let Some(bot) = bot else { return close(frame::AUTHENTICATION_FAILED) };
        if let Some(refused) = self.refused(Step::Identify, Some(bot.id)).await {
            return refused;
        }
        if let Err(closing) = check(&world, bot, &identify.login) {
            return close(closing);
        }
        match self.hub.count_start(bot, identify.login.shard.map_or(0, |(number, _)| number)) {
            Ok(()) => {}
            Err(StartRefusal::TooSoon) => return self.send(invalid_session()).await,
            Err(StartRefusal::UsedUp) => {
                // Discord ends all sessions and resets the token; here the token counts as reset until the day is over.
                self.hub.end_sessions_of(bot.id);
                return close(frame::AUTHENTICATION_FAILED);
            }
        }
        identify.login.version = self.version;
        if identify.compress {
            self.encoder.compress_each();
        }
        let session = self.hub.identify(bot, identify.login, self.socket.clone());
        self.enter(session, bot.id);
        self.hand_out().await
    }

    pub(super) async fn resume(&mut self, token: &str, session: String, seq: u64) -> Flow {
        let bot = self.hub.state().sessions.get(&session).map(|session| session.bot);
        if let Some(refused) = self.refused(Step::Resume, bot).await {
            return refused;
        }
        match self.hub.resume(&session, token, seq, self.socket.clone()) {
            Ok(bot) => {
                self.enter(session, bot);
                self.hand_out().await
            }
            Err(ResumeError::Gone) => self.send(invalid_session()).await,
            Err(ResumeError::FutureSeq) => close(frame::INVALID_SEQ),
            Err(ResumeError::WrongToken) => close(frame::AUTHENTICATION_FAILED),
        }
    }
}

impl Connection {
    /// What a fault does to those who get as far as this, if one is in force.
    pub(super) async fn refused(&mut self, step: Step, bot: Option<Id>) -> Option<Flow> {
        Some(match self.forecast.refusal(step, bot)? {
            Refused::Close(Some(code)) => close((code, "Refused by a fault.")),
            Refused::Close(None) => ControlFlow::Break(End::Bare),
            Refused::Reset => ControlFlow::Break(End::Reset),
            Refused::InvalidSession => self.send(invalid_session()).await,
        })
    }
}

fn invalid_session() -> serde_json::Value {
    json!({ "t": null, "s": null, "op": 9, "d": false })
}

/// Whether this bot may log in like this, or what the socket is closed with.
fn check(world: &World, bot: &Bot, login: &Login) -> Result<(), frame::Closing> {
    let refused = PrivilegedIntent::ALL.iter().filter(|intent| !bot.privileged_intents.contains(intent));
    if refused.fold(0, |bits, intent| bits | intent.bit()) & login.intents != 0 {
        return Err(frame::DISALLOWED_INTENTS);
    }
    let (number, count) = login.shard.unwrap_or((0, 1));
    if !count.is_multiple_of(world.gateway.shard_multiple.max(1)) {
        return Err(frame::INVALID_SHARD);
    }
    let mine = |guild: &&crate::world::Guild| guild.member(bot.id).is_some() && guild.shard(count) == number;
    if world.guilds.iter().filter(mine).count() > world.gateway.max_guilds_per_shard {
        return Err(frame::SHARDING_REQUIRED);
    }
    Ok(())
}
