//! The current track: begun, ended, gone back and forth in, and silenced.

use super::Guild;
use crate::{
    Answer, CommandError, CommandId, Delay, Ending, GuildOutput, NowPlaying, OpenSource, Played, SourceId,
    source::{Open, Playback, Purpose, Rewinding, Slot, Waiter},
};
use alloc::sync::Arc;
use alloc::{vec, vec::Vec};
use core::time::Duration;
use refrain_model::{Moment, Playhead, Track};
use refrain_recovery::{Input, State};

/// A member who waits for a track to be heard is answered after this, heard or not.
pub(super) const ANSWER_DEADLINE: Duration = Duration::from_secs(120);

impl Guild {
    /// Begins with the queue's current track, where it was kept or else from its start; without one, falls silent.
    pub(super) fn play_current(&mut self) {
        self.silence_source();
        self.halted = false;
        let Some(track) = self.queue.current().cloned() else {
            self.paused = false;
            return;
        };
        // A live stream goes on where it is by now.
        let kept = self.kept.take().filter(|kept| kept.track == track.id && !track.info.live);
        let from = kept.map(|kept| kept.position).unwrap_or_default();
        let from = self.take_deferred_place(track.id).unwrap_or(from);
        let slot = self.open(&track, from, true);
        self.playback = Some(Playback {
            track,
            slot,
            waiting: Vec::new(),
            began: false,
            failures: 0,
            trouble: None,
            early_at: None,
            found_live: false,
            rest_until: Moment::ZERO,
            refill_at: None,
            starts_over: false,
        });
    }

    /// Begins with the current track if none is begun.
    pub(super) fn play_what_is_there(&mut self) {
        if self.playback.is_none() {
            self.paused = false;
            self.play_current();
        }
    }

    /// Asks for a source of `track` at `from`.
    fn open(&mut self, track: &Arc<Track>, from: Duration, fresh: bool) -> Slot {
        let (id, volume) = self.ask_for_source(track, from);
        Slot::Opening { id, from, fresh, volume, deadline: self.open_deadline() }
    }

    /// The source's number, and the volume that it is asked for with.
    fn ask_for_source(&mut self, track: &Arc<Track>, from: Duration) -> (SourceId, u16) {
        let (id, volume) = (self.new_source(), self.volume());
        self.say(GuildOutput::OpenSource(OpenSource { id, track: Arc::clone(track), from, volume }));
        (id, volume)
    }

    fn open_deadline(&self) -> Moment {
        self.now() + self.policy.sources.open_deadline
    }

    /// Closes the sources of the current track and forgets its playback: the track is over, or another one takes its
    /// place. Members who wait for it are told.
    pub(super) fn silence_source(&mut self) {
        self.let_go_of_source(&CommandError::Removed);
    }

    /// The same for a track that is kept: members who wait for it read `why` it is not heard now.
    pub(super) fn let_go_of_source(&mut self, why: &CommandError) {
        let Some(playback) = self.playback.take() else { return };
        for waiter in &playback.waiting {
            self.answer(waiter.command, Err(why.clone()));
        }
        self.close_slot(playback.slot, why);
    }

    /// Closes every source of a slot. Commands that wait for a seek learn why it does not come about.
    fn close_slot(&mut self, slot: Slot, why: &CommandError) {
        match slot {
            Slot::Opening { id, .. } => self.close(id),
            Slot::Ready(open) => self.detach(open, why),
            Slot::Replacing { old, id, purpose, .. } => {
                self.close(id);
                self.refuse_seeks(purpose, why);
                self.detach(old, why);
            }
            Slot::BackingOff { .. } => {}
        }
    }

    /// Takes the attached source away from the driver and closes it.
    fn detach(&mut self, open: Open, why: &CommandError) {
        self.say(GuildOutput::Attach { id: None, at: None });
        if let Some(Rewinding { commands, .. }) = open.rewinding {
            for command in commands {
                self.answer(command, Err(why.clone()));
            }
        }
        self.close(open.id);
    }

    pub(super) fn close(&mut self, id: SourceId) {
        self.say(GuildOutput::CloseSource { id });
    }

    fn refuse_seeks(&mut self, purpose: Purpose, error: &CommandError) {
        match purpose {
            Purpose::Volume => {}
            Purpose::Seek { commands } => {
                for command in commands {
                    self.answer(command, Err(error.clone()));
                }
            }
        }
    }

    /// Opens the current track again at `from`, in silence: what is open has nothing more to give, or is in the wrong place.
    pub(super) fn reopen(&mut self, from: Duration, fresh: bool) {
        let Some(mut playback) = self.playback.take() else { return };
        let from = if playback.is_live() { Duration::ZERO } else { from };
        let track = Arc::clone(&playback.track);
        let old = core::mem::replace(&mut playback.slot, Slot::BackingOff { until: self.now(), from, fresh });
        self.close_slot(old, &CommandError::Removed);
        playback.slot = self.open(&track, from, fresh);
        self.playback = Some(playback);
    }

