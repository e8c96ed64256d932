//! Who gets the next place: a pure value, without IO and clock.
//!
//! A place is the right to run one yt-dlp. Requests wait in two lines, one for each [`Purpose`]. Within a line the guilds
//! take turns, and a guild's own requests keep their order. Between the lines, tracks that are to play come first, within
//! two limits that keep each line moving:
//!
//! - look-ups never hold all places (where there is more than one), so a track that is to play never waits behind
//!   look-ups alone;
//! - of [`LOOK_UP_SHARE`] places given out in a row at least one goes to a look-up, while one waits and look-ups hold
//!   fewer places than they may.

use crate::Purpose;
use refrain_model::GuildId;
use std::collections::{BTreeMap, VecDeque};

/// While a look-up waits, at least one of so many places given out in a row is a look-up's.
pub(crate) const LOOK_UP_SHARE: usize = 4;

/// A request's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(u64);

/// The guild has as many requests of this purpose waiting as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineFull;

/// Who waits and what is taken.
#[derive(Debug)]
pub(crate) struct Schedule {
    places: usize,
    next_ticket: u64,
    play: Line,
    look_up: Line,
    /// Places given to tracks that are to play, in a row, while a look-up waited.
    passed_over: usize,
    taken_by_play: usize,
    taken_by_look_ups: usize,
}

impl Schedule {
    /// With so many places; none counts as one.
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places: places.max(1),
            next_ticket: 0,
            play: Line::default(),
            look_up: Line::default(),
            passed_over: 0,
            taken_by_play: 0,
            taken_by_look_ups: 0,
        }
    }

    /// A request begins to wait.
    pub(crate) fn ask(&mut self, guild: GuildId, purpose: Purpose) -> Result<Ticket, LineFull> {
        let ticket = Ticket(self.next_ticket);
        self.line(purpose).push(guild, ticket, purpose.max_waiting())?;
        self.next_ticket += 1;
        Ok(ticket)
    }

    /// A request does not wait any more. Nothing happens when it has its place already, or has gone.
    pub(crate) fn withdraw(&mut self, guild: GuildId, purpose: Purpose, ticket: Ticket) {
        self.line(purpose).remove(guild, ticket);
        if self.look_up.is_empty() {
            self.passed_over = 0;
        }
    }

    /// Gives the next place out, if one is free and a request may have it. To be asked until it says `None`.
    pub(crate) fn next(&mut self) -> Option<(Ticket, Purpose)> {
        if self.taken_by_play + self.taken_by_look_ups >= self.places {
            return None;
        }
        let may_look_up = !self.look_up.is_empty() && self.taken_by_look_ups < self.look_up_places();
        let owed = may_look_up && self.passed_over + 1 >= LOOK_UP_SHARE;
        if !owed && let Some(ticket) = self.play.pop() {
            self.taken_by_play += 1;
            self.passed_over = if self.look_up.is_empty() { 0 } else { self.passed_over + 1 };
            return Some((ticket, Purpose::Play));
        }
        let ticket = may_look_up.then(|| self.look_up.pop()).flatten()?;
        self.taken_by_look_ups += 1;
        self.passed_over = 0;
        Some((ticket, Purpose::LookUp))
    }

    /// A place is free again.
    pub(crate) fn free(&mut self, purpose: Purpose) {
        let taken = match purpose {
            Purpose::Play => &mut self.taken_by_play,
            Purpose::LookUp => &mut self.taken_by_look_ups,
        };
        *taken = taken.saturating_sub(1);
    }

    /// How many places look-ups may hold at a time.
    fn look_up_places(&self) -> usize {
        self.places.saturating_sub(1).max(1)
    }

    fn line(&mut self, purpose: Purpose) -> &mut Line {
        match purpose {
            Purpose::Play => &mut self.play,
            Purpose::LookUp => &mut self.look_up,
        }
    }
}

/// Requests of one purpose.
#[derive(Debug, Default)]
struct Line {
    /// The guilds with requests waiting, each once, the next one first.
    turns: VecDeque<GuildId>,
    /// What each of them waits for, oldest first; never empty.
    waiting: BTreeMap<GuildId, VecDeque<Ticket>>,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    fn push(&mut self, guild: GuildId, ticket: Ticket, max: usize) -> Result<(), LineFull> {
        let waiting = self.waiting.entry(guild).or_default();
        if waiting.len() >= max {
            return Err(LineFull);
        }
        if waiting.is_empty() {
            self.turns.push_back(guild);
        }
        waiting.push_back(ticket);
        Ok(())
    }

    fn pop(&mut self) -> Option<Ticket> {
        let guild = self.turns.pop_front()?;
        let waiting = self.waiting.get_mut(&guild)?;
        let ticket = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&guild);
        } else {
            self.turns.push_back(guild);
        }
        ticket
    }

    fn remove(&mut self, guild: GuildId, ticket: Ticket) {
        let Some(waiting) = self.waiting.get_mut(&guild) else { return };
        waiting.retain(|waits| *waits != ticket);
        if waiting.is_empty() {
            self.waiting.remove(&guild);
            self.turns.retain(|turn| *turn != guild);
        }
    }
}
