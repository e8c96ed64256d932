//! A member who listens: where each track was heard last, and that nothing is skipped or said twice.

use crate::world::{Event, World, audio::Flow, secs};
use refrain_guild::{Answer, Command, GuildInput, GuildOutput, Observation, SilenceReason};
use refrain_model::{Moment, TrackId};
use refrain_recovery::DriverEvent;
use std::{collections::BTreeMap, time::Duration};

/// How much may be heard twice where the end of the connection was noticed at once.
const REPEATED: Duration = Duration::from_millis(1_500);
/// How much may be heard twice after a connection that died without a word: proofs come every 5 s.
const REPEATED_IN_THE_DARK: Duration = Duration::from_secs(7);
/// How much of what was not heard may be taken for heard: as long as proofs count as fresh.
const TRUSTED: Duration = Duration::from_secs(18);
/// How much a killed process may lose.
const LOST_BY_A_KILL: Duration = Duration::from_millis(1_000);
const SLACK: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, Debug)]
struct End {
    at: Duration,
    /// So much flowed since and was not heard.
    dark: Duration,
    /// So many proofs had come over the connection. Before the second one nobody knows when the next is overdue.
    proofs: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Listener {
    ends: BTreeMap<TrackId, End>,
    /// Where deferred tracks were left, by title.
    deferred: BTreeMap<String, Duration>,
    last_sound: Option<Moment>,
    last_heard: Option<Moment>,
    /// So often a member has sent the music elsewhere, and it has not gone.
    sent: u32,
    /// The save that holds the place where a member sent the music last.
    put_by: Option<u64>,
    /// The process was killed since the last sound; `None`: not, or its disk was behind.
    killed: bool,
    excused: bool,
    proofs: u32,
    /// Until then what has flowed counts as heard.
    trusted_until: Moment,
    /// A connection was lost since the last sound.
    lost: bool,
    /// The worst that was seen.
    pub(super) skipped: Duration,
    pub(super) repeated: Duration,
}

impl Listener {
    pub(super) fn member_wants(&mut self, command: &Command) {
        let sends = matches!(
            command,
            Command::Seek(_) | Command::Replay | Command::Previous | Command::Undo | Command::SkipTo { .. }
        );
        self.sent += u32::from(sends);
    }

    /// After the loss of a connection the music goes on where it was proved to be heard.
    pub(super) fn said(&mut self, world: &World, output: &GuildOutput) {
        // Nor does what flowed count once a proof is overdue.
        if let GuildOutput::Observe(Observation::TrackDeferred { track, title }) = output
            && let Some(end) = self.ends.get(track)
        {
            self.deferred.insert(title.clone(), end.at);
        }
        if let GuildOutput::Answer { answer: Ok(Answer::NowPlaying(_)), after_save: Some(seq), .. } = output {
            self.put_by = Some(*seq);
        }
        if let GuildOutput::WatchPlayhead { trusted_until, .. } = output {
            self.trusted_until = *trusted_until;
        }
        let ends = matches!(output, GuildOutput::Attach { id: None, .. } | GuildOutput::Rewind { .. });
        self.lost |= ends && self.trusted_until < world.now;
        if matches!(output, GuildOutput::TearDown { .. } | GuildOutput::Resume { .. }) {
            (self.lost, self.proofs) = (true, 0);
        }
    }

    /// Proofs are overdue after a time in which the process stood still.
    pub(super) const fn frozen(&mut self) {
        self.lost = true;
    }

    pub(super) fn heard(&mut self, event: &Event) {
        let proves = matches!(event, Event::Input(GuildInput::Driver { event: DriverEvent::Alive, .. }));
        self.proofs += u32::from(proves);
    }

    pub(super) const fn last_sound(&self) -> Option<Moment> {
        self.last_sound
    }

    pub(super) fn flows(&mut self, world: &World, flow: Flow, heard: bool, to: Moment) {
        self.last_sound = Some(to);
        let end = self.ends.get(&flow.track).copied();
        if !heard {
            // A source that cannot be sought in has begun again, and nobody heard it yet.
            if flow.from.is_zero() && !is_seekable(world, flow) {
                self.ends.remove(&flow.track);
            }
            let end =
                self.ends.entry(flow.track).or_insert(End { at: flow.from, dark: Duration::ZERO, proofs: self.proofs });
            end.dark += flow.to.saturating_sub(flow.from);
            return;
        }
        let goes_on = end.is_some_and(|end| end.at == flow.from);
        if !goes_on && !flow.live {
            self.check_jump(world, flow);
        }
        if !goes_on {
            (self.killed, self.excused, self.lost) = (false, false, false);
        }
        self.last_heard = Some(to);
        self.ends.insert(flow.track, End { at: flow.to, dark: Duration::ZERO, proofs: self.proofs });
    }

