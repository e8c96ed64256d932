//! When which request may be sent, as a value: no socket, no clock.
//!
//! 1. A request is to be sent: [`RateLimiter::ask`] gives it a ticket.
//! 2. Call [`RateLimiter::next`] until it gives nothing: each ticket that it gives is sent now.
//! 3. Sleep until [`RateLimiter::wake_up`], or until something happens, and go to 2.
//! 4. An answer came, or none will: [`RateLimiter::answered`]. A ticket that is to be sent once more, because it was told to
//!    wait or because it failed, is asked for with [`RateLimiter::again`] and keeps its place before those of later.
//!
//! What is known of a limit comes from Discord's answers alone. Until the first answer of a route and resource, one request of
//! it is under way at a time.

use crate::{
    BucketState, Limited, Route, Scope,
    bucket::{Bucket, Opens},
    route::Resource,
};
use refrain_model::Moment;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// Discord's limit for all requests of a bot together, and the time that it is counted in: a second, and a quarter for requests
/// that a slow network or a busy machine brings closer together.
const GLOBAL_LIMIT: usize = 50;
const GLOBAL_WINDOW: Duration = Duration::from_millis(1250);
/// How often idle buckets are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// A request that waits or is under way. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Discord's name of a bucket where it has told one, otherwise the route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum BucketName {
    Told(String),
    Route(String),
}

type Key = (BucketName, Resource);

#[derive(Debug)]
struct Asked {
    route: Route,
    key: Key,
    /// Whether it counts for the global limit.
    counted: bool,
    not_before: Moment,
}

/// When which request may be sent. See the module's documentation for the loop around it.
#[derive(Debug, Default)]
pub struct RateLimiter {
    last_ticket: u64,
    asked: BTreeMap<Ticket, Asked>,
    buckets: BTreeMap<Key, Bucket>,
    /// Discord's name for a route's bucket.
    names: BTreeMap<String, String>,
    /// Buckets that let a request go, by their first one: those that the global limit counts, and the others.
    ready: [BTreeMap<Ticket, Key>; 2],
    /// Which request of a bucket stands in `ready`.
    first: BTreeMap<Key, Ticket>,
    /// When a bucket is to be looked at again.
    due: BTreeSet<(Moment, Key)>,
    /// When the latest requests were sent that the global limit counts.
    sent: VecDeque<Moment>,
    /// Told to wait altogether: what the global limit counts, and everything.
    paused_until: Moment,
    shut_out_until: Moment,
    swept: Moment,
}

