//! Source incidents: what members are told of sources that fail, of tracks that are passed over, and of a bot that is
//! connected and not heard. One message for one incident, edited, and one line at its end.
//!
//! A pure value, driven like [`VoiceIncidents`](super::VoiceIncidents): it is shown how things stand after each step, what it
//! has to say is taken from it, and it names the moment at which it wants to look again.

use super::view::{Now, Word};
use crate::{AnnouncementKind, AnnouncementStep, FailedTrack, NotHeard, SourceTrouble};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use refrain_model::{ChannelId, Moment};

/// Tracks that a message about passed-over tracks names; earlier ones are counted.
const NAMED: usize = 5;
/// A track that is passed over within this time of the last one belongs to the same message.
const SAME_FOR: Duration = Duration::from_secs(60);

/// What is told, and where each message stands.
#[derive(Debug, Default)]
pub(crate) struct SourceIncidents {
    trouble: Option<Open>,
    not_heard: Option<Open>,
    failed: Option<Failed>,
    out: VecDeque<Word>,
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceView {
    /// The source fails, since when, and what there is to say about that.
    pub(crate) trouble: Option<(Moment, SourceTrouble)>,
    /// The source is open again: the end of the trouble is good news. Otherwise a member ended it, or the track is gone.
    pub(crate) back: bool,
    /// It could only be opened at its beginning: the track's title.
    pub(crate) started_over: Option<alloc::string::String>,
    /// Members hear the music again. Otherwise a member paused or ended it, or the bot is out of voice.
    pub(crate) heard_again: bool,
    /// Members cannot hear the bot.
    pub(crate) not_heard: Option<(NotHeard, Option<ChannelId>)>,
    /// Where members are told.
    pub(crate) text_channel: Option<ChannelId>,
    /// Trouble that lasts shorter is not told.
    pub(crate) told_after: Duration,
}

/// An incident that goes on.
#[derive(Clone, Debug)]
struct Open {
    since: Moment,
    said: Option<Said>,
}

/// What was said of an incident last, and where.
#[derive(Clone, Debug)]
struct Said {
    channel: ChannelId,
    number: u64,
    kind: AnnouncementKind,
}

/// Tracks passed over one after the other.
#[derive(Clone, Debug)]
struct Failed {
    said: Option<Said>,
    tracks: Vec<FailedTrack>,
    earlier: usize,
    last: Moment,
}

impl SourceIncidents {
    /// A track was passed over. `number` gives a new incident its number.
    pub(crate) fn track_failed(
        &mut self,
        now: Now,
        channel: Option<ChannelId>,
        track: FailedTrack,
        number: impl FnOnce() -> u64,
    ) {
        let fresh = || Failed { said: None, tracks: Vec::new(), earlier: 0, last: now.at };
        let mut failed = self.failed.take().filter(|f| now.at.since(f.last) < SAME_FOR).unwrap_or_else(fresh);
        failed.tracks.push(track);
        if failed.tracks.len() > NAMED {
            failed.tracks.remove(0);
            failed.earlier += 1;
        }
        failed.last = now.at;
        let kind = AnnouncementKind::TracksFailed { tracks: failed.tracks.clone(), earlier: failed.earlier };
        self.say(&mut failed.said, channel, kind, number);
        self.failed = Some(failed);
    }

    /// So many tracks were passed over that the guild stopped: the message about them says so.
    pub(crate) fn halted(&mut self, channel: Option<ChannelId>, kind: AnnouncementKind, number: impl FnOnce() -> u64) {
        let mut said = self.failed.take().and_then(|failed| failed.said);
        self.say(&mut said, channel, kind, number);
    }

