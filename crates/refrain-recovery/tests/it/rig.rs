//! A machine with a clock: feeds it, collects what it says, answers as Discord and a driver would when told to.

use refrain_model::{ChannelId, Moment};
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Generation, Hedge, Incident, Input, Intent, Notice, Output, Policy, Recovery,
    Stage, State, Timer, Verdict,
};
use std::time::Duration;

pub(crate) const A: ChannelId = ChannelId::new(1);
pub(crate) const B: ChannelId = ChannelId::new(2);
pub(crate) const C: ChannelId = ChannelId::new(3);

pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The default policy, but that it never asks again before it leaves.
pub(crate) fn out_first() -> Policy {
    Policy { hedge: Hedge { most: Duration::ZERO, ..Hedge::default() }, ..Policy::default() }
}

/// A machine, the time, and what it said since the last input.
pub(crate) struct Rig {
    pub(crate) machine: Recovery,
    pub(crate) now: Moment,
    pub(crate) said: Vec<Output>,
    /// Everything since the start.
    pub(crate) all: Vec<Output>,
    /// What was said about turns since the start.
    pub(crate) turns: Vec<Output>,
    /// How often a sign of life was asked for.
    pub(crate) probes: u32,
    /// Turns are granted at once.
    pub(crate) grants: bool,
    tokens: u32,
}

impl Rig {
    /// One that always leaves first: asking again has tests of its own.
    pub(crate) fn new() -> Self {
        Self::with(out_first())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        Self {
            machine: Recovery::new(policy, 7),
            now: Moment::ZERO,
            said: Vec::new(),
            all: Vec::new(),
            turns: Vec::new(),
            probes: 0,
            grants: true,
            tokens: 0,
        }
    }

    /// Connected in `channel`, a track playing from its start.
    pub(crate) fn stable_in(channel: ChannelId) -> Self {
        let mut rig = Self::new();
        rig.join(channel);
        rig.answer(channel);
        rig.driver(DriverEvent::Connected);
        rig.input(Input::TrackStarted { playhead: Duration::ZERO });
        assert_eq!(rig.name(), "STABLE");
        rig.pass(secs(60));
        rig
    }

    /// Feeds an input and collects what comes of it.
    pub(crate) fn input(&mut self, input: Input) -> &[Output] {
        self.machine.handle_input(self.now, input);
        self.collect()
    }

    pub(crate) fn collect(&mut self) -> &[Output] {
        self.said.clear();
        while let Some(output) = self.machine.poll_output() {
            if matches!(output, Output::AskTurn { .. } | Output::WithdrawTurn | Output::Probe { .. }) {
                if matches!(output, Output::AskTurn { .. }) && self.grants {
                    self.machine.handle_input(self.now, Input::Turn);
                }
                if let Output::Probe { generation } = output {
                    assert_eq!(generation, self.machine.generation());
                    self.probes += 1;
                } else {
                    self.turns.push(output);
                }
                continue;
            }
            self.all.push(output.clone());
            self.said.push(output);
        }
        &self.said
    }

    pub(crate) fn join(&mut self, channel: ChannelId) {
        self.input(Input::Intent(Intent::Join { channel }));
    }

    pub(crate) fn leave(&mut self) {
        self.input(Input::Intent(Intent::Leave));
    }

    pub(crate) fn gateway(&mut self, event: GatewayEvent) {
        self.input(Input::Gateway(event));
    }

    pub(crate) fn voice_state(&mut self, channel: Option<ChannelId>) {
        self.gateway(GatewayEvent::VoiceState { channel, session_id: "session".into(), mute: false, suppress: false });
    }