    fn check_jump(&mut self, world: &World, flow: Flow) {
        if self.excused || (!is_seekable(world, flow) && flow.from.is_zero()) {
            return;
        }
        let Some(end) = self.ends.get(&flow.track) else {
            let title = world.audio.sources.get(&flow.source).map(|source| source.track.info.title.clone());
            if let Some(left) = title.and_then(|title| self.deferred.remove(&title)) {
                let off = left.abs_diff(flow.from);
                let sent = self.sent > 0;
                self.sent -= u32::from(sent);
                assert!(
                    sent || off <= REPEATED_IN_THE_DARK + SLACK,
                    "it was left at {left:?} and begins at {:?}",
                    flow.from
                );
                return;
            }
            assert!(self.sent > 0 || flow.from <= SLACK, "{:?} begins at {:?}", flow.track, flow.from);
            return;
        };
        let skipped = flow.from.saturating_sub(end.at);
        let repeated = end.at.saturating_sub(flow.from);
        let in_the_dark = self.lost || !end.dark.is_zero();
        let may_skip = if end.proofs < 2 { end.dark } else { end.dark.min(TRUSTED) } + SLACK;
        let may_repeat = if in_the_dark && end.proofs == 0 {
            // The last proof came over a connection before.
            Duration::MAX
        } else if in_the_dark {
            REPEATED_IN_THE_DARK
        } else if self.killed {
            LOST_BY_A_KILL
        } else {
            REPEATED
        };
        if self.sent > 0 && (skipped > may_skip || repeated > may_repeat.saturating_add(SLACK)) {
            self.sent -= 1;
            return;
        }
        assert!(skipped <= may_skip, "{:?} was heard until {:?} and goes on at {:?}", flow.track, end, flow.from);
        assert!(
            repeated <= may_repeat.saturating_add(SLACK),
            "{:?} was heard until {:?} and goes on at {:?} (killed: {})",
            flow.track,
            end,
            flow.from,
            self.killed
        );
        self.skipped = self.skipped.max(skipped);
        self.repeated = self.repeated.max(repeated);
    }

    pub(super) fn process_ends(&mut self, world: &World, saves: bool) {
        self.lost |= self.trusted_until < world.now;
        (self.killed, self.proofs) = (true, 0);
        // What is not on the disk was not answered, and is not done.
        let lost = self.put_by.take().is_some_and(|seq| !world.is_saved(seq));
        self.sent += u32::from(lost);
        // The record holds the place of the current track alone.
        self.deferred.clear();
        self.excused |= !saves || world.disk.behind || world.disk.fails || world.disk.load_fails > 3;
        if self.excused {
            // A save that was lost takes the numbers of its tracks with it.
            self.ends.clear();
        }
    }

    /// The music plays if it is wanted.
    pub(super) fn check_quiet(&self, world: &World) {
        let guild = world.guild();
        if guild.queue().current().is_none() {
            return;
        }
        match guild.silence() {
            None => {
                let heard = self.last_heard.is_some_and(|at| world.now.since(at) <= secs(6));
                assert!(heard, "it says that it plays, and is heard by nobody");
            }
            Some(SilenceReason::Paused | SilenceReason::Halted) => {}
            // From one track to the next.
            Some(SilenceReason::Opening) if self.last_heard.is_some_and(|at| world.now.since(at) <= secs(3)) => {}
            Some(SilenceReason::OutOfVoice) => assert_eq!(world.discord.channel, None),
            Some(
                reason @ (SilenceReason::Loading
                | SilenceReason::Voice
                | SilenceReason::Opening
                | SilenceReason::SourceBackoff
                | SilenceReason::Starved
                | SilenceReason::NotHeard),
            ) => panic!("all is well and quiet, and it is silent: {reason:?}"),
        }
    }
}

fn is_seekable(world: &World, flow: Flow) -> bool {
    world.audio.sources.get(&flow.source).is_some_and(|source| source.facts.seekable)
}
