//! What is in force for a while besides the world itself: how the network and Discord's own speed change what happens.
//! Faults add effects and take them back; connections watch them.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::sync::watch;

use crate::{id::Id, world::SameChannel};

/// One thing that is different from usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The whole simulator stands still, its control API aside.
    Freeze,
    /// What the main gateway's sockets send and receive is lost until it ends; new ones get no answer.
    Blackhole,
    /// Each frame of the main gateway waits first.
    Slow(Duration),
    /// The main gateway refuses those who get as far as this.
    Refuse(Step, Refused),
    /// Heartbeats are not acknowledged.
    AckWithheld,
    /// Heartbeats are acknowledged late.
    AckLate(Duration),
    /// Op 4 changes nothing and brings nothing.
    Op4Unanswered,
    /// Op 4 takes this long.
    Op4Late(Duration),
    /// After an op 4 the server update comes before the state update.
    ServerFirst,
    /// After an op 4 the server update comes later.
    ServerLate(Duration),
    /// After an op 4 the server update comes twice.
    ServerDoubled,
    /// After an op 4 there is no server update.
    ServerMissing,
    /// What an op 4 for the channel one is already in brings.
    SameChannel(SameChannel),
    /// This channel counts as full.
    Full(Id),
}

/// How far a connection of the main gateway gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The handshake is done, Hello is not sent yet.
    Connect,
    Identify,
    Resume,
}

/// How a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A close frame, with a code or without one.
    Close(Option<u16>),
    /// A TCP reset.
    Reset,
    /// Op 9, which says that the session cannot be resumed.
    InvalidSession,
}

/// Whom an effect concerns: everybody, where nothing is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) guild: Option<Id>,
    pub(crate) bot: Option<Id>,
}

/// Names one effect, to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EffectId(u64);

#[derive(Clone, Debug, Default)]
struct List {
    next: u64,
    all: Vec<(u64, Scope, Effect)>,
}

/// All effects that are in force.
#[derive(Debug)]
pub(crate) struct Effects(watch::Sender<Arc<List>>);

/// What a connection of the main gateway goes through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Nothing is read and nothing is sent.
    pub(crate) still: bool,
    pub(crate) slow: Duration,
    pub(crate) ack_withheld: bool,
    pub(crate) ack_late: Duration,
}

impl Effects {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Arc::default()))
    }

    pub(crate) fn add(&self, scope: Scope, effect: Effect) -> EffectId {
        let mut id = 0;
        self.0.send_modify(|list| {
            let list = Arc::make_mut(list);
            id = list.next;
            list.next += 1;
            list.all.push((id, scope, effect));
        });
        EffectId(id)
    }

    pub(crate) fn remove(&self, id: EffectId) {
        self.0.send_modify(|list| Arc::make_mut(list).all.retain(|(known, _, _)| *known != id.0));
    }

    /// The effects that a bot meets in a guild, oldest first.
    pub(crate) fn of(&self, guild: Id, bot: Id) -> Vec<Effect> {
        let list = self.0.borrow();
        let met = |scope: &Scope| {
            scope.guild.is_none_or(|named| named == guild) && scope.bot.is_none_or(|named| named == bot)
        };
        list.all.iter().filter(|(_, scope, _)| met(scope)).map(|(_, _, effect)| *effect).collect()
    }

    /// Whether the whole simulator stands still.
    pub(crate) fn frozen(&self) -> bool {
        self.0.borrow().all.iter().any(|(_, _, effect)| *effect == Effect::Freeze)
    }

    /// Returns once the simulator does not stand still.
    pub(crate) async fn thawed(&self) {
        let mut list = self.0.subscribe();
        // An error means that the simulator is ending.
        let _ = list.wait_for(|list| !list.all.iter().any(|(_, _, effect)| *effect == Effect::Freeze)).await;
    }

    pub(crate) fn watch(&self) -> Forecast {
        Forecast(self.0.subscribe())
    }
}

/// A connection's view of the effects.
#[derive(Debug)]
pub(crate) struct Forecast(watch::Receiver<Arc<List>>);

impl Forecast {
    /// What a bot's socket goes through now. A socket whose bot is not known yet meets what concerns any bot.
    pub(crate) fn now(&mut self, bot: Option<Id>) -> Weather {
        let list = Arc::clone(&self.0.borrow_and_update());
        let mut weather = Weather::default();
        let met = |scope: &Scope| scope.bot.is_none() || bot.is_none() || scope.bot == bot;
        for (_, _, effect) in list.all.iter().filter(|(_, scope, _)| met(scope)) {
            match effect {
                Effect::Freeze | Effect::Blackhole => weather.still = true,
                Effect::Slow(time) => weather.slow = weather.slow.max(*time),
                Effect::AckWithheld => weather.ack_withheld = true,
                Effect::AckLate(time) => weather.ack_late = weather.ack_late.max(*time),
                Effect::Op4Unanswered
                | Effect::Refuse(..)
                | Effect::Op4Late(_)
                | Effect::ServerFirst
                | Effect::ServerLate(_)
                | Effect::ServerDoubled
                | Effect::ServerMissing
                | Effect::SameChannel(_)
                | Effect::Full(_) => {}
            }
        }
        weather
    }

    /// How those who get as far as `step` are refused now, if they are. The newest fault has the word.
    pub(crate) fn refusal(&self, step: Step, bot: Option<Id>) -> Option<Refused> {
        let list = Arc::clone(&self.0.borrow());
        let met = |scope: &Scope| scope.bot.is_none() || bot.is_none() || scope.bot == bot;
        list.all.iter().rev().find_map(|(_, scope, effect)| match effect {
            Effect::Refuse(at, refused) if *at == step && met(scope) => Some(*refused),
            Effect::Refuse(..)
            | Effect::Freeze
            | Effect::Blackhole
            | Effect::Slow(_)
            | Effect::AckWithheld
            | Effect::AckLate(_)
            | Effect::Op4Unanswered
            | Effect::Op4Late(_)
            | Effect::ServerFirst
            | Effect::ServerLate(_)
            | Effect::ServerDoubled
            | Effect::ServerMissing
            | Effect::SameChannel(_)
            | Effect::Full(_) => None,
        })
    }

    /// Returns when something changed since [`Self::now`].
    pub(crate) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // The simulator is ending, and its tasks with it.
            std::future::pending::<()>().await;
        }
    }

    /// Returns once a new connection gets an answer.
    pub(crate) async fn passable(&mut self) {
        while self.now(None).still {
            self.changed().await;
        }
    }
}
