//! Look-ups under way: in the order in which members asked, ended by `/stop`, bounded.

use super::Guild;
use crate::{
    Answer, AskerChannel, CommandError, CommandId, GuildOutput, LookUpId, Observation, PlayRequest, Played, PlayedAll,
};
use alloc::collections::VecDeque;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::time::Duration;
use refrain_model::{ChannelId, Moment, SourceFailure, TrackInfo};
use refrain_recovery::Intent;

/// Plays that a guild looks up at a time.
const MOST: usize = 64;
/// Queries of one play.
const MOST_QUERIES: usize = 1000;
/// Queries of one play that are looked up at a time.
const AT_A_TIME: usize = 4;
/// An interaction can be answered for 15 minutes.
const DEADLINE: Duration = Duration::from_secs(14 * 60);
/// A play that is found waits at most so long for one that was asked for earlier.
const ORDER: Duration = Duration::from_secs(10);

/// The plays that are being looked up, in the order in which members asked.
#[derive(Debug, Default)]
pub(super) struct LookUps {
    pending: VecDeque<Pending>,
    next: u64,
}

/// One play.
#[derive(Debug)]
struct Pending {
    command: CommandId,
    request: PlayRequest,
    /// It was asked for as several tracks, and is answered so.
    many: bool,
    finds: Vec<Find>,
    asked_at: Moment,
    /// Since when everything is found.
    done_at: Option<Moment>,
    asker: AskerChannel,
}

/// One query of a play.
#[derive(Debug)]
enum Find {
    Waiting(String),
    UnderWay(LookUpId),
    Found(Box<TrackInfo>),
    Failed(SourceFailure),
}

impl Pending {
    fn is_done(&self) -> bool {
        self.finds.iter().all(|find| matches!(find, Find::Found(_) | Find::Failed(_)))
    }

    fn under_way(&self) -> impl Iterator<Item = LookUpId> {
        self.finds.iter().filter_map(|find| match find {
            Find::UnderWay(id) => Some(*id),
            Find::Waiting(_) | Find::Found(_) | Find::Failed(_) => None,
        })
    }
}

impl LookUps {
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.pending.iter().filter(|p| p.done_at.is_none()).map(|p| p.asked_at + DEADLINE).min()
    }

    /// When a play that is found no longer waits for an earlier one.
    pub(super) fn order_deadline(&self) -> Option<Moment> {
        self.pending.iter().filter_map(|p| p.done_at).map(|at| at + ORDER).min()
    }
}

impl Guild {
    /// A member asks for music: what they ask for is looked up.
    pub(super) fn ask_for(&mut self, command: CommandId, queries: Vec<String>, request: PlayRequest, many: bool) {
        if self.look_ups.pending.len() >= MOST {
            return self.answer(command, Err(CommandError::TooManyLookUps { max: MOST }));
        }
        if self.shutting_down.is_some() || self.gone {
            return self.answer(command, Err(CommandError::Unavailable));
        }
        let finds = queries.into_iter().take(MOST_QUERIES).map(Find::Waiting).collect();
        let (asked_at, asker) = (self.now(), AskerChannel::Unknown);
        self.look_ups.pending.push_back(Pending { command, request, many, finds, asked_at, done_at: None, asker });
        self.look_up_more();
        self.settle_look_ups();
    }

    /// Starts look-ups as far as the plays allow.
    fn look_up_more(&mut self) {
        let mut started = Vec::new();
        let look_ups = &mut self.look_ups;
        for pending in &mut look_ups.pending {
            let room = AT_A_TIME.saturating_sub(pending.under_way().count());
            let waiting = pending.finds.iter_mut().filter(|find| matches!(find, Find::Waiting(_)));
            for find in waiting.take(room) {
                look_ups.next += 1;
                let id = LookUpId(look_ups.next);
                if let Find::Waiting(query) = core::mem::replace(find, Find::UnderWay(id)) {
                    started.push(GuildOutput::LookUp { id, query, asker: pending.request.requested_by });
                }
            }
        }
        started.into_iter().for_each(|output| self.say(output));
    }

    pub(super) fn looked_up(&mut self, id: LookUpId, result: Result<TrackInfo, SourceFailure>, asker: AskerChannel) {
        if let Err(failure) = &result {
            self.note(Observation::LookUpFailed { id, failure: failure.clone() });
        }
        for pending in &mut self.look_ups.pending {
            for find in &mut pending.finds {
                if matches!(find, Find::UnderWay(under_way) if *under_way == id) {
                    *find = match result {
                        Ok(info) => Find::Found(Box::new(info)),
                        Err(failure) => Find::Failed(failure),
                    };
                    pending.asker = asker;
                    self.look_up_more();
                    return self.settle_look_ups();
                }
            }
        }
    }

    /// Plays go into the queue in the order in which members asked, as soon as they are found.
    pub(super) fn settle_look_ups(&mut self) {
        let now = self.now();
        for pending in &mut self.look_ups.pending {
            if pending.is_done() {
                pending.done_at.get_or_insert(now);
            }
        }
        loop {
            let due = |p: &Pending| p.done_at.is_some_and(|at| now.since(at) >= ORDER);
            let pending = &self.look_ups.pending;
            let first_is_done = pending.front().is_some_and(|p| p.done_at.is_some());
            let index = if first_is_done { Some(0) } else { pending.iter().position(due) };
            let Some(found) = index.and_then(|index| self.look_ups.pending.remove(index)) else { return };
            self.found(found);
        }
    }

