//! A queue as somebody would keep it with pen and paper: one list of what is to be heard, the current one first, and
//! everything else done by looking through lists. Slow, and too simple to be wrong in the same way as the real one.

use refrain_model::{LoopMode, QueueSnapshot, Track, TrackId};
use refrain_queue::{Limits, Place};
use std::sync::Arc;

/// A line on the paper: a track's number and the song that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) title: String,
}

impl From<&Arc<Track>> for Item {
    fn from(track: &Arc<Track>) -> Self {
        Self { id: track.id.0, title: track.info.title.clone() }
    }
}

pub(crate) fn items<'a>(tracks: impl IntoIterator<Item = &'a Arc<Track>>) -> Vec<Item> {
    tracks.into_iter().map(Item::from).collect()
}

/// What the last clear or remove took.
#[derive(Clone, Debug)]
struct Taken {
    playing: Option<Item>,
    waiting: Vec<Item>,
    /// The upcoming numbers before it, as they would have played, and in their true order.
    line: Vec<u64>,
    order: Option<Vec<u64>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) limits: Limits,
    pub(crate) next: u64,
    /// Still to be heard, the current one first.
    pub(crate) line: Vec<Item>,
    /// Was current once, the most recent first.
    pub(crate) heard: Vec<Item>,
    pub(crate) looping: LoopMode,
    pub(crate) order: Option<Vec<u64>>,
    taken: Option<Taken>,
}

fn numbers(items: &[Item]) -> Vec<u64> {
    items.iter().map(|item| item.id).collect()
}

/// Puts `new` behind the nearest predecessor that it had in `then` and that is in `list`, or at the front.
fn put_behind_neighbour(list: &mut Vec<u64>, then: &[u64], new: u64) {
    let place = then.iter().position(|id| *id == new).expect("it was there");
    let neighbour = then[..place].iter().rev().find_map(|old| list.iter().position(|id| id == old));
    list.insert(neighbour.map_or(0, |index| index + 1), new);
}

impl Model {
    pub(crate) fn of(snapshot: &QueueSnapshot, limits: Limits) -> Self {
        Self {
            limits,
            next: snapshot.next_id,
            line: items(snapshot.current.iter().chain(&snapshot.upcoming)),
            heard: items(&snapshot.history),
            looping: snapshot.looping,
            order: snapshot.true_order.as_ref().map(|order| order.iter().map(|id| id.0).collect()),
            taken: None,
        }
    }

