//! The guild: one value that owns the queue, the recovery machine and the current track's source.

use alloc::vec::Vec;
mod commands;
mod edit;
mod leave;
mod load;
mod look_ups;
mod members;
mod panel;
mod playback;
mod record;
mod recover;
mod restore;
mod silence;
mod source;
mod source_end;
mod source_failure;
mod status;
mod timers;
mod voice;
mod volume;

use crate::{
    Answer, Command, CommandError, CommandId, GuildInput, GuildOutput, GuildPolicy, NotHeard, Observation, Observed,
    SourceId, VoiceSummary, VoiceView, incident::Now, incident::SourceIncidents, incident::VoiceIncidents,
    source::Outages, source::Playback,
};
use alloc::collections::VecDeque;
use leave::AutoLeave;
use load::Loading;
use look_ups::LookUps;
use panel::PanelState;
use rand_chacha::{ChaCha8Rng, rand_core::RngCore as _, rand_core::SeedableRng as _};
use record::Saved;
use refrain_model::{AskedMessage, ChannelId, GuildId, GuildSettings, MessagePlace, Moment, Playhead, TrackId};
use refrain_queue::Queue;
use refrain_recovery::{Input, MissingAccess, Recovery, Settings, State};
use restore::Returning;

/// Everything that is decided for one guild. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Guild {
    id: GuildId,
    policy: GuildPolicy,
    rng: ChaCha8Rng,
    /// What the shell read at this step.
    observed: Observed,
    loading: Loading,
    recovery: Recovery,
    queue: Queue,
    playback: Option<Playback>,
    /// Where the current track goes on when it is opened next.
    kept: Option<Playhead>,
    /// Paused by a member, or until a member presses Resume after a restart.
    paused: bool,
    /// In per cent; `None`: the guild's default.
    volume: Option<u16>,
    /// What the recovery machine said last about frames.
    frames_allowed: bool,
    /// What the driver was told last about frames.
    flowing: bool,
    /// Something was heard since the bot last joined.
    has_played: bool,
    /// Where music was asked for last, and members are told what happens to it.
    text_channel: Option<ChannelId>,
    /// Why members cannot hear the bot although it is connected.
    not_heard: Option<NotHeard>,
    /// What the recovery machine was told last of what the bot lacks in a channel.
    access: Option<(ChannelId, Option<MissingAccess>)>,
    /// Tracks passed over in a row, without one that opened.
    failed_in_a_row: u32,
    /// So many tracks failed in a row that the guild stopped.
    halted: bool,
    outages: Outages,
    next_source: u64,
    /// Since when no member can hear the source, because the bot is out of voice.
    unheard_since: Option<Moment>,
    look_ups: LookUps,
    voice_incidents: VoiceIncidents,
    source_incidents: SourceIncidents,
    /// What the guild has set for itself; `None`: nothing.
    own_settings: Option<GuildSettings>,
    /// The channel to be in that a restart goes back to.
    wanted: Option<ChannelId>,
    saved: Saved,
    /// After a restart, until it is decided what to do: the channel that the bot was in.
    restoring: Option<ChannelId>,
    /// When the guild looks again at that channel.
    restore_at: Option<Moment>,
    /// After a restart, until the music is heard.
    returning: Option<Returning>,
    panel: PanelState,
    /// The message of an interruption, while it says that the music is away.
    incident_message: Option<MessagePlace>,
    /// The same, from before it is made until its place is known.
    incident_asked: Option<AskedMessage>,
    auto_leave: AutoLeave,
    /// Answers that go out once what was done is handed to the store.
    answers: Vec<(CommandId, Result<Answer, CommandError>)>,
    /// The command that waits for the guild to have left voice.
    shutting_down: Option<CommandId>,
    /// The bot is not in the guild any more.
    gone: bool,
    finished: bool,
    /// Where deferred tracks go on.
    deferred: Vec<(TrackId, core::time::Duration)>,
    /// In this step, a source that had failed opened.
    source_is_back: bool,
    /// In this step, a source could only be opened at its beginning: the track's title.
    started_over: Option<alloc::string::String>,
    /// What was last observed of the voice connection.
    last_view: Option<VoiceView>,
    outputs: VecDeque<GuildOutput>,
}

