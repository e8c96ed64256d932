//! Voice incidents: what members are told of trouble with the voice connection, in which message, and when.
//!
//! A pure value. After every step of the guild it is shown where the connection stands ([`View`]) and what time it is;
//! what it has to say then is taken from it with [`poll`](VoiceIncidents::poll), and [`wake_up`](VoiceIncidents::wake_up)
//! names the moment at which it wants to look again by itself.
//!
//! An incident begins when the music is interrupted and is over when it is back. Most are over before anybody needs to
//! know: nothing is said of the first seconds. Trouble that returns soon after is the same incident, in the same message.

use super::{
    timeline::Timeline,
    view::{Now, Phase, Step, Told, View, Word},
};
use crate::{AnnouncementKind, AnnouncementStep, Ending, Interruption, NextStep, TimelineEntry, Trouble};
use alloc::collections::VecDeque;
use core::time::Duration;
use refrain_model::{ChannelId, Moment, WhenOver};
use refrain_recovery::{CloseCode, Incident};

/// Interruptions that are over by then are not worth a word.
const SILENT_FOR: Duration = Duration::from_secs(3);
/// By default the message of a shorter interruption does not stay.
const SHORT: Duration = Duration::from_secs(10);
/// How long a message that does not stay can be read.
const READABLE_FOR: Duration = Duration::from_secs(15);
/// Trouble that returns within this time belongs to the incident before.
const SAME_FOR: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct VoiceIncidents {
    timeline: Timeline,
    when_over: WhenOver,
    open: Option<Open>,
    /// The highest number given away.
    last_number: u64,
    /// The connection stood when it was last seen, or was on its way back to standing.
    stood: bool,
    /// A member asked for what is under way.
    busy: bool,
    /// Seen since the last look: the close code, and what the machine says is the end.
    code: Option<CloseCode>,
    ending: Option<(Ending, Told)>,
    /// There was somebody to tell at the last look.
    audience: bool,
    out: VecDeque<Word>,
}