    /// Look-ups that took as long as an answer can wait are given up.
    pub(super) fn look_ups_time_out(&mut self) {
        let now = self.now();
        let late = |p: &Pending| p.done_at.is_none() && now.since(p.asked_at) >= DEADLINE;
        let (late, rest) = core::mem::take(&mut self.look_ups.pending).into_iter().partition(late);
        self.look_ups.pending = rest;
        self.give_up(late, &CommandError::LookUpTimedOut);
        self.settle_look_ups();
    }

    /// `/stop`, `/disconnect` and the end of the process reach what is being looked up. How many plays that were.
    pub(super) fn end_look_ups(&mut self, why: &CommandError) -> usize {
        let all = core::mem::take(&mut self.look_ups.pending);
        let count = all.len();
        self.give_up(all, why);
        count
    }

    fn give_up(&mut self, plays: VecDeque<Pending>, error: &CommandError) {
        for pending in plays {
            for id in pending.under_way() {
                self.say(GuildOutput::CancelLookUp { id });
            }
            self.answer(pending.command, Err(error.clone()));
        }
    }

    /// Everything of a play is looked up: it goes into the queue, and the bot comes to the member who asked.
    fn found(&mut self, pending: Pending) {
        let Pending { command, request, many, finds, asker, .. } = pending;
        let (mut found, mut failed, wanted) = (Vec::new(), None, finds.len());
        for find in finds {
            match find {
                Find::Found(info) => found.push(*info),
                Find::Failed(failure) => failed = Some(failure),
                Find::Waiting(_) | Find::UnderWay(_) => {}
            }
        }
        if found.is_empty() {
            // A play without a query asks for nothing.
            let error = failed.map_or(CommandError::NothingPlaying, CommandError::Source);
            return self.answer(command, Err(error));
        }
        let channel = match self.channel_to_join(&request, asker) {
            Ok(channel) => channel,
            Err(error) => return self.answer(command, Err(error)),
        };
        if many {
            let left_out = wanted.saturating_sub(found.len());
            self.add_all(command, found, left_out, &request, channel);
        } else if let Some(info) = found.into_iter().next() {
            self.add(command, info, &request, channel);
        }
    }

    /// The channel that the bot joins for this play; `None`: it stays where it is.
    fn channel_to_join(&self, request: &PlayRequest, asker: AskerChannel) -> Result<Option<ChannelId>, CommandError> {
        let there = self.recovery.intent();
        let (channel, open) = match asker {
            AskerChannel::Unknown => (request.voice_channel, true),
            AskerChannel::In { channel, open } => (channel, open),
            // The bot plays on where it is; only a bot that would have to join needs to know where.
            AskerChannel::Nowhere if there.is_some() => return Ok(None),
            AskerChannel::Nowhere => return Err(CommandError::AskerLeft),
        };
        match there {
            Some(there) if there == channel => Ok(None),
            // Alone in its own channel it comes to the member; otherwise it stays with those who listen.
            Some(_) if self.listeners() != Some(0) => Ok(None),
            Some(_) if !open => Ok(None),
            Some(_) | None if open => Ok(Some(channel)),
            Some(_) | None => Err(CommandError::NoAccess { channel, missing: None }),
        }
    }

    fn add(&mut self, command: CommandId, info: TrackInfo, request: &PlayRequest, channel: Option<ChannelId>) {
        let was = self.queue.current().map(|track| track.id);
        match self.queue.add(info, request.requested_by, request.requested_in, request.place) {
            Err(error) => self.answer(command, Err(error.into())),
            Ok(added) => {
                self.asked_for_music(request, channel);
                if added.position == 0 {
                    self.current_changed(was);
                    self.wait_for_sound(command);
                } else {
                    self.play_what_is_there();
                    let played = Played { track: added.track, position: added.position, delayed: None };
                    self.answer(command, Ok(Answer::Played(played)));
                }
            }
        }
    }

    fn add_all(
        &mut self,
        command: CommandId,
        infos: Vec<TrackInfo>,
        left_out: usize,
        request: &PlayRequest,
        channel: Option<ChannelId>,
    ) {
        let was = self.queue.current().map(|track| track.id);
        match self.queue.add_all(infos, request.requested_by, request.requested_in, request.place) {
            Err(error) => self.answer(command, Err(error.into())),
            Ok(added) => {
                self.asked_for_music(request, channel);
                if added.position == 0 {
                    self.current_changed(was);
                } else {
                    self.play_what_is_there();
                }
                let left_out = left_out.saturating_add(added.left_out);
                let answer = PlayedAll { tracks: added.tracks, position: added.position, left_out };
                self.answer(command, Ok(Answer::PlayedAll(answer)));
            }
        }
    }

    /// What was added is current: it begins.
    fn current_changed(&mut self, was: Option<refrain_model::TrackId>) {
        if self.queue.current().map(|track| track.id) != was || self.playback.is_none() {
            self.paused = false;
            self.play_current();
        }
    }

    fn wait_for_sound(&mut self, command: CommandId) {
        let since = self.now();
        match &mut self.playback {
            Some(playback) => playback.waiting.push(crate::source::Waiter { command, since }),
            None => self.answer(command, Err(CommandError::Removed)),
        }
    }

    /// A bot that is in a channel, or on its way back to it, stays there; one that is alone in it, or out of voice, comes.
    fn asked_for_music(&mut self, request: &PlayRequest, channel: Option<ChannelId>) {
        self.text_channel = Some(request.requested_in);
        self.panel.try_channel(request.requested_in);
        // What would have come back after a restart gives way to who is there.
        self.restoring = None;
        if let Some(channel) = channel {
            if self.recovery.intent().is_none() {
                self.has_played = false;
            }
            self.wish(Intent::Join { channel });
        }
    }
}