impl Guild {
    /// A guild that has not read its record: the first output is [`GuildOutput::Load`]. `seed` decides jitter and shuffles:
    /// two guilds should have different ones.
    #[must_use]
    pub fn new(id: GuildId, policy: GuildPolicy, seed: u64) -> Self {
        let mut guild = Self {
            id,
            rng: ChaCha8Rng::seed_from_u64(seed),
            observed: Observed::default(),
            loading: Loading::default(),
            recovery: Recovery::new(policy.recovery.clone(), seed),
            queue: Queue::new(policy.limits),
            policy,
            playback: None,
            kept: None,
            paused: false,
            volume: None,
            frames_allowed: false,
            flowing: false,
            has_played: false,
            text_channel: None,
            not_heard: None,
            access: None,
            failed_in_a_row: 0,
            halted: false,
            outages: Outages::default(),
            next_source: 1,
            unheard_since: None,
            look_ups: LookUps::default(),
            voice_incidents: VoiceIncidents::default(),
            source_incidents: SourceIncidents::default(),
            own_settings: None,
            wanted: None,
            saved: Saved::default(),
            restoring: None,
            restore_at: None,
            returning: None,
            panel: PanelState::default(),
            incident_message: None,
            incident_asked: None,
            auto_leave: AutoLeave::default(),
            answers: Vec::new(),
            shutting_down: None,
            gone: false,
            finished: false,
            deferred: Vec::new(),
            source_is_back: false,
            started_over: None,
            last_view: None,
            outputs: VecDeque::new(),
        };
        guild.apply_settings();
        guild.say(GuildOutput::Load);
        guild
    }

    /// Something happened. Drain [`poll_output`](Self::poll_output) afterwards.
    pub fn handle_input(&mut self, observed: Observed, input: GuildInput) {
        self.observe(observed);
        if let GuildInput::Loaded(result) = input {
            self.loaded(result);
        } else if self.loading.is_over() || ends_the_process(&input) {
            self.take(input);
        } else {
            self.loading.keep(input);
        }
        self.finish_step();
    }

    /// The time has come: everything that is due happens. An early call is harmless.
    pub fn handle_timeout(&mut self, observed: Observed) {
        self.observe(observed);
        self.fire_timers();
        self.finish_step();
    }

    /// The next thing to do; `None` when there is nothing more for now.
    pub fn poll_output(&mut self) -> Option<GuildOutput> {
        self.outputs.pop_front()
    }

    /// The channel that the shell describes in [`Observed::channel`] at each call: where the bot is meant to be, or may come
    /// back to.
    #[must_use]
    pub fn watched_channel(&self) -> Option<ChannelId> {
        self.recovery.intent().or(self.restoring).or(self.wanted)
    }

    /// The guild's ID.
    #[must_use]
    pub const fn id(&self) -> GuildId {
        self.id
    }

    /// Where the voice connection stands.
    #[must_use]
    pub fn voice_view(&self) -> VoiceView {
        VoiceView::of(&self.recovery)
    }

    /// The voice connection in a word.
    #[must_use]
    pub fn voice_summary(&self) -> VoiceSummary {
        match self.recovery.state() {
            State::Idle { .. } => VoiceSummary::Idle,
            State::Retrying { .. } => VoiceSummary::Retrying { channel: self.recovery.intent() },
            State::Stable { .. } => match self.recovery.intent() {
                Some(channel) => VoiceSummary::Stable { channel },
                None => VoiceSummary::Idle,
            },
        }
    }

    /// The queue.
    #[must_use]
    pub const fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Whether the record was read, or is given up on.
    #[must_use]
    pub const fn is_loaded(&self) -> bool {
        self.loading.is_over()
    }

