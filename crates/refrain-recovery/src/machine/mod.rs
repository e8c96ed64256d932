//! The machine: what it holds, how it is driven, and the actions that every transition is made of.
//!
//! The transitions themselves: people's intents in `intent`, the two halves of a voice session in `halves`, the shard
//! and the guild in `guild`, the driver in `driver`, turns in `turn`, asking again in `hedge`, checks in `health`,
//! wake-ups in `wake`. Each is one match over all states. What the driver holds is in `connections`.

mod access;
mod attempt;
mod connections;
mod driver;
mod guild;
mod halves;
mod health;
mod heard;
mod hedge;
mod intent;
mod owed;
mod snapshot;
mod turn;
mod wake;

pub use snapshot::Snapshot;

use crate::{
    Alert, AutoRejoin, Cause, CloseCode, DriverEvent, GatewayEvent, Gathered, Generation, Handled, Idle, Incident,
    Input, MissingAccess, Notice, Outage, Output, Policy, Retrying, Server, Settings, Stage, State, Timer, Verdict,
    history::History,
    ledger::{Hold, Ledger},
    proof::Proofs,
};
use alloc::{borrow::Cow, collections::VecDeque};
use core::time::Duration;
use guild::Link;
use health::Checks;
use hedge::Asking;
use owed::NullsOwed;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use refrain_model::{ChannelId, Moment};
use turn::Turn;

/// The recovery machine of one guild. See the crate's documentation for how to drive it.
#[derive(Clone, Debug)]
pub struct Recovery {
    policy: Policy,
    rng: ChaCha8Rng,
    state: State,
    intent: Option<ChannelId>,
    generation: Generation,
    /// The connection of the current generation that the driver holds or attempts. Being one slot it is why there are
    /// never two attempts.
    live: Option<Generation>,
    /// The connection of before: it carries the frames until the one that takes its place stands.
    fading: Option<Generation>,
    presence: Presence,
    /// The voice session that goes with it, when Discord has told.
    standing: Option<Gathered>,
    /// With what the driver was told to connect last.
    spent: Option<Server>,
    asking: Asking,
    checks: Checks,
    nulls_owed: NullsOwed,
    link: Link,
    turn: Turn,
    auto_rejoin: AutoRejoin,
    last_close: Option<(Moment, Option<CloseCode>)>,
    last_alive: Option<Moment>,
    history: History,
    ledger: Ledger,
    /// The guild has frames to give.
    flowing: bool,
    /// What the bot lacks in a channel, as told last.
    access: Option<(ChannelId, MissingAccess)>,
    proofs: Proofs,
    /// The time of the step.
    now: Moment,
    outputs: VecDeque<Output>,
}

/// Where Discord has the bot, as far as the main gateway told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In no channel.
    Nowhere,
    /// In this one.
    In(ChannelId),
    /// Op 4 went unanswered: it may have been carried out or not.
    Unknown,
}

