//! A tiny Discord with a driver, in virtual time: it carries out what the machine says and answers, truthfully but as
//! badly as its switches say.

use refrain_model::{ChannelId, Moment};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation, Input, Output, VoiceSession};
use std::{collections::BTreeMap, time::Duration};

/// What op 4 for the channel one is already in brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameChannel {
    Nothing,
    Server,
    BothHalves,
    /// The token that is void already.
    TheSame,
}

/// How this Discord behaves.
#[derive(Clone, Debug)]
pub(crate) struct Switches {
    /// What op 4 for the channel one is already in brings.
    pub(crate) same_channel: SameChannel,
    /// The server update comes before the voice state.
    pub(crate) server_first: bool,
    /// This many op 4s get lost.
    pub(crate) loses: u32,
    /// This many handshakes end with the code below.
    pub(crate) refuses: u32,
    /// The code that handshakes are refused with.
    pub(crate) refuses_with: u16,
    /// This many handshakes and resumes never end.
    pub(crate) hangs: u32,
    /// Whether a session can be resumed.
    pub(crate) resumes: bool,
    /// A new session closes the one before with 4006, as where both are at the same voice server; or that one goes on.
    pub(crate) one_at_a_time: bool,
    /// One way to the main gateway, and one handshake.
    pub(crate) latency: Duration,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            same_channel: SameChannel::Nothing,
            server_first: false,
            loses: 0,
            refuses: 0,
            refuses_with: 4006,
            hangs: 0,
            resumes: true,
            one_at_a_time: true,
            latency: Duration::from_millis(40),
        }
    }
}

/// Discord and the driver.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    pub(crate) switches: Switches,
    /// What is on its way to the machine, by its arrival and the order of sending.
    in_flight: BTreeMap<(Moment, u64), Input>,
    sent: u64,
    /// Where Discord has the bot.
    pub(crate) channel: Option<ChannelId>,
    /// The channel that the bot may not join.
    pub(crate) denied: Option<ChannelId>,
    token: u32,
    /// The token that was named last.
    named: u32,
    /// The newest connection that the voice servers hold.
    pub(crate) connected: Option<(Generation, VoiceSession)>,
    /// The one before, as long as nobody has closed it.
    before: Option<(Generation, VoiceSession)>,
    pub(crate) frames_flow: bool,
}

impl Peer {
    pub(crate) fn new(switches: Switches) -> Self {
        Self { switches, ..Self::default() }
    }

    /// Carries out what the machine said.
    pub(crate) fn carry_out(&mut self, now: Moment, output: &Output) {
        match output {
            Output::SendVoiceState { channel } => self.op4(now, *channel),
            Output::Connect { generation, session } => self.handshake(now, *generation, session.clone()),
            Output::Resume { generation } => self.resume(now, *generation),
            Output::TearDown { generation } => {
                for slot in [&mut self.connected, &mut self.before] {
                    slot.take_if(|(g, _)| g == generation);
                }
            }
            Output::StartFrames { .. } => self.frames_flow = true,
            Output::StopFrames => self.frames_flow = false,
            Output::Probe { generation } => self.probe(now, *generation),
            Output::AskTurn { .. }
            | Output::WithdrawTurn
            | Output::Persist { .. }
            | Output::Incident(_)
            | Output::Notify(_) => {}
        }
    }

    fn op4(&mut self, now: Moment, channel: Option<ChannelId>) {
        if self.switches.loses > 0 {
            self.switches.loses -= 1;
            return;
        }
        if self.channel != channel && channel.is_some() && channel == self.denied {
            return;
        }
        if self.channel == channel {
            match (channel, self.switches.same_channel) {
                (None, _) | (_, SameChannel::Nothing) => {}
                (Some(_), SameChannel::Server) => self.say_server(now),
                (Some(_), SameChannel::BothHalves) => self.say_halves(now),
                (Some(_), SameChannel::TheSame) => self.repeat_server(now),
            }
            return;
        }
        self.put(now, channel);
    }

    /// Discord puts the bot into a channel, or out of all: asked to, or as a moderator.
    pub(crate) fn put(&mut self, now: Moment, channel: Option<ChannelId>) {
        self.channel = channel;
        self.end(now, 4014);
        self.say_halves(now);
    }