    /// A step has been taken, or it is time to look again.
    pub(crate) fn observe(&mut self, now: Now, view: &SourceView, mut number: impl FnMut() -> u64) {
        match &view.trouble {
            Some((since, trouble)) => {
                let mut open = self.trouble.take().unwrap_or(Open { since: *since, said: None });
                if open.said.is_some() || now.at.since(open.since) >= view.told_after {
                    let kind = AnnouncementKind::SourceTrouble(trouble.clone());
                    self.say(&mut open.said, view.text_channel, kind, &mut number);
                }
                self.trouble = Some(open);
            }
            None => {
                let trouble = self.trouble.take();
                let told = trouble.as_ref().is_some_and(|open| open.said.is_some());
                let started_over =
                    view.started_over.as_ref().map(|title| AnnouncementKind::StartedOver { title: title.clone() });
                if let Some(open) = trouble {
                    let gap = now.at.since(open.since);
                    let back = view.back.then_some(AnnouncementKind::SourceBack { gap });
                    self.close(open, started_over.clone().or(back));
                }
                if let Some(kind) = started_over.filter(|_| !told) {
                    self.say(&mut None, view.text_channel, kind, &mut number);
                }
            }
        }
        match view.not_heard {
            Some((why, channel)) => {
                let mut open = self.not_heard.take().unwrap_or(Open { since: now.at, said: None });
                if open.said.is_some() || now.at.since(open.since) >= view.told_after {
                    let kind = AnnouncementKind::NotHeard { why, channel };
                    self.say(&mut open.said, view.text_channel, kind, &mut number);
                }
                self.not_heard = Some(open);
            }
            None => {
                if let Some(open) = self.not_heard.take() {
                    self.close(open, view.heard_again.then_some(AnnouncementKind::HeardAgain));
                }
            }
        }
    }

    /// What to say next; `None` when all is said.
    pub(crate) fn poll(&mut self) -> Option<Word> {
        self.out.pop_front()
    }

    /// When to look again even if nothing happens.
    pub(crate) fn wake_up(&self, view_has_text: bool, told_after: Duration) -> Option<Moment> {
        let waits = |open: &Open| (view_has_text && open.said.is_none()).then(|| open.since + told_after);
        let trouble = self.trouble.as_ref().and_then(waits);
        let not_heard = self.not_heard.as_ref().and_then(waits);
        trouble.into_iter().chain(not_heard).min()
    }

    fn say(
        &mut self,
        said: &mut Option<Said>,
        channel: Option<ChannelId>,
        kind: AnnouncementKind,
        number: impl FnOnce() -> u64,
    ) {
        let next = match said.take() {
            Some(before) if is_same(&before.kind, &kind) => {
                *said = Some(before);
                return;
            }
            Some(before) => Said { kind, ..before },
            None => {
                let Some(channel) = channel else { return };
                Said { channel, number: number(), kind }
            }
        };
        self.out.push_back(next.word(AnnouncementStep::Say(next.kind.clone())));
        *said = Some(next);
    }

    /// The last word on an incident: one line, or nothing is left of it.
    fn close(&mut self, open: Open, kind: Option<AnnouncementKind>) {
        let Some(said) = open.said else { return };
        let step = kind.map_or(AnnouncementStep::Remove, AnnouncementStep::Settle);
        self.out.push_back(said.word(step));
    }
}

/// Whether an edit would change nothing that members can see. The same moment, worked out again from the two clocks, may
/// come out a second off.
fn is_same(before: &AnnouncementKind, now: &AnnouncementKind) -> bool {
    let (AnnouncementKind::SourceTrouble(before), AnnouncementKind::SourceTrouble(now)) = (before, now) else {
        return before == now;
    };
    let near = |a: u64, b: u64| a.abs_diff(b) <= 1;
    let next_is_near = match (before.next_unix, now.next_unix) {
        (Some(before), Some(now)) => near(before, now),
        (before, now) => before == now,
    };
    let times_of_now = SourceTrouble { since_unix: now.since_unix, next_unix: now.next_unix, ..before.clone() };
    near(before.since_unix, now.since_unix) && next_is_near && times_of_now == *now
}

impl Said {
    const fn word(&self, step: AnnouncementStep) -> Word {
        Word { channel: self.channel, incident: self.number, step }
    }
}
