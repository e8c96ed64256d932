//! The guild actor: a shell around [`Guild`]. It reads clocks, carries outputs out and brings what comes of them back. It
//! decides nothing.

mod caught;
mod log;
mod look_ups;
mod message;
mod meter;
mod outputs;
mod sources;
mod supervise;

pub(crate) use message::{Message, Replied, Reply};
pub(crate) use supervise::supervise;

use crate::{governor::Seat, inbox::Inbox, recording::Recorder, registry::Shared, unix::unix_ms};
use look_ups::LookUps;
use message::Finding;
use meter::Meter;

use refrain_guild::{ChannelScene, CommandId, Guild, GuildInput, Observed, SourceEvent};
use refrain_model::{GuildId, Moment};
use refrain_voice::{DriverReport, VoiceDriver};
use sources::Sources;
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Instant,
};
use tokio::sync::mpsc;

/// One guild.
pub(crate) struct Actor {
    id: GuildId,
    shared: Arc<Shared>,
    /// Everything that is decided.
    guild: Guild,
    driver: Box<dyn VoiceDriver>,
    /// Where attempts wait for their turn.
    seat: Seat,
    sources: Sources,
    look_ups: LookUps,
    /// Where the answers to commands go.
    replies: BTreeMap<CommandId, Reply>,
    /// The number of the latest command.
    commands: u64,
    meter: Meter,
    recorder: Recorder,
    /// The way back in for what tasks find out.
    findings: (mpsc::UnboundedSender<Finding>, mpsc::UnboundedReceiver<Finding>),
    reports: mpsc::UnboundedReceiver<DriverReport>,
    /// The guild says that the actor may end.
    finished: bool,
    /// The last step was a wake-up.
    time_came: bool,
}

/// Why an actor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The guild has left voice for good, or is gone.
    Finished,
    /// No handle is left.
    Abandoned,
}

impl Actor {
    /// `reports` is what `driver` reports on.
    pub(crate) fn new(
        id: GuildId,
        shared: Arc<Shared>,
        driver: Box<dyn VoiceDriver>,
        reports: mpsc::UnboundedReceiver<DriverReport>,
    ) -> Self {
        // Jitter must differ from guild to guild and from run to run.
        let seed = RandomState::new().hash_one(id.get());
        let policy = shared.settings.policy();
        Self {
            id,
            recorder: Recorder::begin(shared.recordings.as_ref(), id, &policy, seed),
            guild: Guild::new(id, policy, seed),
            driver,
            seat: shared.turns.seat(id),
            sources: Sources::default(),
            look_ups: LookUps::default(),
            replies: BTreeMap::new(),
            commands: 0,
            meter: Meter::new(id),
            findings: mpsc::unbounded_channel(),
            reports,
            finished: false,
            time_came: false,
            shared,
        }
    }

    /// Lives until the guild is finished, or until every handle is gone.
    pub(crate) async fn run(mut self, inbox: &mut Inbox) -> Ended {
        // The record is read first.
        self.carry_out();
        while !self.finished {
            if self.guild.is_loaded()
                && let Some(event) = inbox.presence.after_a_restart()
            {
                self.step(Some(GuildInput::Gateway(event)));
            }
            let Ok(input) = self.next(inbox).await else { return Ended::Abandoned };
            match input {
                Next::Input(input) => self.step(Some(input)),
                Next::Time => self.step(None),
                Next::Nothing => {}
            }
            let summary = self.guild.voice_summary();
            inbox.voice.send_if_modified(|last| std::mem::replace(last, summary) != summary);
        }
        Ended::Finished
    }

    /// Waits for something to happen, or for the time. An error says that every handle is gone.
    async fn next(&mut self, inbox: &mut Inbox) -> Result<Next, Abandoned> {
        // What the record says decides which channel the guild has to see: until it is read, the rest waits in the mailbox.
        let loaded = self.guild.is_loaded();
        let wake_up = self.guild.poll_timeout().map(|(at, _why)| self.shared.instant(at));
        let next = tokio::select! {
            // What has happened comes before what is wanted: a command must see the state as it is.
            biased;
            Some(report) = self.reports.recv() => self.reported(report),
            Some(event) = inbox.gateway.recv(), if loaded => {
                inbox.presence.note(&event);
                Next::Input(GuildInput::Gateway(event))
            }
            () = inbox.channel_changed.notified(), if loaded => Next::Input(GuildInput::ChannelChanged),
            () = self.seat.granted() => Next::Input(GuildInput::Turn),
            () = sleep_until(wake_up), if !self.time_came => Next::Time,
            Some(finding) = self.findings.1.recv() => self.found(finding),
            message = inbox.messages.next(), if loaded => self.told(message.ok_or(Abandoned)?),
            // After a wake-up the others have their turn first: one that changed nothing holds nobody up.
            () = sleep_until(wake_up), if self.time_came => Next::Time,
        };
        self.time_came = matches!(next, Next::Time);
        Ok(next)
    }