impl RateLimiter {
    /// Takes a request into the queue. `counted`: whether Discord's global limit counts it; answers to interactions are not.
    pub fn ask(&mut self, route: Route, counted: bool, now: Moment) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let key = self.key(&route);
        self.asked.insert(ticket, Asked { route, key: key.clone(), counted, not_before: now });
        self.buckets.entry(key.clone()).or_default().waiting.insert(ticket);
        self.look_at(&key, now);
        ticket
    }

    /// Gives the next request that is sent now.
    pub fn next(&mut self, now: Moment) -> Option<Ticket> {
        self.sweep(now);
        while let Some((at, key)) = self.due.first().cloned().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, key.clone()));
            self.look_at(&key, now);
        }
        if now < self.shut_out_until {
            return None;
        }
        let counted = self.ready[0].first_key_value().filter(|_| self.global_opens() <= now);
        let free = self.ready[1].first_key_value();
        // Answers to interactions first: Discord waits for them for 3 s.
        let (ticket, key) = free.or(counted).map(|(ticket, key)| (*ticket, key.clone()))?;
        if self.asked.get(&ticket).is_some_and(|asked| asked.counted) {
            self.sent.push_back(now);
            if self.sent.len() > GLOBAL_LIMIT {
                self.sent.pop_front();
            }
        }
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.waiting.remove(&ticket);
            bucket.under_way += 1;
        }
        self.look_at(&key, now);
        Some(ticket)
    }

    /// When [`next`](Self::next) may give something, if nothing happens before.
    #[must_use]
    pub fn wake_up(&self) -> Option<Moment> {
        let counted = (!self.ready[0].is_empty()).then(|| self.global_opens());
        let free = (!self.ready[1].is_empty()).then_some(Moment::ZERO);
        let due = self.due.first().map(|(at, _)| *at);
        let first = [counted, free, due].into_iter().flatten().min()?;
        Some(first.max(self.shut_out_until))
    }

    /// A request that was sent is answered, or will not be. `told`: what the answer says of the bucket; `limited`: that it came
    /// too often. The ticket is over, unless [`again`](Self::again) follows.
    pub fn answered(&mut self, ticket: Ticket, told: Option<&BucketState>, limited: Option<Limited>, now: Moment) {
        let Some(asked) = self.asked.get(&ticket) else { return };
        let (key, template) = (asked.key.clone(), asked.route.template.clone());
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.under_way = bucket.under_way.saturating_sub(1);
        }
        let key = match told.and_then(|told| told.name.clone()) {
            Some(name) => self.rename(key, template, name),
            None => key,
        };
        let bucket = self.buckets.entry(key.clone()).or_default();
        if let Some(told) = told {
            bucket.learn(told, now);
        }
        if let Some(Limited { scope, retry_after }) = limited {
            let until = now + retry_after;
            match scope {
                Scope::User | Scope::Shared => bucket.block(until),
                Scope::Global => self.paused_until = self.paused_until.max(until),
                Scope::Address => self.shut_out_until = self.shut_out_until.max(until),
            }
        }
        if let Some(asked) = self.asked.get_mut(&ticket) {
            asked.key = key.clone();
        }
        self.look_at(&key, now);
    }

    /// Asks once more for a request that was answered, not before the given moment.
    pub fn again(&mut self, ticket: Ticket, not_before: Moment, now: Moment) {
        let Some(asked) = self.asked.get_mut(&ticket) else { return };
        asked.not_before = not_before;
        let key = asked.key.clone();
        self.buckets.entry(key.clone()).or_default().waiting.insert(ticket);
        self.look_at(&key, now);
    }

    /// The request is over: answered for good, or nobody wants it any more. `under_way`: it was sent and not yet answered.
    pub fn forget(&mut self, ticket: Ticket, under_way: bool, now: Moment) {
        let Some(asked) = self.asked.remove(&ticket) else { return };
        if let Some(bucket) = self.buckets.get_mut(&asked.key) {
            bucket.waiting.remove(&ticket);
            if under_way {
                bucket.under_way = bucket.under_way.saturating_sub(1);
            }
        }
        self.look_at(&asked.key, now);
    }

    /// Requests that wait or are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether nothing waits or is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    fn key(&self, route: &Route) -> Key {
        let name = self.names.get(&route.template).cloned();
        let name = name.map_or_else(|| BucketName::Route(route.template.clone()), BucketName::Told);
        (name, route.resource.clone())
    }

    fn global_opens(&self) -> Moment {
        let window = self.sent.front().filter(|_| self.sent.len() >= GLOBAL_LIMIT);
        window.map_or(Moment::ZERO, |oldest| *oldest + GLOBAL_WINDOW).max(self.paused_until)
    }

    /// Puts a bucket where it belongs: among the ready ones, among those that are due later, or nowhere.
    fn look_at(&mut self, key: &Key, now: Moment) {
        if let Some(first) = self.first.remove(key) {
            self.ready.iter_mut().for_each(|ready| drop(ready.remove(&first)));
        }
        let Some(bucket) = self.buckets.get(key) else { return };
        // A request that waits after a failure lets later ones pass.
        let not_before = |ticket: &Ticket| self.asked.get(ticket).map_or(Moment::ZERO, |asked| asked.not_before);
        let Some(ticket) = bucket.waiting.iter().copied().find(|ticket| not_before(ticket) <= now) else {
            if let Some(at) = bucket.waiting.iter().map(not_before).min() {
                self.due.insert((at, key.clone()));
            }
            return;
        };
        match bucket.opens(now) {
            Opens::Now => {
                let counted = self.asked.get(&ticket).is_some_and(|asked| asked.counted);
                self.ready[usize::from(!counted)].insert(ticket, key.clone());
                self.first.insert(key.clone(), ticket);
            }
            Opens::At(at) => {
                self.due.insert((at, key.clone()));
            }
            Opens::WithAnswer => {}
        }
    }

    /// Discord has told the name of a route's bucket: what waits for the route waits for the bucket, of every resource.
    fn rename(&mut self, key: Key, template: String, name: String) -> Key {
        let told = (BucketName::Told(name.clone()), key.1.clone());
        if told == key {
            return key;
        }
        let old = key.0;
        self.names.insert(template, name);
        let moved: Vec<Key> = self.buckets.keys().filter(|(one, _)| *one == old).cloned().collect();
        for from in moved {
            let to = (told.0.clone(), from.1.clone());
            if let Some(first) = self.first.remove(&from) {
                self.ready.iter_mut().for_each(|ready| drop(ready.remove(&first)));
            }
            if let Some(bucket) = self.buckets.remove(&from) {
                self.buckets.entry(to.clone()).or_default().merge(bucket);
            }
            self.asked.values_mut().filter(|asked| asked.key == from).for_each(|asked| asked.key = to.clone());
            // The wake-up of before is about nothing now.
            self.due.retain(|(_, key)| *key != from);
            self.due.insert((Moment::ZERO, to));
        }
        told
    }

    /// Forgets buckets whose window is over and that nothing waits for: each interaction has one of its own.
    fn sweep(&mut self, now: Moment) {
        if now.since(self.swept) < SWEEP_EVERY {
            return;
        }
        self.swept = now;
        self.buckets.retain(|_, bucket| bucket.is_idle_from().is_none_or(|from| now < from));
    }
}