    /// Opens a second source at `from`; the attached one plays on until the second one is open.
    pub(super) fn replace(&mut self, from: Duration, purpose: Purpose) {
        let Some(mut playback) = self.playback.take() else { return };
        let from = if playback.is_live() { Duration::ZERO } else { from };
        let track = Arc::clone(&playback.track);
        playback.slot = match playback.slot {
            Slot::Ready(old) => {
                let (id, volume) = self.ask_for_source(&track, from);
                Slot::Replacing { old, id, from, purpose, volume, deadline: self.open_deadline() }
            }
            Slot::Replacing { old, id, from: before, purpose: earlier, .. } => {
                self.close(id);
                let (from, purpose) = merged((before, earlier), (from, purpose));
                let (id, volume) = self.ask_for_source(&track, from);
                Slot::Replacing { old, id, from, purpose, volume, deadline: self.open_deadline() }
            }
            slot @ (Slot::Opening { .. } | Slot::BackingOff { .. }) => slot,
        };
        self.playback = Some(playback);
    }

    /// The frames may flow. After a loss they go on at `from`, the place last heard.
    pub(super) fn frames_start(&mut self, from: Option<Duration>) {
        let Some(playback) = &mut self.playback else { return };
        let live = playback.is_live();
        let now = self.observed.at;
        let gap = playback.attached().and_then(|open| open.held_since).map(|since| now.since(since));
        match (&mut playback.slot, from) {
            (Slot::Ready(_) | Slot::Replacing { .. }, _) if live => {
                if gap.is_some_and(|gap| gap >= self.policy.sources.live_gap) {
                    self.reopen(Duration::ZERO, true);
                }
            }
            // A member's seek that is being opened counts for more than where the music was lost.
            (Slot::Replacing { purpose: Purpose::Seek { .. }, .. }, _) => {}
            (Slot::Ready(open) | Slot::Replacing { old: open, .. }, Some(to)) if open.flowed != to => {
                // So does one that is under way.
                if open.rewinding.is_none() {
                    open.rewinding = Some(Rewinding { to, commands: Vec::new() });
                    let id = open.id;
                    self.say(GuildOutput::Rewind { id, to });
                }
            }
            // The source that is being opened begins behind the place last heard.
            (Slot::Opening { from, fresh: false, .. }, Some(to)) if *from > to => self.reopen(to, false),
            (Slot::BackingOff { from, fresh: false, .. }, Some(to)) if *from > to => *from = to,
            (Slot::Ready(_) | Slot::Replacing { .. } | Slot::Opening { .. } | Slot::BackingOff { .. }, _) => {}
        }
    }

    /// The music goes on where it was last heard, wherever the frames have flowed meanwhile.
    pub(super) fn go_back_to_heard(&mut self) {
        let heard = self.playback.as_ref().filter(|p| p.attached().is_some()).map(|playback| self.heard(playback));
        self.frames_start(heard);
    }

    /// A live source that a pause has held for long goes to the present.
    pub(super) fn catch_up_with_live(&mut self) {
        let Some(playback) = self.playback.as_ref().filter(|playback| playback.is_live()) else { return };
        let held = playback.attached().and_then(|open| open.held_since);
        // A site that asked to be left alone is: what was held is heard until then.
        let rests = self.now() < playback.rest_until;
        if !rests && held.is_some_and(|since| self.now().since(since) >= self.policy.sources.live_gap) {
            self.reopen(Duration::ZERO, true);
        }
    }

    /// Goes to a position that a member asked for. The command is answered when the music is there.
    pub(super) fn go_to(&mut self, command: CommandId, position: Duration) {
        let Some(playback) = &mut self.playback else {
            self.keep_at(position);
            self.save_put_playhead();
            let answer = self.now_playing().map(Answer::NowPlaying);
            return self.answer(command, answer);
        };
        match &mut playback.slot {
            Slot::Ready(open) => {
                let earlier = open.rewinding.take().map(|rewinding| rewinding.commands).unwrap_or_default();
                let commands = earlier.into_iter().chain([command]).collect();
                open.rewinding = Some(Rewinding { to: position, commands });
                let id = open.id;
                self.say(GuildOutput::Rewind { id, to: position });
            }
            Slot::Replacing { .. } => self.replace(position, Purpose::Seek { commands: vec![command] }),
            Slot::Opening { .. } => {
                self.reopen(position, true);
                self.answer_now_playing(command);
            }
            Slot::BackingOff { from, fresh, .. } => {
                (*from, *fresh) = (position, true);
                self.answer_now_playing(command);
            }
        }
        self.save_put_playhead();
    }

    pub(super) fn answer_now_playing(&mut self, command: CommandId) {
        let answer = self.now_playing().map(Answer::NowPlaying);
        self.answer(command, answer);
    }

    /// Where the music goes on when the bot comes back.
    fn keep_at(&mut self, position: Duration) {
        let at_unix_ms = self.observed.unix_ms;
        self.kept = self.queue.current().map(|track| Playhead { track: track.id, position, at_unix_ms });
    }

    /// Remembers where the music is, before its source closes.
    pub(super) fn keep_position(&mut self) {
        self.kept = self.playhead();
    }