    /// One step of the guild's run loop; `None`: the time has come.
    fn step(&mut self, input: Option<GuildInput>) {
        let observed = self.observed();
        self.recorder.step(observed, input.as_ref(), false);
        match input {
            Some(input) => {
                self.meter.told(&input);
                self.guild.handle_input(observed, input);
            }
            None => self.guild.handle_timeout(observed),
        }
        self.carry_out();
    }

    /// What the guild may need to know at this moment.
    fn observed(&self) -> Observed {
        let scene = |channel| ChannelScene { channel, scene: self.shared.port.scene(self.id, channel) };
        Observed {
            at: self.shared.now(),
            unix_ms: unix_ms(),
            source: self.sources.reading(),
            channel: self.guild.watched_channel().map(scene),
        }
    }

    /// A report of the driver, as the guild is told of it.
    fn reported(&self, report: DriverReport) -> Next {
        let source = |stream, event: SourceEvent| match self.sources.id_of(stream) {
            Some(id) => Next::Input(GuildInput::Source { id, event }),
            // It was closed meanwhile.
            None => Next::Nothing,
        };
        match report {
            DriverReport::Connection { generation, event } => Next::Input(GuildInput::Driver { generation, event }),
            DriverReport::SourceStarved { stream } => source(&stream, SourceEvent::Starved),
            DriverReport::SourceFlowing { stream } => source(&stream, SourceEvent::Flowing),
            DriverReport::StreamEnded { stream, reason } => match self.sources.id_of(&stream) {
                Some(id) => {
                    let asked = self.sources.retry_after(id);
                    Next::Input(GuildInput::Source { id, event: sources::ended(self.id, &stream, reason, asked) })
                }
                None => Next::Nothing,
            },
        }
    }

    /// What a task found out, as the guild is told of it.
    fn found(&mut self, finding: Finding) -> Next {
        match finding {
            Finding::Loaded(record) => Next::Input(GuildInput::Loaded(record)),
            Finding::LookedUp { id, result } => match self.look_ups.over(id) {
                Some(member) => {
                    let asker = self.shared.port.asker_channel(self.id, member);
                    Next::Input(GuildInput::LookedUp { id, result, asker })
                }
                None => Next::Nothing,
            },
            Finding::Opened { id, result } => match self.sources.opened(id, result) {
                Some(event) => Next::Input(GuildInput::Source { id, event }),
                None => Next::Nothing,
            },
        }
    }

    fn told(&mut self, message: Message) -> Next {
        Next::Input(match message {
            Message::Command { command, reply } => {
                self.commands += 1;
                let id = CommandId(self.commands);
                self.replies.insert(id, reply);
                GuildInput::Command { id, command }
            }
            Message::PanelIs(place) => GuildInput::PanelIs(place),
            Message::PanelFailed(failure) => GuildInput::PanelFailed(failure),
            Message::IncidentMessageIs(place) => GuildInput::IncidentMessageIs(place),
        })
    }
}

/// What comes next for the guild.
enum Next {
    Input(GuildInput),
    Time,
    /// Something that no longer concerns it.
    Nothing,
}

/// Every handle is gone.
struct Abandoned;

impl Shared {
    /// The time since the process began.
    pub(crate) fn now(&self) -> Moment {
        Moment::from_epoch(self.epoch.elapsed())
    }

    /// The moment on tokio's clock; `None` when it is too far away to be waited for.
    fn instant(&self, moment: Moment) -> Option<Instant> {
        self.epoch.checked_add(moment.since_epoch())
    }
}

async fn sleep_until(wake_up: Option<Option<Instant>>) {
    match wake_up.flatten() {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// Nothing of a guild is watched any more.
impl Drop for Actor {
    fn drop(&mut self) {
        self.shared.playheads.forget(self.id);
    }
}

#[cfg(test)]
mod recall_tests;
#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod turn_tests;