    fn say_halves(&mut self, now: Moment) {
        let channel = self.channel;
        if channel.is_some() && self.switches.server_first {
            self.say_server(now);
        }
        let event = GatewayEvent::VoiceState { channel, session_id: "session".into(), mute: false, suppress: false };
        self.send(now, Input::Gateway(event));
        if channel.is_some() && !self.switches.server_first {
            self.say_server(now);
        }
    }

    /// The voice server closes the connection; the session is void.
    pub(crate) fn end(&mut self, now: Moment, code: u16) {
        for (generation, _) in self.before.take().into_iter().chain(self.connected.take()) {
            self.close(now, generation, code);
        }
        if code == 4006 {
            self.token += 1;
        }
    }

    fn close(&mut self, now: Moment, generation: Generation, code: u16) {
        let event =
            DriverEvent::Closed { code: Some(CloseCode(code)), resumable: self.switches.resumes && code != 4014 };
        self.send(now, Input::Driver { generation, event });
    }

    /// Discord names another voice server for the call.
    pub(crate) fn move_server(&mut self, now: Moment) {
        if self.channel.is_some() {
            self.say_server(now);
        }
    }

    fn say_server(&mut self, now: Moment) {
        self.token += 1;
        self.named = self.token;
        self.repeat_server(now);
    }

    fn repeat_server(&mut self, now: Moment) {
        let (endpoint, token) = (Some("voice.test:443".into()), format!("token {}", self.named));
        self.send(now, Input::Gateway(GatewayEvent::VoiceServer { endpoint, token }));
    }

    fn handshake(&mut self, now: Moment, generation: Generation, session: VoiceSession) {
        if self.switches.hangs > 0 {
            self.switches.hangs -= 1;
            return;
        }
        let refused = |code| DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(code))) };
        let event = if self.switches.refuses > 0 {
            self.switches.refuses -= 1;
            refused(self.switches.refuses_with)
        } else if self.is_valid(&session) {
            self.before = self.connected.replace((generation, session));
            if self.switches.one_at_a_time
                && let Some((before, _)) = self.before.take()
            {
                self.close(now, before, 4006);
            }
            DriverEvent::Connected
        } else {
            refused(4006)
        };
        self.send(now, Input::Driver { generation, event });
    }

    fn resume(&mut self, now: Moment, generation: Generation) {
        if self.switches.hangs > 0 {
            self.switches.hangs -= 1;
            return;
        }
        let event = if self.connected.as_ref().is_some_and(|(g, s)| *g == generation && self.is_valid(s)) {
            DriverEvent::Resumed
        } else {
            DriverEvent::Closed { code: Some(CloseCode(4006)), resumable: false }
        };
        self.send(now, Input::Driver { generation, event });
    }

    /// What is held is alive; what is not held is known to be gone.
    fn probe(&mut self, now: Moment, generation: Generation) {
        let event = if self.connected.as_ref().is_some_and(|(g, s)| *g == generation && self.is_valid(s)) {
            DriverEvent::Alive
        } else {
            DriverEvent::Closed { code: None, resumable: false }
        };
        self.send(now, Input::Driver { generation, event });
    }

    fn is_valid(&self, session: &VoiceSession) -> bool {
        self.channel == Some(session.channel) && session.token == format!("token {}", self.token)
    }

    /// People in this channel hear the music.
    pub(crate) fn is_heard_in(&self, channel: ChannelId) -> bool {
        let valid = self.connected.as_ref().is_some_and(|(_, s)| s.channel == channel && self.is_valid(s));
        self.frames_flow && valid
    }

    fn send(&mut self, now: Moment, input: Input) {
        self.sent += 1;
        self.in_flight.insert((now + self.switches.latency, self.sent), input);
    }

    pub(crate) fn next_arrival(&self) -> Option<Moment> {
        self.in_flight.keys().next().map(|(at, _)| *at)
    }

    /// The next input that has arrived at `now`.
    pub(crate) fn arrived(&mut self, now: Moment) -> Option<Input> {
        let first = self.in_flight.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
