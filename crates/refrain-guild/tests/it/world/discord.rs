//! A tiny Discord with a driver, in virtual time: it answers truthfully, but as badly as its switches say.

use refrain_guild::{GuildInput, GuildOutput};
use refrain_model::{ChannelId, Moment};
use refrain_recovery::{CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation, VoiceSession};
use std::time::Duration;

const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// A driver that hears nothing for so long says so.
const NOTICED_AFTER: Duration = Duration::from_secs(15);

/// How this Discord behaves.
#[derive(Clone, Debug)]
pub(crate) struct Switches {
    /// What op 4 for the channel one is already in brings: nothing, the server, both halves.
    pub(crate) same_channel: u8,
    /// The server update comes before the voice state.
    pub(crate) server_first: bool,
    /// This many op 4s get lost.
    pub(crate) loses: u32,
    /// This many handshakes end with the code below.
    pub(crate) refuses: u32,
    pub(crate) refuses_with: u16,
    /// This many handshakes and resumes never end.
    pub(crate) hangs: u32,
    /// Whether a session can be resumed.
    pub(crate) resumes: bool,
    /// One way to the main gateway, and one handshake.
    pub(crate) latency: Duration,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            same_channel: 0,
            server_first: false,
            loses: 0,
            refuses: 0,
            refuses_with: 4006,
            hangs: 0,
            resumes: true,
            latency: Duration::from_millis(40),
        }
    }
}

/// Discord and the driver. What it says is put into `out` with the delay.
#[derive(Debug, Default)]
pub(crate) struct Discord {
    pub(crate) switches: Switches,
    pub(crate) out: Vec<(Duration, GuildInput)>,
    /// Where Discord has the bot.
    pub(crate) channel: Option<ChannelId>,
    pub(crate) mute: bool,
    pub(crate) suppress: bool,
    token: u32,
    named: u32,
    /// The newest connection that the voice servers hold.
    pub(crate) connected: Option<(Generation, VoiceSession)>,
    before: Option<(Generation, VoiceSession)>,
    /// Frames vanish, and nothing says so.
    pub(crate) dark: bool,
    next_alive: Option<Moment>,
    /// A request to speak is not granted.
    pub(crate) refuses_to_speak: bool,
}

impl Discord {
    pub(crate) fn new(switches: Switches) -> Self {
        Self { switches, ..Self::default() }
    }

    pub(crate) fn op4(&mut self, channel: Option<ChannelId>) {
        if self.switches.loses > 0 {
            self.switches.loses -= 1;
            return;
        }
        if self.channel == channel {
            match (channel, self.switches.same_channel) {
                (None, _) | (_, 0) => {}
                (Some(_), 1) => self.say_server(),
                (Some(_), _) => self.say_halves(),
            }
            return;
        }
        self.put(channel);
    }

    /// Discord puts the bot into a channel, or out of all: asked to, or as a moderator.
    pub(crate) fn put(&mut self, channel: Option<ChannelId>) {
        self.channel = channel;
        if channel.is_none() {
            (self.mute, self.suppress) = (false, false);
        }
        self.end(4014);
        self.say_halves();
    }

    pub(crate) fn say_state(&mut self) {
        let (channel, mute, suppress) = (self.channel, self.mute, self.suppress);
        let session_id = "session".into();
        self.gateway(GatewayEvent::VoiceState { channel, session_id, mute, suppress });
    }

    fn say_halves(&mut self) {
        let in_channel = self.channel.is_some();
        if in_channel && self.switches.server_first {
            self.say_server();
        }
        self.say_state();
        if in_channel && !self.switches.server_first {
            self.say_server();
        }
    }

    /// The voice server closes the connection; the session is void.
    pub(crate) fn end(&mut self, code: u16) {
        for (generation, _) in self.before.take().into_iter().chain(self.connected.take()) {
            self.close(generation, Some(code));
        }
        self.dark = false;
        if code == 4006 {
            self.token += 1;
        }
    }

    /// Frames vanish from now on. The driver finds out when no report comes for a while.
    pub(crate) fn go_dark(&mut self) {
        if let Some((generation, _)) = self.connected {
            self.dark = true;
            let event = DriverEvent::Unresponsive;
            self.out.push((NOTICED_AFTER, GuildInput::Driver { generation, event }));
        }
    }

