//! Between the recovery machine and the world: what happened goes in, what it says is carried out.

use super::Actor;
use crate::VoiceSummary;
use refrain_model::ChannelId;
use refrain_recovery::{DriverEvent, GatewayEvent, Incident, Input, Intent, Output, State};
use refrain_voice::DriverReport;

impl Actor {
    pub(super) fn gateway_said(&mut self, event: GatewayEvent) {
        tracing::debug!(guild_id = %self.guild, ?event, "gateway");
        self.recovery.handle_input(self.now(), Input::Gateway(event));
    }

    pub(super) fn driver_reported(&mut self, report: DriverReport) {
        match report {
            DriverReport::Connection { generation, event } => {
                tracing::debug!(guild_id = %self.guild, %generation, ?event, "driver");
                if generation == self.recovery.generation() && event == DriverEvent::Alive {
                    self.prove_heard();
                }
                self.recovery.handle_input(self.now(), Input::Driver { generation, event });
            }
            DriverReport::StreamEnded { stream, reason } => self.stream_ended(&stream, reason),
        }
    }

    pub(super) fn wish(&mut self, intent: Intent) {
        if intent == Intent::Leave {
            self.prove_heard();
        }
        self.recovery.handle_input(self.now(), Input::Intent(intent));
    }

    fn prove_heard(&mut self) {
        if let Some(playhead) = self.playback.as_ref().map(super::playback::Playback::position) {
            self.recovery.handle_input(self.now(), Input::Heard { playhead });
        }
    }

    /// Does what the machine says, in order, until it has nothing more to say.
    pub(super) fn carry_out(&mut self) {
        while let Some(output) = self.recovery.poll_output() {
            match output {
                Output::SendVoiceState { channel } => self.shared.port.update_voice_state(self.guild, channel),
                Output::Connect { generation, session } => self.driver.connect(generation, session),
                Output::Resume { generation } => self.driver.resume(generation),
                Output::TearDown { generation } => self.driver.tear_down(generation),
                Output::Probe { generation } => self.driver.probe(generation),
                Output::AskTurn { .. } => self.recovery.handle_input(self.now(), Input::Turn),
                Output::WithdrawTurn => {}
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
                    tracing::debug!(guild_id = %self.guild, ?channel, "the intent to be remembered");
                }
                Output::Incident(incident) => {
                    self.log(&incident);
                    self.note_incident(&incident);
                }
                Output::Notify(notice) => self.note_notice(notice),
            }
        }
    }

    fn log(&mut self, incident: &Incident) {
        tracing::info!(
            guild_id = %self.guild,
            voice_channel_id = self.recovery.intent().map(ChannelId::get),
            generation = %incident.generation,
            attempt = incident.attempt,
            close_code = incident.code.map(|c| c.0),
            state = self.recovery.state().name(),
            verdict = ?incident.verdict,
            reason = %incident.reason,
            "voice"
        );
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
