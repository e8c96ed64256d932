//! Between the recovery machine and the world: what happened goes in, what the machine says is carried out.

use super::Guild;
use crate::{GuildOutput, Observation, VoiceView, source::Playback};
use refrain_model::ChannelId;
use refrain_recovery::{
    DriverEvent, GatewayEvent, Generation, Handled, Idle, Incident, Input, Intent, Output, Reaction, State,
};

impl Guild {
    pub(super) fn gateway_event(&mut self, event: GatewayEvent) {
        let mut channel_gone = None;
        match &event {
            GatewayEvent::VoiceState { channel, mute, suppress, .. } => self.heard_as(*channel, *mute, *suppress),
            GatewayEvent::GuildDeleted => self.gone = true,
            GatewayEvent::GuildAvailable { .. } => self.gone = false,
            GatewayEvent::VoiceServer { .. }
            | GatewayEvent::ShardDisconnected
            | GatewayEvent::ShardResumed
            | GatewayEvent::ShardReady
            | GatewayEvent::GuildUnavailable
            | GatewayEvent::Health { .. } => {}
            GatewayEvent::ChannelDeleted { channel } => channel_gone = Some(*channel),
        }
        let available = matches!(event, GatewayEvent::GuildAvailable { .. });
        let gone = matches!(event, GatewayEvent::GuildDeleted);
        self.tell_recovery(Input::Gateway(event));
        if available {
            self.finished &= self.shutting_down.is_some();
            self.restore();
            self.leave_where_nothing_is_wanted();
        }
        if gone {
            self.guild_is_gone();
        }
        if let Some(channel) = channel_gone {
            self.text_channel_is_gone(channel);
        }
    }

    /// A member sent the bot away before Discord said that it still has it in a channel, as after a restart.
    fn leave_where_nothing_is_wanted(&mut self) {
        let decided = self.loading.is_over() && self.restoring.is_none();
        if decided && matches!(self.recovery.state(), State::Idle(Idle::Left)) {
            self.wish(Intent::Leave);
        }
    }

    pub(super) fn driver_event(&mut self, generation: Generation, event: DriverEvent) {
        // The earlier connection carries the frames as long as a newer one is still being made.
        if self.recovery.carries(generation) && event == DriverEvent::Alive {
            self.prove_heard();
        }
        let stood = matches!(self.recovery.state(), State::Stable(_));
        let newest = generation == self.recovery.generation();
        let handled = self.tell_recovery(Input::Driver { generation, event });
        if newest && handled != Handled::Stale {
            self.note(Observation::Driver { at: self.now(), generation, event, stood });
        }
    }

    pub(super) fn tell_recovery(&mut self, input: Input) -> Handled {
        self.recovery.handle_input(self.now(), input)
    }

    pub(super) fn wish(&mut self, intent: Intent) {
        self.tell_recovery(Input::Intent(intent));
    }

    /// What has flowed until now was heard.
    fn prove_heard(&mut self) {
        if let Some(playhead) = self.playback.as_ref().and_then(Playback::attached).map(|open| open.flowed) {
            self.tell_recovery(Input::Heard { playhead });
        }
    }

    /// Does what the machine says, in order, until it has nothing more to say.
    pub(super) fn carry_out_recovery(&mut self) {
        self.observe_voice();
        while let Some(output) = self.recovery.poll_output() {
            self.carry_out(output);
        }
        self.observe_voice();
    }

    /// Tells logs and metrics where the connection stands, where that has changed.
    fn observe_voice(&mut self) {
        let view = VoiceView::of(&self.recovery);
        if self.last_view.as_ref() != Some(&view) {
            self.last_view = Some(view.clone());
            self.note(Observation::Voice(view));
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::SendVoiceState { channel } => self.say(GuildOutput::SendVoiceState { channel }),
            Output::Connect { generation, session } => self.say(GuildOutput::Connect { generation, session }),
            Output::Resume { generation } => self.say(GuildOutput::Resume { generation }),
            Output::TearDown { generation } => self.say(GuildOutput::TearDown { generation }),
            Output::Probe { generation } => self.say(GuildOutput::Probe { generation }),
            Output::AskTurn { urgency } => {
                // Where it is not known, a member may be listening.
                let listeners = self.listeners().unwrap_or(1);
                self.say(GuildOutput::AskTurn { urgency, listeners });
            }
            Output::WithdrawTurn => self.say(GuildOutput::WithdrawTurn),
            Output::StartFrames { from } => {
                self.frames_allowed = true;
                self.frames_start(from);
                self.let_flow();
                // A driver is told again whenever a connection stands.
                self.say(GuildOutput::SetFlowing(self.flowing));
            }
            Output::StopFrames => {
                self.frames_allowed = false;
                self.let_flow();
            }
            Output::Persist { channel } => self.wanted = channel,
            Output::Incident(incident) => self.incident(incident),
            Output::Notify(notice) => self.notice(notice),
        }
    }

    fn incident(&mut self, incident: Incident) {
        let now = self.clocks();
        self.voice_incidents.record(now, &incident, self.recovery.state().name());
        self.note_for_record(&incident);
        // A limit of the rate is the bot's, not the guild's: the other guilds wait, too.
        if incident.code.is_some_and(|code| code.reaction() == Reaction::CoolDown) {
            self.say(GuildOutput::HoldAllTurns(self.policy.recovery.rate_limit_cooldown));
        }
        self.note(Observation::Incident(incident));
    }

    /// How many members listen in the channel that the bot is meant to be in; `None` when that is not known.
    pub(super) fn listeners(&self) -> Option<u32> {
        let channel = self.recovery.intent()?;
        match self.scene_of(channel)? {
            crate::Scene::Open { listeners } => listeners,
            crate::Scene::Gone | crate::Scene::Forbidden { .. } => None,
        }
    }

    /// What the shell shows of a channel at this step; `None` where it shows another one.
    pub(super) fn scene_of(&self, channel: ChannelId) -> Option<crate::Scene> {
        self.observed.channel.filter(|shown| shown.channel == channel).map(|shown| shown.scene)
    }

    /// The bot is not in the guild any more: nothing plays, and the queue is kept until the guild is forgotten.
    fn guild_is_gone(&mut self) {
        self.keep_position();
        self.end_look_ups(&crate::CommandError::Unavailable);
        self.silence_source();
        self.panel.forget_place();
        (self.incident_message, self.incident_asked) = (None, None);
    }
}