impl Recovery {
    /// A machine at rest. `seed` decides its jitter: two guilds should have different ones.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Self {
        Self {
            auto_rejoin: policy.auto_rejoin,
            policy,
            rng: ChaCha8Rng::seed_from_u64(seed),
            state: State::Idle(Idle::Fresh),
            intent: None,
            generation: Generation::default(),
            live: None,
            fading: None,
            presence: Presence::Nowhere,
            standing: None,
            spent: None,
            asking: Asking::default(),
            checks: Checks::default(),
            nulls_owed: NullsOwed::default(),
            link: Link::default(),
            turn: Turn::None,
            last_close: None,
            last_alive: None,
            history: History::default(),
            ledger: Ledger::new(),
            flowing: true,
            access: None,
            proofs: Proofs::default(),
            now: Moment::ZERO,
            outputs: VecDeque::new(),
        }
    }

    /// Something happened at `now`; what became of it. Drain [`poll_output`](Self::poll_output) afterwards: each input
    /// adds a handful of outputs at most, and they are kept until they are taken.
    pub fn handle_input(&mut self, now: Moment, input: Input) -> Handled {
        self.begin_step(now);
        let handled = match input {
            Input::Intent(intent) => self.on_intent(now, intent),
            Input::Gateway(event) => self.on_gateway(now, event),
            Input::Driver { generation, event } => self.on_report(now, generation, event),
            Input::Heard { playhead } => self.on_heard(now, playhead),
            Input::TrackStarted { playhead } => {
                self.ledger.track_started(playhead);
                Handled::Taken
            }
            Input::Turn => self.on_turn(now),
            Input::Settings(Settings { auto_rejoin }) => {
                self.auto_rejoin = auto_rejoin;
                Handled::Taken
            }
            Input::Flowing(flowing) => Handled::taken_if(core::mem::replace(&mut self.flowing, flowing) != flowing),
            Input::Access { channel, missing } => self.on_access(now, channel, missing),
        };
        self.settle(now);
        handled
    }

    /// Nothing in flight of an older generation, or of a connection already torn down, changes the state.
    fn on_report(&mut self, now: Moment, generation: Generation, event: DriverEvent) -> Handled {
        if event == DriverEvent::Alive && self.carries(generation) && !self.is_resuming() {
            self.proofs.prove(now);
        }
        if self.live == Some(generation) {
            self.note_driver(now, event);
            self.on_driver(now, event)
        } else if self.fading == Some(generation) {
            self.on_fading(now, event)
        } else {
            Handled::Stale
        }
    }

    fn on_heard(&mut self, now: Moment, playhead: Duration) -> Handled {
        // What flows while a resume is under way may go into the void, whatever else is alive.
        if self.is_resuming() {
            return Handled::Ignored;
        }
        self.last_alive = Some(now);
        Handled::taken_if(self.ledger.heard(playhead))
    }

    /// Before each step: a connection that has stood long enough until now has succeeded, whatever comes.
    fn begin_step(&mut self, now: Moment) {
        self.now = now;
        if let State::Stable(stable) = &self.state
            && now.since(stable.since) >= self.policy.proven_after
        {
            self.history.prove();
        }
    }

    /// What follows from where a step has led.
    fn settle(&mut self, now: Moment) {
        self.settle_turn();
        self.settle_checks(now);
        self.proofs.run(now, self.flowing && self.ledger.is_flowing());
    }

    /// What people may ask for later: when the peer lived last, and what it closed with.
    fn note_driver(&mut self, now: Moment, event: DriverEvent) {
        match event {
            DriverEvent::Connected | DriverEvent::Resumed | DriverEvent::Alive | DriverEvent::Reachable => {
                self.last_alive = Some(now);
            }
            DriverEvent::Closed { code, .. } => self.last_close = Some((now, code)),
            DriverEvent::Failed { kind } => self.last_close = Some((now, kind.code())),
            DriverEvent::Unresponsive => {}
        }
    }

    fn on_gateway(&mut self, now: Moment, event: GatewayEvent) -> Handled {
        match event {
            GatewayEvent::VoiceState { channel: Some(channel), session_id, .. } => {
                self.on_present(now, channel, session_id);
            }
            GatewayEvent::VoiceState { channel: None, .. } => self.on_absent(now),
            GatewayEvent::VoiceServer { endpoint: Some(endpoint), token } => {
                return self.on_server(now, endpoint, token);
            }
            GatewayEvent::VoiceServer { endpoint: None, .. } => return self.on_server_gone(now),
            GatewayEvent::ShardDisconnected => self.link.shard_lost(now),
            GatewayEvent::ShardResumed => self.on_shard_resumed(now),
            GatewayEvent::ShardReady => self.on_shard_ready(now),
            GatewayEvent::GuildAvailable { channel } => self.on_guild_available(now, channel),
            GatewayEvent::GuildUnavailable => self.on_guild_unavailable(now),
            GatewayEvent::GuildDeleted => self.on_gone(now, "the bot was removed from the guild"),
            GatewayEvent::ChannelDeleted { channel } => return self.on_channel_deleted(now, channel),
            GatewayEvent::Health { latency, missed_heartbeats } => self.link.health(latency, missed_heartbeats),
        }
        Handled::Taken
    }

    /// The time is `now`: whatever is due happens. Early calls are harmless.
    pub fn handle_timeout(&mut self, now: Moment) {
        if let Some((at, timer)) = self.poll_timeout()
            && at <= now
        {
            self.begin_step(now);
            self.on_timer(now, timer);
            self.settle(now);
        }
    }

    /// The next thing to do; `None` when there is nothing more for now.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next, and why. It changes with every input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Moment, Timer)> {
        let check = self.checks.next.map(|at| (at, Timer::Health));
        self.state.timer().into_iter().chain(check).min_by_key(|(at, _)| *at)
    }

    /// Where the machine stands.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The channel that the bot is meant to be in. None after a kick or a fatal code: it stays out until asked.
    #[must_use]
    pub const fn intent(&self) -> Option<ChannelId> {
        self.intent
    }

    /// The newest generation. Events of older ones change nothing, but for the one that still carries the frames.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    fn say(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn record(&mut self, now: Moment, code: Option<CloseCode>, verdict: Verdict, reason: impl Into<Cow<'static, str>>) {
        let alert = self.alert(code, verdict);
        let incident = Incident {
            at: now,
            generation: self.generation,
            attempt: self.history.attempt(),
            code,
            verdict,
            reason: reason.into(),
            alert,
        };
        self.say(Output::Incident(incident));
    }

    /// Whether an operator should look at what is about to be recorded.
    const fn alert(&self, code: Option<CloseCode>, verdict: Verdict) -> Option<Alert> {
        match (verdict, code) {
            (Verdict::Fatal, Some(CloseCode(4017))) => Some(Alert::Configuration),
            (Verdict::Fatal, Some(CloseCode(4021))) => Some(Alert::RateLimited),
            (Verdict::Fatal, _) => Some(Alert::Protocol),
            (_, Some(code)) if !code.is_listed() && self.history.is_puzzling() => Some(Alert::UnlistedCodes),
            (_, _) => None,
        }
    }

    fn tell(&mut self, notice: Notice) {
        self.say(Output::Notify(notice));
    }

    fn on_the_way(&mut self, cause: Cause, stage: Stage) {
        self.state = State::Retrying(Retrying { cause, stage });
    }

    fn want(&mut self, channel: Option<ChannelId>) {
        self.intent = channel;
        self.say(Output::Persist { channel });
    }

    /// Sends op 4 with no channel. The voice state that answers it is no kick.
    fn send_leave(&mut self, now: Moment) {
        self.nulls_owed.owe(now);
        self.say(Output::SendVoiceState { channel: None });
    }

    /// Leaves, in order to join again.
    fn leave_first(&mut self, now: Moment, cause: Cause) {
        self.drop_connection(Hold::Well);
        self.send_leave(now);
        self.on_the_way(cause, Stage::Leaving { until: now + self.policy.timeouts.leave });
    }

    /// Sends op 4 with the intended channel, and forgets both halves of whatever was before.
    fn send_join(&mut self, now: Moment, cause: Cause, channel: ChannelId) {
        self.new_generation();
        self.asking.asked(now);
        self.say(Output::SendVoiceState { channel: Some(channel) });
        let until = now + self.limit(cause);
        self.on_the_way(cause, Stage::Joining { until, gathered: Gathered::nothing(channel) });
    }

    const fn limit(&self, cause: Cause) -> Duration {
        match cause {
            Cause::Join | Cause::Switch { .. } => self.policy.timeouts.join,
            Cause::Recovery(_) | Cause::Leave => self.policy.timeouts.reconnect,
        }
    }

    /// The outage that is going on, or that begins now.
    fn outage(&self, now: Moment) -> Outage {
        match &self.state {
            State::Retrying(Retrying { cause: Cause::Recovery(outage), .. }) => *outage,
            State::Stable(stable) => Outage { since: now, credit: Some(now.since(stable.since)), told: false },
            State::Idle(_) | State::Retrying(_) => Outage { since: now, credit: None, told: false },
        }
    }
}