    /// Takes over what the shell read.
    fn observe(&mut self, observed: Observed) {
        // A clock that goes back is a fault of the shell; the guild's time stands still meanwhile.
        let at = observed.at.max(self.observed.at);
        self.observed = Observed { at, ..observed };
        let reading = observed.source;
        if let (Some(reading), Some(open)) = (reading, self.playback.as_mut().and_then(Playback::attached_mut))
            && reading.id == open.id
        {
            open.flowed = reading.flowed;
            open.facts.live |= reading.live;
        }
    }

    fn take(&mut self, input: GuildInput) {
        match input {
            // Taken before this is called.
            GuildInput::Loaded(_) => {}
            GuildInput::Command { id, command } => self.command(id, command),
            GuildInput::LookedUp { id, result, asker } => self.looked_up(id, result, asker),
            GuildInput::Source { id, event } => self.source_event(id, event),
            GuildInput::Gateway(event) => self.gateway_event(event),
            GuildInput::Driver { generation, event } => self.driver_event(generation, event),
            GuildInput::Turn => {
                self.tell_recovery(Input::Turn);
            }
            GuildInput::ChannelChanged => {}
            GuildInput::PanelIs(place) => self.panel_is(place),
            GuildInput::PanelFailed(failure) => self.panel_failed(failure),
            GuildInput::IncidentMessageIs(place) => (self.incident_message, self.incident_asked) = (place, None),
        }
    }

    /// After every step: what follows from where it has led.
    fn finish_step(&mut self) {
        if self.loading.is_over() {
            self.check_access();
            self.leave_by_itself();
            if self.queue.current().is_none() {
                self.end_outage();
            }
            self.keep_volume();
            self.carry_out_recovery();
            self.let_flow();
            self.watch_unheard_source();
            self.answer_waiting();
            self.tell_members();
            self.show_panel();
            self.save();
            self.watch_playhead();
        }
        self.send_answers();
        self.finish_when_out();
    }

    /// The guild has left voice and was told to shut down, or the bot is not in the guild any more.
    fn finish_when_out(&mut self) {
        if self.voice_summary() != VoiceSummary::Idle || self.finished {
            return;
        }
        if let Some(id) = self.shutting_down {
            self.finished = true;
            let after_save = self.saved.last_seq();
            self.say(GuildOutput::Answer { id, answer: Ok(Answer::ShutDown), after_save });
            self.say(GuildOutput::Finished);
        } else if self.gone && self.loading.is_over() {
            self.finished = true;
            self.say(GuildOutput::Finished);
        }
    }

    fn say(&mut self, output: GuildOutput) {
        self.outputs.push_back(output);
    }

    fn note(&mut self, observation: Observation) {
        self.say(GuildOutput::Observe(observation));
    }

    /// Answers a command once what was done is handed to the store.
    fn answer(&mut self, id: CommandId, answer: Result<Answer, CommandError>) {
        self.answers.push((id, answer));
    }

    fn send_answers(&mut self) {
        let after_save = self.saved.last_seq();
        for (id, answer) in core::mem::take(&mut self.answers) {
            self.say(GuildOutput::Answer { id, answer, after_save });
        }
    }

    const fn now(&self) -> Moment {
        self.observed.at
    }

    const fn clocks(&self) -> Now {
        Now { at: self.observed.at, unix_ms: self.observed.unix_ms }
    }

    fn random(&mut self) -> u32 {
        self.rng.next_u32()
    }

    fn new_source(&mut self) -> SourceId {
        let id = SourceId(self.next_source);
        self.next_source += 1;
        id
    }

    /// What the guild wants counts from now on.
    fn apply_settings(&mut self) {
        let settings = self.settings();
        self.voice_incidents.set_when_over(settings.when_over);
        let auto_rejoin = settings.auto_rejoin.unwrap_or_default();
        self.tell_recovery(Input::Settings(Settings { auto_rejoin }));
    }
}

/// The end of the process does not wait for the record.
const fn ends_the_process(input: &GuildInput) -> bool {
    matches!(input, GuildInput::Command { command: Command::ShutDown, .. })
}
