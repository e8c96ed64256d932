//! Between the recovery machine and the world: what happened goes in, what it says is carried out.

use super::{Actor, meter::latency_ms};
use crate::{VoiceSummary, metrics};
use refrain_model::ChannelId;
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Handled, Incident, Input, Intent, Output, Reaction, State, Urgency,
};
use refrain_voice::DriverReport;

/// A line about the voice connection, with the fields that every such line has.
macro_rules! voice_line {
    ($actor:expr, $level:ident, $code:expr, $($rest:tt)+) => {
        voice_line!($actor, $level, $code; $actor.recovery.snapshot().attempt; $($rest)+)
    };
    ($actor:expr, $level:ident, $code:expr; $attempt:expr; $($rest:tt)+) => {
        tracing::$level!(
            guild_id = %$actor.guild,
            voice_channel_id = $actor.recovery.intent().map(ChannelId::get),
            close_code = Option::<CloseCode>::map($code, |code| code.0),
            attempt = $attempt,
            latency_ms = latency_ms(&$actor.recovery.snapshot()),
            state = $actor.recovery.state().name(),
            $($rest)+
        )
    };
}

impl Actor {
    pub(super) fn gateway_said(&mut self, event: GatewayEvent) {
        voice_line!(self, debug, None, ?event, "gateway");
        if let GatewayEvent::Health { latency, .. } = event {
            metrics::gateway_latency(latency);
        }
        let available = matches!(event, GatewayEvent::GuildAvailable { .. });
        self.recovery.handle_input(self.now(), Input::Gateway(event));
        if available {
            self.come_back();
        }
    }

    pub(super) fn driver_reported(&mut self, report: DriverReport) {
        match report {
            DriverReport::Connection { generation, event } => {
                voice_line!(self, debug, code_of(event), %generation, ?event, "driver");
                // Also that of before, as long as a newer one is still being made.
                if self.recovery.carries(generation) && event == DriverEvent::Alive {
                    self.prove_heard();
                }
                let (now, stood) = (self.now(), matches!(self.recovery.state(), State::Stable(_)));
                let newest = generation == self.recovery.generation();
                let handled = self.recovery.handle_input(now, Input::Driver { generation, event });
                if newest && handled == Handled::Taken {
                    self.meter.driver_said(now, generation, event, stood);
                }
            }
            DriverReport::SourceStarved { .. } | DriverReport::SourceFlowing { .. } => {}
            DriverReport::StreamEnded { stream, reason } => self.stream_ended(&stream, reason),
        }
    }

    pub(super) fn wish(&mut self, intent: Intent) {
        if intent == Intent::Leave {
            self.prove_heard();
        }
        self.recovery.handle_input(self.now(), Input::Intent(intent));
    }

    pub(super) fn prove_heard(&mut self) {
        if let Some(playhead) = self.playback.as_ref().map(super::playback::Playback::position) {
            self.recovery.handle_input(self.now(), Input::Heard { playhead });
        }
    }

    /// The turn that the machine had asked for has come.
    pub(super) fn turn_came(&mut self) {
        voice_line!(self, debug, None, "a turn was granted");
        self.recovery.handle_input(self.now(), Input::Turn);
    }

    /// Asks the governor for the turn that the machine wants. One that is free is taken within the same pass.
    fn ask_turn(&mut self, urgency: Urgency) {
        let port = &self.shared.port;
        let listeners = self.recovery.intent().and_then(|channel| port.listeners(self.guild, channel));
        // Where nobody knows, somebody may be listening.
        if self.seat.ask(urgency, port.shard_of(self.guild), listeners.unwrap_or(1)) {
            self.recovery.handle_input(self.now(), Input::Turn);
        } else {
            voice_line!(self, debug, None, ?urgency, ?listeners, "waiting for a turn");
        }
    }

    /// A limit of the rate is the bot's, not the guild's: the other guilds wait, too.
    fn hold_others(&self, incident: &Incident) {
        if incident.code.is_some_and(|code| code.reaction() == Reaction::CoolDown) {
            self.seat.hold_all(self.shared.settings.recovery.rate_limit_cooldown);
        }
    }

    /// Does what the machine says, in order, until it has nothing more to say.
    pub(super) fn carry_out(&mut self) {
        self.meter.begins(self.recovery.state(), &self.recovery.snapshot());
        self.meter.span().in_scope(|| self.carry_out_all());
        self.meter.settles(self.now(), self.recovery.state(), &self.recovery.snapshot());
    }

    fn carry_out_all(&mut self) {
        while let Some(output) = self.recovery.poll_output() {
            self.meter.machine_said(self.now(), &output, self.recovery.state());
            match output {
                Output::SendVoiceState { channel } => {
                    self.shared.port.update_voice_state(self.guild, channel);
                    self.seat.sent(self.shared.port.shard_of(self.guild));
                }
                Output::Connect { generation, session } => self.driver.connect(generation, session),
                Output::Resume { generation } => self.driver.resume(generation),
                Output::TearDown { generation } => self.driver.tear_down(generation),
                Output::Probe { generation } => self.driver.probe(generation),
                Output::AskTurn { urgency } => self.ask_turn(urgency),
                Output::WithdrawTurn => self.seat.give_back(),
                Output::StartFrames { from } => {
                    if let Some(position) = from {
                        self.play_from(position);
                    }
                    self.frames_allowed = true;
                    self.let_flow();
                }
                Output::StopFrames => {
                    self.frames_allowed = false;
                    self.let_flow();
                }
                Output::Persist { channel } => {
                    voice_line!(self, debug, None, ?channel, "the intent to be remembered");
                    self.wanted = channel;
                }
                Output::Incident(incident) => {
                    self.log(&incident);
                    self.note_incident(&incident);
                    self.hold_others(&incident);
                }
                Output::Notify(notice) => self.note_notice(notice),
            }
        }
    }

    fn log(&self, incident: &Incident) {
        let Incident { generation, attempt, code, verdict, reason, alert, .. } = incident;
        match alert {
            None => voice_line!(self, info, *code; *attempt; %generation, ?verdict, %reason, "voice"),
            // Somebody has to look: an alert is the one thing here that is logged as an error.
            Some(alert) => voice_line!(self, error, *code; *attempt; ?alert, %generation, ?verdict, %reason, "voice"),
        }
    }

    pub(super) fn voice_summary(&self) -> VoiceSummary {
        match self.recovery.state() {
            State::Idle { .. } => VoiceSummary::Idle,
            State::Retrying { .. } => VoiceSummary::Retrying { channel: self.recovery.intent() },
            State::Stable { .. } => match self.recovery.intent() {
                Some(channel) => VoiceSummary::Stable { channel },
                None => VoiceSummary::Idle,
            },
        }
    }
}

fn code_of(event: DriverEvent) -> Option<CloseCode> {
    match event {
        DriverEvent::Closed { code, .. } => code,
        DriverEvent::Failed { kind } => kind.code(),
        DriverEvent::Connected
        | DriverEvent::Resumed
        | DriverEvent::Unresponsive
        | DriverEvent::Alive
        | DriverEvent::Reachable => None,
    }
}