/// The incident that goes on, or was over a moment ago.
#[derive(Clone, Debug)]
struct Open {
    number: u64,
    chapter: Chapter,
    since: Moment,
    since_unix: u64,
    trouble: Trouble,
    stood: bool,
    /// Where the music was to be heard when it began.
    voice_channel: Option<ChannelId>,
    /// The last step and what people are told of it: the times in it are worked out once.
    step: (Step, NextStep),
    attempt: u32,
    /// What was said of it last, and where.
    said: Option<(ChannelId, AnnouncementKind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chapter {
    /// The music is interrupted.
    Troubled,
    /// The bot is out until somebody asks.
    Ended,
    /// It is over. The message goes at `remove_at`, or stays.
    Over { at: Moment, remove_at: Option<Moment> },
}

impl VoiceIncidents {
    /// What becomes of messages that are over from now on.
    pub(crate) fn set_when_over(&mut self, when_over: WhenOver) {
        self.when_over = when_over;
    }

    /// The timeline, newest first.
    pub(crate) fn timeline(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.timeline.newest_first()
    }

    /// How many lines were ever written: another number says that the timeline has changed.
    pub(crate) const fn lines(&self) -> u64 {
        self.timeline.written()
    }

    /// The lines of before a restart, oldest first.
    pub(crate) fn restore(&mut self, lines: impl Iterator<Item = TimelineEntry>) {
        lines.for_each(|line| self.timeline.push(line));
    }

    /// A step of the machine, for the timeline.
    pub(crate) fn record(&mut self, now: Now, incident: &Incident, state: &'static str) {
        self.code = incident.code.or(self.code);
        self.timeline.push(TimelineEntry {
            unix_ms: now.unix_ms_of(incident.at),
            state,
            attempt: incident.attempt,
            code: incident.code,
            verdict: incident.verdict,
            reason: incident.reason.clone(),
            times: 1,
        });
    }

    /// The machine stays out. It counts at the next look.
    pub(crate) fn ended(&mut self, ending: Ending, told: Told) {
        self.ending = Some((ending, told));
    }

    /// A step has been taken, or it is time to look again.
    pub(crate) fn observe(&mut self, now: Now, view: &View) {
        self.tidy(now.at);
        self.audience = view.music && view.text_channel.is_some();
        self.busy = view.phase == Phase::Busy;
        let (code, ending) = (self.code.take(), self.ending.take());
        match view.phase {
            Phase::Recovering { since, step } => self.troubled(now, since, step, code, view),
            Phase::Connected => self.back(now, view),
            Phase::Leaving => self.left(now),
            Phase::Out { asked } => match ending {
                Some((ending, told)) => self.end(now, ending, told, view),
                None if asked => self.left(now),
                None => {}
            },
            Phase::Busy => {}
        }
        self.stood = match view.phase {
            Phase::Out { .. } | Phase::Leaving => false,
            Phase::Connected => true,
            Phase::Busy | Phase::Recovering { .. } => self.stood,
        };
    }

    /// What to say next; `None` when all is said.
    pub(crate) fn poll(&mut self) -> Option<Word> {
        self.out.pop_front()
    }

    /// When to look again even if nothing happens.
    pub(crate) fn wake_up(&self) -> Option<Moment> {
        let open = self.open.as_ref()?;
        match open.chapter {
            // What a member asked for meanwhile may end it; if it does not, the next look tells.
            Chapter::Troubled if self.busy => None,
            Chapter::Troubled => (open.said.is_none() && self.audience).then(|| open.since + SILENT_FOR),
            Chapter::Ended => None,
            Chapter::Over { remove_at, .. } => remove_at,
        }
    }

    fn troubled(&mut self, now: Now, since: Moment, step: Step, code: Option<CloseCode>, view: &View) {
        let mut open = match self.open.take() {
            Some(open) => open.again(now, since),
            None => self.begin(now, since, view),
        };
        open.attempt = view.attempt.max(1);
        if open.step.0 != step {
            open.step = (step, next_step(now, step));
        }
        open.trouble = code.map_or_else(|| open.trouble.or_as(step), Trouble::Closed);
        let worth_it = view.music && now.at.since(open.since) >= SILENT_FOR;
        if open.said.is_some() || worth_it {
            let kind = AnnouncementKind::Interrupted(open.interruption());
            self.say(&mut open, view.text_channel, kind);
        }
        self.open = Some(open);
    }

    /// The frames flow.
    fn back(&mut self, now: Now, view: &View) {
        let Some(open) = self.open.take_if(|open| !open.is_over()) else { return };
        let gap = now.at.since(open.since);
        let moved = open.voice_channel.is_some() && view.voice_channel != open.voice_channel;
        let elsewhere = view.voice_channel.filter(|_| moved);
        let stays = match self.when_over {
            WhenOver::Tidy => gap >= SHORT,
            WhenOver::Settle => true,
            WhenOver::Delete => false,
        };
        self.settle(now, open, AnnouncementKind::Back { gap, elsewhere }, stays);
    }

    /// Out, because somebody asked.
    fn left(&mut self, now: Now) {
        if let Some(open) = self.open.take_if(|open| !open.is_over()) {
            self.settle(now, open, AnnouncementKind::Left, false);
        }
    }

    /// Out, and nobody asked. Those who know already are told only where a message says something else.
    fn end(&mut self, now: Now, ending: Ending, told: Told, view: &View) {
        let mut open = match self.open.take() {
            Some(open) => open.again(now, now.at),
            None => self.begin(now, now.at, view),
        };
        let concerns = view.music || matches!(ending, Ending::Fatal { .. });
        if open.said.is_none() && (!concerns || told == Told::ByAnswer) {
            return;
        }
        open.chapter = Chapter::Ended;
        self.say(&mut open, view.text_channel, AnnouncementKind::Ended(ending));
        self.open = Some(open);
    }

    fn begin(&mut self, now: Now, since: Moment, view: &View) -> Open {
        Open {
            number: self.number(now),
            chapter: Chapter::Troubled,
            since,
            since_unix: now.unix_ms_of(since) / 1000,
            trouble: Trouble::Lost,
            stood: self.stood,
            voice_channel: view.voice_channel,
            step: (Step::Trying, NextStep::Trying),
            attempt: 1,
            said: None,
        }
    }

    /// The time in milliseconds: a number that no earlier process has given away either.
    pub(crate) fn number(&mut self, now: Now) -> u64 {
        self.last_number = now.unix_ms.max(self.last_number.saturating_add(1));
        self.last_number
    }

    fn say(&mut self, open: &mut Open, text_channel: Option<ChannelId>, kind: AnnouncementKind) {
        let Some(channel) = open.said.as_ref().map(|(channel, _)| *channel).or(text_channel) else { return };
        if open.said.as_ref().is_none_or(|(_, last)| *last != kind) {
            open.said = Some((channel, kind.clone()));
            self.out.push_back(Word { channel, incident: open.number, step: AnnouncementStep::Say(kind) });
        }
    }

    /// The last word on an incident. One of which nothing was said is forgotten.
    fn settle(&mut self, now: Now, mut open: Open, kind: AnnouncementKind, stays: bool) {
        let Some((channel, _)) = open.said else { return };
        open.said = Some((channel, kind.clone()));
        open.chapter = Chapter::Over { at: now.at, remove_at: (!stays).then(|| now.at + READABLE_FOR) };
        self.out.push_back(Word { channel, incident: open.number, step: AnnouncementStep::Settle(kind) });
        self.open = Some(open);
    }

    /// Takes away what has been read, and forgets what is long over.
    fn tidy(&mut self, now: Moment) {
        let Some(open) = &self.open else { return };
        let Chapter::Over { at, remove_at } = open.chapter else { return };
        if remove_at.is_some_and(|remove_at| remove_at <= now) {
            let (incident, said) = (open.number, open.said.as_ref().map(|(channel, _)| *channel));
            let word = |channel| Word { channel, incident, step: AnnouncementStep::Remove };
            self.out.extend(said.map(word));
            self.open = None;
        } else if now.since(at) >= SAME_FOR {
            self.open = None;
        }
    }
}

impl Open {
    const fn is_over(&self) -> bool {
        matches!(self.chapter, Chapter::Over { .. })
    }

    /// Trouble once more: the same incident goes on. After a good while between it counts from its return.
    fn again(mut self, now: Now, since: Moment) -> Self {
        if self.is_over() {
            (self.since, self.since_unix) = (since, now.unix_ms_of(since) / 1000);
            (self.trouble, self.stood) = (Trouble::Lost, true);
        }
        self.chapter = Chapter::Troubled;
        self
    }

    const fn interruption(&self) -> Interruption {
        Interruption {
            trouble: self.trouble,
            stood: self.stood,
            since_unix: self.since_unix,
            next: self.step.1,
            attempt: self.attempt,
        }
    }
}

fn next_step(now: Now, step: Step) -> NextStep {
    match step {
        Step::Trying => NextStep::Trying,
        Step::Attempt(at) => NextStep::Attempt { at_unix: now.unix_of(at) },
        Step::Round(at) => NextStep::Round { at_unix: now.unix_of(at) },
        Step::Unexplained | Step::NoServer | Step::NoGateway => NextStep::AwaitingDiscord,
        Step::NoAccess { channel, missing } => NextStep::AwaitingPermission { channel, missing },
    }
}

impl Trouble {
    /// Without a close code, what is waited for tells what happened; a code that came before tells more.
    const fn or_as(self, step: Step) -> Self {
        match (self, step) {
            (Self::Closed(_), _) => self,
            (_, Step::NoServer) => Self::ServerGone,
            (_, Step::NoGateway) => Self::GatewayAway,
            (_, Step::Trying | Step::Attempt(_) | Step::Round(_) | Step::Unexplained | Step::NoAccess { .. }) => self,
        }
    }
}