    /// A server update with a token that was never seen before.
    pub(crate) fn voice_server(&mut self) {
        self.tokens += 1;
        let token = format!("token {}", self.tokens);
        self.gateway(GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token });
    }

    pub(crate) fn no_voice_server(&mut self) {
        self.gateway(GatewayEvent::VoiceServer { endpoint: None, token: "none".into() });
    }

    /// Both halves, as Discord answers op 4.
    pub(crate) fn answer(&mut self, channel: ChannelId) {
        self.voice_state(Some(channel));
        self.voice_server();
    }

    /// An event of the current generation.
    pub(crate) fn driver(&mut self, event: DriverEvent) {
        let generation = self.machine.generation();
        self.driver_of(generation, event);
    }

    pub(crate) fn driver_of(&mut self, generation: Generation, event: DriverEvent) {
        self.input(Input::Driver { generation, event });
    }

    /// The connection closes with a code, for good.
    pub(crate) fn closed(&mut self, code: u16) {
        self.driver(DriverEvent::Closed { code: Some(CloseCode(code)), resumable: false });
    }

    pub(crate) fn closed_resumable(&mut self, code: u16) {
        self.driver(DriverEvent::Closed { code: Some(CloseCode(code)), resumable: true });
    }

    pub(crate) fn heard(&mut self, playhead: Duration) {
        self.input(Input::Heard { playhead });
    }

    /// Time passes without a wake-up.
    pub(crate) fn pass(&mut self, length: Duration) {
        let end = self.now + length;
        self.check_until(end);
        assert!(self.machine.poll_timeout().is_none_or(|(at, _)| at > end), "a wake-up was due: use wake()");
        self.now = end;
    }

    /// Lets the checks pass that are due before `end`; with everything well they ask for a sign of life, no more.
    fn check_until(&mut self, end: Moment) {
        while let Some((at, Timer::Health)) = self.machine.poll_timeout()
            && at <= end
        {
            self.now = at;
            self.machine.handle_timeout(at);
            self.collect();
        }
    }

    /// Sleeps until the next wake-up, which must be `timer`; how long that was.
    pub(crate) fn wake(&mut self, timer: Timer) -> Duration {
        let start = self.now;
        if timer != Timer::Health {
            self.check_until(Moment::FAR_FUTURE);
        }
        let (at, why) = self.machine.poll_timeout().expect("a wake-up is asked for");
        assert_eq!(why, timer);
        let slept = at.since(start);
        self.now = self.now.max(at);
        self.machine.handle_timeout(self.now);
        self.collect();
        slept
    }

    pub(crate) fn name(&self) -> &'static str {
        self.machine.state().name()
    }

    pub(crate) fn stage(&self) -> &Stage {
        match self.machine.state() {
            State::Retrying(retrying) => &retrying.stage,
            State::Idle(_) | State::Stable(_) => panic!("not RETRYING: {:?}", self.machine.state()),
        }
    }

    /// What was said last, without the incidents: those have tests of their own.
    pub(crate) fn acts(&self) -> Vec<Output> {
        self.said.iter().filter(|o| !matches!(o, Output::Incident(_))).cloned().collect()
    }

    pub(crate) fn incidents(&self) -> Vec<&Incident> {
        self.said.iter().filter_map(incident).collect()
    }

    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        self.incidents().iter().map(|i| i.verdict).collect()
    }

    pub(crate) fn told(&self) -> Vec<Notice> {
        self.said.iter().filter_map(notice).collect()
    }

    /// The connections asked for since the start.
    pub(crate) fn connects(&self) -> usize {
        self.all.iter().filter(|o| matches!(o, Output::Connect { .. })).count()
    }

    /// The op 4s sent since the start.
    pub(crate) fn op4s(&self) -> Vec<Option<ChannelId>> {
        self.all.iter().filter_map(op4).collect()
    }
}

fn incident(output: &Output) -> Option<&Incident> {
    if let Output::Incident(incident) = output { Some(incident) } else { None }
}

fn notice(output: &Output) -> Option<Notice> {
    if let Output::Notify(notice) = output { Some(*notice) } else { None }
}

pub(crate) fn op4(output: &Output) -> Option<Option<ChannelId>> {
    if let Output::SendVoiceState { channel } = output { Some(*channel) } else { None }
}

/// The generation that a `Connect` among these was told.
pub(crate) fn connect_of(outputs: &[Output]) -> Option<Generation> {
    outputs.iter().find_map(|o| if let Output::Connect { generation, .. } = o { Some(*generation) } else { None })
}