    /// Whether a report that was on its way is still so.
    pub(crate) fn is_true(&self, generation: Generation, event: DriverEvent) -> bool {
        event != DriverEvent::Unresponsive
            || self.dark && self.connected.as_ref().is_some_and(|(g, _)| *g == generation)
    }

    fn close(&mut self, generation: Generation, code: Option<u16>) {
        let resumable = self.switches.resumes && code != Some(4014);
        self.driver(generation, DriverEvent::Closed { code: code.map(CloseCode), resumable });
    }

    /// Discord names another voice server for the call.
    pub(crate) fn move_server(&mut self) {
        if self.channel.is_some() {
            self.say_server();
        }
    }

    fn say_server(&mut self) {
        self.token += 1;
        self.named = self.token;
        let (endpoint, token) = (Some("voice.test:443".into()), format!("token {}", self.named));
        self.gateway(GatewayEvent::VoiceServer { endpoint, token });
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
            if let Some((before, _)) = self.before.take() {
                self.close(before, Some(4006));
            }
            self.dark = false;
            self.next_alive = Some(now + ALIVE_EVERY);
            DriverEvent::Connected
        } else {
            refused(4006)
        };
        self.driver(generation, event);
    }

    fn holds(&self, generation: Generation) -> bool {
        !self.dark && self.connected.as_ref().is_some_and(|(g, s)| *g == generation && self.is_valid(s))
    }

    fn resume(&mut self, generation: Generation) {
        if self.switches.hangs > 0 {
            self.switches.hangs -= 1;
            return;
        }
        let event = if self.holds(generation) {
            DriverEvent::Resumed
        } else {
            DriverEvent::Closed { code: Some(CloseCode(4006)), resumable: false }
        };
        self.driver(generation, event);
    }

    fn probe(&mut self, generation: Generation) {
        if self.holds(generation) {
            self.driver(generation, DriverEvent::Reachable);
        } else if self.dark {
            let event = DriverEvent::Unresponsive;
            self.out.push((Duration::from_secs(5), GuildInput::Driver { generation, event }));
        } else {
            self.driver(generation, DriverEvent::Closed { code: None, resumable: false });
        }
    }

    fn is_valid(&self, session: &VoiceSession) -> bool {
        self.channel == Some(session.channel) && session.token == format!("token {}", self.token)
    }

    /// What is sent now is heard by those who listen in the channel.
    pub(crate) fn delivers(&self) -> bool {
        !self.dark && !self.mute && !self.suppress && self.connected.as_ref().is_some_and(|(_, s)| self.is_valid(s))
    }

    /// The process is gone: its connections are, too.
    pub(crate) fn process_died(&mut self, still_there: bool) {
        (self.connected, self.before, self.dark, self.next_alive) = (None, None, false, None);
        self.out.clear();
        if !still_there {
            self.channel = None;
        }
    }

    pub(crate) fn next_alive(&self, sounds: bool) -> Option<Moment> {
        self.next_alive.filter(|_| sounds && !self.dark && self.connected.is_some())
    }

    /// The voice server reports on what arrived.
    pub(crate) fn alive(&mut self, now: Moment) -> Option<GuildInput> {
        self.next_alive = Some(now + ALIVE_EVERY);
        let generation = self.connected.as_ref()?.0;
        Some(GuildInput::Driver { generation, event: DriverEvent::Alive })
    }

    pub(crate) fn carry_out(&mut self, now: Moment, output: &GuildOutput) {
        if let GuildOutput::SendVoiceState { channel } = output {
            self.op4(*channel);
        } else if let GuildOutput::Connect { generation, session } = output {
            self.handshake(now, *generation, session.clone());
        } else if let GuildOutput::Resume { generation } = output {
            self.resume(*generation);
        } else if let GuildOutput::Probe { generation } = output {
            self.probe(*generation);
        } else if let GuildOutput::TearDown { generation } = output {
            for slot in [&mut self.connected, &mut self.before] {
                slot.take_if(|(g, _)| g == generation);
            }
        } else if let GuildOutput::RequestToSpeak { .. } = output
            && self.suppress
            && !self.refuses_to_speak
        {
            self.suppress = false;
            self.say_state();
        }
    }

    pub(crate) fn gateway(&mut self, event: GatewayEvent) {
        self.out.push((self.switches.latency, GuildInput::Gateway(event)));
    }

    fn driver(&mut self, generation: Generation, event: DriverEvent) {
        self.out.push((self.switches.latency, GuildInput::Driver { generation, event }));
    }
}