    pub(crate) fn waiting(&self) -> &[Item] {
        self.line.get(1..).unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn again(&mut self, item: &Item) -> Item {
        Item { id: self.number(), title: item.title.clone() }
    }

    fn hear(&mut self, item: Item) {
        self.heard.insert(0, item);
        self.heard.truncate(self.limits.max_history);
    }

    /// Inserts into the line, and into the true order at its front or end.
    fn put(&mut self, at_front: bool, item: Item) {
        let (place, order) = (if at_front { 1.min(self.line.len()) } else { self.line.len() }, self.order.as_mut());
        if let Some(order) = order {
            order.insert(if at_front { 0 } else { order.len() }, item.id);
        }
        self.line.insert(place, item);
        self.tidy();
    }

    /// The true order is about what waits, and only while something does.
    fn tidy(&mut self) {
        let waiting = numbers(self.waiting());
        self.order = self.order.take().map(|order| order.into_iter().filter(|id| waiting.contains(id)).collect());
        if waiting.is_empty() {
            self.order = None;
        }
    }

    /// Adds these; the number of those that found room.
    pub(crate) fn add(&mut self, titles: &[String], place: Place) -> usize {
        let leaves = usize::from(place == Place::Now && !self.line.is_empty());
        let taken = titles.len().min(self.limits.max_tracks - (self.line.len() - leaves).min(self.limits.max_tracks));
        let new: Vec<Item> =
            titles[..taken].iter().map(|title| Item { id: self.number(), title: title.clone() }).collect();
        if new.is_empty() {
            return 0;
        }
        match place {
            Place::End => new.into_iter().for_each(|item| self.put(false, item)),
            Place::Next if self.line.is_empty() => new.into_iter().for_each(|item| self.put(false, item)),
            Place::Next => new.into_iter().rev().for_each(|item| self.put(true, item)),
            Place::Now => {
                if leaves == 1 {
                    let interrupted = self.line[0].clone();
                    self.line[0] = new[0].clone();
                    self.hear(interrupted);
                } else {
                    self.line.push(new[0].clone());
                }
                new.into_iter().skip(1).rev().for_each(|item| self.put(true, item));
            }
        }
        taken
    }

    pub(crate) fn finish(&mut self, id: u64, failed: bool) {
        if self.line.first().is_none_or(|item| item.id != id) {
            return;
        }
        let ended = self.line[0].clone();
        match self.looping {
            LoopMode::Track if !failed => self.line[0] = self.again(&ended),
            LoopMode::Queue if !failed => {
                let again = self.again(&ended);
                self.put(false, again);
                self.line.remove(0);
            }
            LoopMode::Off | LoopMode::Track | LoopMode::Queue => {
                self.line.remove(0);
                self.hear(ended);
            }
        }
        self.tidy();
    }

    pub(crate) fn skip(&mut self, count: usize) -> Vec<Item> {
        let gone = self.line[..count.min(self.line.len())].to_vec();
        for item in &gone {
            if self.looping == LoopMode::Queue {
                let again = self.again(item);
                self.put(false, again);
            }
            self.line.remove(0);
            self.tidy();
        }
        if self.looping != LoopMode::Queue && !gone.is_empty() {
            self.hear(gone[0].clone());
        }
        gone
    }

    /// Goes back; false without room.
    pub(crate) fn previous(&mut self) -> bool {
        if self.line.len() >= self.limits.max_tracks {
            return false;
        }
        let played = self.heard.remove(0);
        if let Some(taken) = &mut self.taken
            && taken.playing.as_ref().is_some_and(|item| item.id == played.id)
        {
            taken.playing = None;
            if taken.waiting.is_empty() {
                self.taken = None;
            }
        }
        if !self.line.is_empty() {
            let interrupted = self.line[0].clone();
            let later = self.again(&interrupted);
            self.put(true, later);
            self.line.remove(0);
        }
        let back = self.again(&played);
        self.line.insert(0, back);
        true
    }

    pub(crate) fn restart(&mut self) {
        if !self.line.is_empty() {
            self.line[0] = self.again(&self.line[0].clone());
        }
    }

    pub(crate) fn move_track(&mut self, from: usize, to: usize) {
        let item = self.line.remove(from);
        self.line.insert(to, item);
    }

    /// Takes what is in this range of the line, where 0 is the current one.
    pub(crate) fn take(&mut self, range: std::ops::Range<usize>) -> Vec<Item> {
        let before = (numbers(self.waiting()), self.order.clone());
        let with_current = range.start == 0;
        let gone: Vec<Item> = self.line.drain(range).collect();
        if !gone.is_empty() {
            let (playing, waiting) = gone.split_at(usize::from(with_current));
            if let Some(playing) = playing.first() {
                self.hear(playing.clone());
            }
            self.taken = Some(Taken {
                playing: playing.first().cloned(),
                waiting: waiting.to_vec(),
                line: before.0,
                order: before.1,
            });
        }
        self.tidy();
        gone
    }

    /// Notes the order that the real queue chose.
    pub(crate) fn shuffle(&mut self, chosen: &[u64]) {
        let waiting = self.waiting().to_vec();
        if waiting.is_empty() {
            return;
        }
        self.order = self.order.take().or_else(|| Some(numbers(&waiting)));
        self.arrange(chosen, &waiting);
    }

    pub(crate) fn unshuffle(&mut self) {
        if let Some(order) = self.order.take() {
            let waiting = self.waiting().to_vec();
            self.arrange(&order, &waiting);
            if let Some(taken) = &mut self.taken
                && let Some(order) = taken.order.take()
            {
                taken.line = order;
            }
        }
    }

    /// Puts these tracks behind the current one in this order.
    fn arrange(&mut self, order: &[u64], tracks: &[Item]) {
        self.line.truncate(1);
        for id in order {
            self.line.extend(tracks.iter().find(|item| item.id == *id).cloned());
        }
    }

    pub(crate) fn can_undo(&self) -> bool {
        self.taken.is_some()
    }

    /// What comes back, and how many do not; `None` without room.
    pub(crate) fn undo(&mut self) -> Option<(Vec<Item>, usize)> {
        let room = self.limits.max_tracks - self.line.len();
        if room == 0 {
            return None;
        }
        let taken = self.taken.take()?;
        let fit = (room - usize::from(taken.playing.is_some())).min(taken.waiting.len());
        let back = &taken.waiting[..fit];
        let idle = self.line.is_empty();

        let mut line = numbers(self.waiting());
        let mut order = self.order.clone().or_else(|| taken.order.is_some().then(|| line.clone()));
        for id in taken.line.iter().filter(|id| numbers(back).contains(id)) {
            put_behind_neighbour(&mut line, &taken.line, *id);
        }
        let then = taken.order.as_ref().unwrap_or(&taken.line);
        for id in then.iter().filter(|id| numbers(back).contains(id)) {
            order.iter_mut().for_each(|order| put_behind_neighbour(order, then, *id));
        }
        let mut tracks = self.waiting().to_vec();
        tracks.extend(back.iter().cloned());
        if idle {
            // A place for what plays, for as long as the others are put in order.
            self.line.push(Item { id: u64::MAX, title: String::new() });
        }
        self.arrange(&line, &tracks);
        self.order = order;

        let mut restored = Vec::new();
        if let Some(playing) = &taken.playing {
            self.heard.retain(|item| item.id != playing.id);
            let again = self.again(playing);
            restored.push(again.clone());
            self.put(true, again);
        }
        if idle {
            self.line.remove(0);
        }
        self.tidy();
        restored.extend(back.iter().cloned());
        Some((restored, taken.waiting.len() - fit))
    }

    pub(crate) fn forget_undo(&mut self) {
        self.taken = None;
    }

    pub(crate) fn true_order(&self) -> Option<Vec<TrackId>> {
        self.order.as_ref().map(|order| order.iter().copied().map(TrackId).collect())
    }
}
