//! What the simulated Discord knows while it runs, behind one lock that is never held across an await.

mod command_body;
pub(crate) mod commands;
pub(crate) mod effects;
pub(crate) mod events;
pub(crate) mod guilds;
pub(crate) mod interactions;
pub(crate) mod json;
pub(crate) mod message_body;
pub(crate) mod messages;
pub(crate) mod sessions;
pub(crate) mod speaking;
pub(crate) mod starts;
pub(crate) mod voice;
pub(crate) mod voice_server;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use crate::{
    SimOptions,
    clock::SimClock,
    id::{DISCORD_EPOCH_MS, Id},
    log::FrameLog,
    rest::{Limits, Troubles, Waits},
    voice::VoiceServer,
    world::World,
};

/// Everything the servers share. One a simulator.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Asked for with [`Hub::world`], changed with [`Hub::change_world`].
    world: RwLock<Arc<World>>,
    pub(crate) options: SimOptions,
    pub(crate) clock: SimClock,
    pub(crate) log: FrameLog,
    pub(crate) events: events::Events,
    pub(crate) effects: effects::Effects,
    pub(crate) voice: VoiceServer,
    /// How often the REST API was asked.
    pub(crate) limits: Limits,
    /// What comes although it was told to wait.
    pub(crate) waits: Waits,
    /// What goes wrong with the REST API, on order.
    pub(crate) troubles: Troubles,
    /// `ws://127.0.0.1:PORT`, what clients are told to connect to.
    pub(crate) gateway_url: String,
    /// `http://127.0.0.1:PORT`, where files are found.
    pub(crate) rest_url: String,
    state: Mutex<State>,
    randomness: RandomState,
}

/// What changes.
/// Tokens that are remembered.
const MOST_GIVEN_OUT: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) sessions: BTreeMap<String, sessions::Session>,
    pub(crate) voice_states: BTreeMap<(Id, Id), voice::VoiceState>,
    /// Commands by application and guild; no guild for the global ones.
    pub(crate) commands: BTreeMap<(Id, Option<Id>), Vec<commands::Command>>,
    pub(crate) messages: BTreeMap<Id, messages::Message>,
    pub(crate) interactions: BTreeMap<Id, interactions::Interaction>,
    /// Emoji, with the application that they are of, and their names.
    pub(crate) emojis: BTreeMap<Id, (Id, String)>,
    /// The files that came with messages.
    pub(crate) files: messages::Files,
    pub(crate) faults: BTreeMap<Id, crate::faults::Lasting>,
    pub(crate) scripts: crate::faults::script::Scripts,
    /// Identifies by bot.
    pub(crate) starts: BTreeMap<Id, starts::Starts>,
    /// Guilds that are in an outage.
    pub(crate) unavailable: BTreeSet<Id>,
    /// The token of the last VOICE_SERVER_UPDATE, by guild and bot.
    pub(crate) voice_tokens: BTreeMap<(Id, Id), String>,
    /// Tokens that were given to bots: of interactions and of voice servers. The oldest are forgotten.
    pub(crate) given_out: VecDeque<String>,
    last_id: u64,
    secrets: u64,
}

impl Hub {
    pub(crate) fn new(
        world: World,
        options: SimOptions,
        clock: SimClock,
        log: FrameLog,
        voice: VoiceServer,
        gateway_url: String,
        rest_url: String,
    ) -> Arc<Self> {
        Arc::new(Self {
            world: RwLock::new(Arc::new(world)),
            options,
            clock,
            log,
            events: events::Events::new(clock),
            effects: effects::Effects::new(),
            voice,
            limits: Limits::default(),
            waits: Waits::default(),
            troubles: Troubles::default(),
            gateway_url,
            rest_url,
            state: Mutex::default(),
            randomness: RandomState::new(),
        })
    }

    /// The world as it is now. What is held stays as it was when it was asked for: take it anew for each act.
    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world (copy on write), if what comes of it fits together, and answers the new one. Nobody is told of
    /// it here: who changes something dispatches the events that follow. May be called while [`Hub::state`] is held, not
    /// the other way round.
    pub(crate) fn change_world<T>(
        &self,
        change: impl FnOnce(&mut World) -> Result<T, String>,
    ) -> Result<(Arc<World>, T), String> {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = World::clone(&world);
        let answer = change(&mut changed)?;
        *world = Arc::new(changed.checked().map_err(|error| error.to_string())?);
        Ok((Arc::clone(&world), answer))
    }

    /// The lock. A panic while it was held is a bug, but what it guards is still whole enough to be read.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fresh snowflake of this moment.
    pub(crate) fn snowflake(&self, state: &mut State) -> Id {
        let now = self.clock.unix_ms().saturating_sub(DISCORD_EPOCH_MS) << 22;
        state.last_id = now.max(state.last_id + 1);
        Id(state.last_id)
    }

    /// A word nobody guesses: session ids, interaction tokens.
    pub(crate) fn secret(&self, state: &mut State) -> String {
        state.secrets += 1;
        let halves = [self.randomness.hash_one((state.secrets, 0)), self.randomness.hash_one((state.secrets, 1))];
        format!("{:016x}{:016x}", halves[0], halves[1])
    }
}

impl State {
    /// Remembers a token that a bot is given, so that its log can be searched for it.
    pub(crate) fn give_out(&mut self, token: &str) {
        if self.given_out.len() >= MOST_GIVEN_OUT {
            self.given_out.pop_front();
        }
        self.given_out.push_back(token.to_owned());
    }

    /// Whether a lasting fault of this kind is in force in this guild.
    pub(crate) fn has_fault(&self, guild: Id, kind: &str) -> bool {
        self.faults.values().any(|one| one.guild == Some(guild) && one.kind == kind)
    }

    /// How many of `map`'s oldest entries must go for one more to fit into `limit`.
    pub(crate) fn make_room<T>(map: &mut BTreeMap<Id, T>, limit: usize) {
        while map.len() >= limit {
            map.pop_first();
        }
    }
}

/// A door for the fuzz targets: any command has a verdict.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz_command(body: &serde_json::Value) {
    command_body::check_command(body, "", &mut crate::rest::error::FieldErrors::default());
}