    /// Commands that wait for the current track are answered once it is heard, or once it is known to take long.
    pub(super) fn answer_waiting(&mut self) {
        let heard = matches!(self.recovery.state(), State::Stable { .. });
        let now = self.now();
        let told_after = self.policy.sources.told_after;
        let Some(playback) = &mut self.playback else { return };
        let delayed = |waiter: &Waiter| match &playback.trouble {
            _ if playback.attached().is_some() && heard => Some(None),
            Some(trouble) if now.since(trouble.since) >= told_after => {
                Some(Some(Delay::Source(trouble.failure.clone())))
            }
            _ if now.since(waiter.since) >= ANSWER_DEADLINE => Some(Some(Delay::Slow)),
            Some(_) | None => None,
        };
        let done: Vec<_> = playback.waiting.iter().filter_map(|w| delayed(w).map(|delay| (w.command, delay))).collect();
        playback.waiting.retain(|waiter| !done.iter().any(|(command, _)| *command == waiter.command));
        let track = Arc::clone(&playback.track);
        for (command, delayed) in done {
            let played = Played { track: Arc::clone(&track), position: 0, delayed };
            self.answer(command, Ok(Answer::Played(played)));
        }
        if heard && self.playback.as_ref().is_some_and(|playback| playback.attached().is_some()) {
            self.is_heard_after_restart();
        }
    }

    /// Members who wait for the current track learn why they wait in vain. The track goes with them, unless the bot is back
    /// in the channel that it came from, where the track plays. Whether any member waited.
    pub(super) fn join_failed(&mut self, ending: Ending) -> bool {
        let Some(playback) = &mut self.playback else { return false };
        let waiting = core::mem::take(&mut playback.waiting);
        if waiting.is_empty() {
            return false;
        }
        let id = playback.track.id;
        for waiter in waiting {
            self.answer(waiter.command, Err(CommandError::JoinFailed(ending)));
        }
        if self.recovery.intent().is_none() {
            self.silence_source();
            self.queue.fail(id);
        }
        true
    }

    pub(super) fn now_playing(&self) -> Result<NowPlaying, CommandError> {
        let track = self.queue.current().ok_or(CommandError::NothingPlaying)?;
        let position = match &self.playback {
            Some(playback) => self.wanted_position(playback),
            // The bot is out of voice, and the queue is kept.
            None => self.kept.filter(|kept| kept.track == track.id).map(|kept| kept.position).unwrap_or_default(),
        };
        Ok(NowPlaying {
            track: Arc::clone(track),
            position,
            paused: self.paused,
            voice: self.voice_summary(),
            looping: self.queue.looping(),
            volume: self.volume(),
            trouble: self.playback.as_ref().and_then(Playback::own_failure).cloned(),
            silence: self.silence(),
        })
    }

    /// Where members will hear the track go on: a seek that is under way counts.
    fn wanted_position(&self, playback: &Playback) -> Duration {
        match &playback.slot {
            Slot::Ready(Open { rewinding: Some(rewinding), .. }) => rewinding.to,
            Slot::Replacing { from, purpose: Purpose::Seek { .. }, .. } => *from,
            Slot::Ready(_) | Slot::Replacing { .. } | Slot::Opening { .. } | Slot::BackingOff { .. } => {
                playback.flowed()
            }
        }
    }

    /// How far the current track was heard.
    pub(super) fn heard(&self, playback: &Playback) -> Duration {
        match &playback.slot {
            // A seek counts as soon as a member has asked for it.
            Slot::Ready(Open { rewinding: Some(Rewinding { to, commands }), .. }) if !commands.is_empty() => *to,
            Slot::Replacing { from, purpose: Purpose::Seek { .. }, .. } => *from,
            Slot::Ready(open) | Slot::Replacing { old: open, .. } => self.recovery.heard(self.now(), open.flowed),
            Slot::Opening { from, .. } | Slot::BackingOff { from, .. } => *from,
        }
    }

    /// How far the current track was heard, or where it is kept.
    pub(super) fn playhead(&self) -> Option<Playhead> {
        let track = self.queue.current()?.id;
        match self.playback.as_ref().filter(|playback| playback.track.id == track) {
            Some(playback) => {
                Some(Playhead { track, position: self.heard(playback), at_unix_ms: self.observed.unix_ms })
            }
            None => self.kept.filter(|kept| kept.track == track),
        }
    }

    /// A new track, or another place in it: what was before counts as heard.
    pub(super) fn track_starts(&mut self, playhead: Duration) {
        self.tell_recovery(Input::TrackStarted { playhead });
    }
}

/// A second replacement before the first one is open: a seek keeps its place when only the volume changes again.
fn merged(before: (Duration, Purpose), next: (Duration, Purpose)) -> (Duration, Purpose) {
    match (before, next) {
        ((from, Purpose::Seek { commands }), (_, Purpose::Volume)) => (from, Purpose::Seek { commands }),
        ((_, Purpose::Seek { commands: earlier }), (from, Purpose::Seek { commands })) => {
            (from, Purpose::Seek { commands: earlier.into_iter().chain(commands).collect() })
        }
        ((_, Purpose::Volume), next) => next,
    }
}
