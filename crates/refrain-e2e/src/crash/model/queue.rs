//! What the commands do to the songs, as docs/commands.md tells people.

use super::{Guild, Looping, Place, Song};

/// How many songs a history remembers.
const HISTORY: usize = 50;

impl Guild {
    /// A song that was asked for comes after so many of the upcoming ones: none of them, or all. It plays at once where
    /// nothing else does.
    pub(super) fn add(&mut self, song: Song, after: usize, asked_ms: f64) {
        self.before = None;
        if self.current.is_none() {
            self.current = Some(song);
            self.begins(asked_ms);
        } else {
            self.upcoming.insert(after, song);
            if let Some(order) = &mut self.true_order {
                order.insert(if after == 0 { 0 } else { order.len() }, song);
            }
            // A queue that was kept while the bot was away goes on with who asks.
            self.paused &= self.in_voice;
        }
        self.in_voice = true;
    }

    /// The next song takes the place of the current one, which enters the history whatever is looped.
    pub(super) fn interrupt_for(&mut self, song: Song, asked_ms: f64) {
        if self.current != Some(song) {
            let interrupted = self.current.take();
            interrupted.into_iter().for_each(|song| self.remember(song));
            self.settle();
            self.begins(asked_ms);
        }
    }

    pub(super) fn skip(&mut self, count: usize, asked_ms: f64) {
        let Some(current) = self.current.take() else { return };
        self.before = None;
        let unheard: Vec<Song> = self.upcoming.drain(..(count - 1).min(self.upcoming.len())).collect();
        // What is upcoming again goes to the end of the order to go back to, too.
        self.forget_what_has_gone();
        if self.looping == Looping::Queue {
            for song in [current].into_iter().chain(unheard) {
                self.append(song);
            }
        } else {
            self.remember(current);
        }
        self.settle();
        self.begins(asked_ms);
    }

    pub(super) fn previous(&mut self, asked_ms: f64) {
        if self.history.is_empty() {
            return;
        }
        self.before = None;
        let back = self.history.remove(0);
        if let Some(current) = self.current.replace(back) {
            self.upcoming.insert(0, current);
            if let Some(order) = &mut self.true_order {
                order.insert(0, current);
            }
        }
        self.begins(asked_ms);
    }

    /// `/stop`: all of it, and the current song enters the history.
    pub(super) fn take_all(&mut self) {
        let before = self.clone();
        if let Some(current) = self.current.take() {
            self.upcoming.clear();
            self.remember(current);
            self.removed(before);
            self.looping = Looping::Off;
        }
    }

    pub(super) fn remove(&mut self, position: usize, count: usize) {
        if position > self.upcoming.len() || count == 0 {
            return;
        }
        let before = self.clone();
        self.upcoming.drain(position - 1..(position - 1 + count).min(self.upcoming.len()));
        self.removed(before);
    }

    /// What a removal that was the last thing to change the queue took is back.
    pub(super) fn undo(&mut self, asked_ms: f64) {
        let Some(before) = self.before.take() else { return };
        let was_silent = self.current.is_none();
        self.current = before.current;
        self.upcoming = before.upcoming;
        self.true_order = before.true_order;
        if was_silent {
            self.history.retain(|song| Some(*song) != before.current);
            self.place = Place::Put { at_ms: 0.0, asked_ms };
        }
    }

    pub(super) fn move_song(&mut self, from: usize, to: usize) {
        if from <= self.upcoming.len() && to <= self.upcoming.len() {
            self.before = None;
            let song = self.upcoming.remove(from - 1);
            self.upcoming.insert(to - 1, song);
        }
    }

    pub(super) fn shuffle(&mut self) {
        if let Some(order) = self.true_order.take() {
            self.before = None;
            self.upcoming = order;
            self.order_unread = false;
        } else if !self.upcoming.is_empty() {
            self.before = None;
            self.true_order = Some(self.upcoming.clone());
            self.order_unread = true;
        }
    }

    /// The current song plays from its beginning.
    pub(super) const fn begins(&mut self, asked_ms: f64) {
        self.paused = false;
        self.place = Place::Put { at_ms: 0.0, asked_ms };
    }

    fn append(&mut self, song: Song) {
        self.upcoming.push(song);
        if let Some(order) = &mut self.true_order {
            order.push(song);
        }
    }

    fn remember(&mut self, song: Song) {
        self.history.insert(0, song);
        self.history.truncate(HISTORY);
    }

    fn removed(&mut self, before: Self) {
        self.before = Some(Box::new(Self { before: None, ..before }));
        self.settle();
    }

    /// Something plays where there is something to play, and the order to go back to names what is upcoming only.
    fn settle(&mut self) {
        if self.current.is_none() && !self.upcoming.is_empty() {
            self.current = Some(self.upcoming.remove(0));
        }
        self.forget_what_has_gone();
        self.true_order.take_if(|order| order.is_empty());
        self.order_unread &= self.true_order.is_some();
    }

    fn forget_what_has_gone(&mut self) {
        if let Some(order) = &mut self.true_order {
            order.retain(|song| self.upcoming.contains(song));
        }
    }
}
