//! The limiter against the counting Discord: random requests, random answers, random ways.

use crate::model::{Discord, GLOBAL, Kind};
use proptest::prelude::*;
use refrain_model::Moment;
use refrain_rest::{Limited, RateLimiter, Route, Scope, Ticket};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const EDIT: &str = "channels/#/messages/77";
const CROSSPOST: &str = "channels/#/messages/77/crosspost";

const fn kind(
    path: &'static str,
    sharing: &'static [&'static str],
    bucket: &'static str,
    limit: u32,
    window_ms: u64,
) -> Kind {
    Kind { path, bucket, sharing, limit, window: Duration::from_millis(window_ms) }
}

/// Two of them share a bucket.
const KINDS: [Kind; 6] = [
    kind("channels/#/messages", &["channels/#/messages"], "messages", 5, 5_000),
    kind(EDIT, &[EDIT, CROSSPOST], "edits", 5, 5_000),
    kind(CROSSPOST, &[EDIT, CROSSPOST], "edits", 5, 5_000),
    kind("guilds/#/members/3", &["guilds/#/members/3"], "members", 10, 10_000),
    kind("interactions/#/token/callback", &["interactions/#/token/callback"], "callback", 1, 1_000),
    kind("webhooks/#/token/messages/@original", &["webhooks/#/token/messages/@original"], "answers", 5, 2_000),
];

const SCOPES: [Scope; 4] = [Scope::User, Scope::Shared, Scope::Global, Scope::Address];

/// splitmix64
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }
}

/// What happens next, in order of time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Asks,
    Arrives { ticket: Ticket, sent: (Moment, u64) },
    Answered { ticket: Ticket },
}

struct Run {
    dice: Dice,
    now: Moment,
    limiter: RateLimiter,
    discord: Discord,
    events: BTreeSet<(Moment, u64, Event)>,
    serial: u64,
    requests: BTreeMap<Ticket, (usize, u64)>,
    answers: BTreeMap<Ticket, (Option<refrain_rest::BucketState>, Option<Limited>)>,
    /// One request in so many gets an ordered 429; none with 0.
    troubles: u64,
    /// The longest way of a request or an answer beyond the shortest.
    spread_ms: u64,
    done: usize,
}

impl Run {
    fn new(seed: u64, asked: u64, resources: u64, troubles: u64, spread_ms: u64) -> Self {
        let mut run = Self {
            dice: Dice(seed),
            now: Moment::ZERO,
            limiter: RateLimiter::default(),
            discord: Discord::default(),
            events: BTreeSet::new(),
            serial: 0,
            requests: BTreeMap::new(),
            answers: BTreeMap::new(),
            troubles,
            spread_ms,
            done: 0,
        };
        for _ in 0..asked {
            let at = Moment::from_millis(run.dice.below(20_000));
            run.push(at, Event::Asks);
        }
        run.go(resources);
        run
    }

    fn push(&mut self, at: Moment, event: Event) {
        self.serial += 1;
        self.events.insert((at, self.serial, event));
    }

    fn way(&mut self) -> Duration {
        let more = if self.spread_ms == 0 { 0 } else { self.dice.below(self.spread_ms) };
        Duration::from_millis(20 + more)
    }

    fn go(&mut self, resources: u64) {
        loop {
            while let Some(ticket) = self.limiter.next(self.now) {
                let (at, sent) = (self.now + self.way(), (self.now, self.discord.answers));
                self.push(at, Event::Arrives { ticket, sent });
            }
            let event = self.events.first().map(|(at, ..)| *at);
            let wake_up = self.limiter.wake_up();
            let Some(at) = event.into_iter().chain(wake_up).min() else { return };
            assert!(event.is_some() || wake_up > Some(self.now), "it wakes up for nothing, for ever");
            self.now = self.now.max(at);
            if event.is_some_and(|event| event <= self.now) {
                let (_, _, event) = self.events.pop_first().unwrap();
                self.happens(event, resources);
            }
        }
    }

    fn happens(&mut self, event: Event, resources: u64) {
        match event {
            Event::Asks => {
                let kind = usize::try_from(self.dice.below(KINDS.len() as u64)).unwrap();
                let resource = self.dice.below(resources);
                let path = KINDS[kind].path.replace('#', &(resource + 1).to_string());
                let route = Route::new("POST", &path);
                let counted = !route.is_interaction();
                let ticket = self.limiter.ask(route, counted, self.now);
                self.requests.insert(ticket, (kind, resource));
            }
            Event::Arrives { ticket, sent } => {
                let (kind, resource) = self.requests[&ticket];
                let trouble = self.troubles > 0 && self.dice.below(self.troubles) == 0;
                let ordered = trouble.then(|| Limited {
                    scope: SCOPES[usize::try_from(self.dice.below(4)).unwrap()],
                    retry_after: Duration::from_millis(1 + self.dice.below(5_000)),
                });
                let reply = self.discord.arrives(self.now, sent, &KINDS[kind], resource, ordered);
                self.answers.insert(ticket, (reply.state, reply.limited));
                let at = self.now + self.way();
                self.push(at, Event::Answered { ticket });
            }
            Event::Answered { ticket } => {
                let (kind, resource) = self.requests[&ticket];
                let (state, limited) = self.answers.remove(&ticket).unwrap();
                self.limiter.answered(ticket, state.as_ref(), limited, self.now);
                self.discord.knows(self.now, &KINDS[kind], resource, limited);
                match limited {
                    Some(limited) => self.limiter.again(ticket, self.now + limited.retry_after, self.now),
                    None => {
                        self.limiter.forget(ticket, false, self.now);
                        self.done += 1;
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever Discord says, nothing comes before it may, nothing is lost, and no second has too many.
    #[test]
    fn nothing_comes_too_early_and_nothing_is_lost(
        seed: u64, asked in 1_u64..400, resources in 1_u64..40, troubles in 3_u64..40, spread_ms in 0_u64..80,
    ) {
        let run = Run::new(seed, asked, resources, troubles, spread_ms);
        prop_assert!(run.discord.too_early.is_empty(), "{:?}", run.discord.too_early);
        prop_assert_eq!(run.done as u64, asked);
        prop_assert!(run.limiter.is_empty());
        prop_assert!(run.discord.busiest_second() <= GLOBAL, "{}", run.discord.busiest_second());
    }

    /// Without trouble of others, the windows are never overrun: the bot alone brings no 429 upon itself.
    #[test]
    fn windows_are_not_overrun(seed: u64, asked in 1_u64..400, resources in 1_u64..40) {
        let run = Run::new(seed, asked, resources, 0, 0);
        prop_assert_eq!(run.done as u64, asked);
        prop_assert_eq!(run.discord.crowded, 0);
    }
}

#[test]
fn two_hundred_guilds_keep_the_global_limit_and_are_served_in_the_order_of_asking() {
    let mut limiter = RateLimiter::default();
    let asked: Vec<Ticket> = (1..=200)
        .map(|channel| limiter.ask(Route::new("POST", &format!("channels/{channel}/messages")), true, Moment::ZERO))
        .collect();
    let (mut now, mut sent) = (Moment::ZERO, Vec::new());
    while sent.len() < asked.len() {
        while let Some(ticket) = limiter.next(now) {
            sent.push((now, ticket));
        }
        now = limiter.wake_up().unwrap_or(now);
    }
    assert_eq!(sent.iter().map(|(_, ticket)| *ticket).collect::<Vec<_>>(), asked);
    assert_eq!(sent.last().unwrap().0, Moment::from_millis(3_750), "50 in 1.25 s");
}

#[test]
fn an_acknowledgement_waits_for_nothing_but_a_shut_address() {
    let mut limiter = RateLimiter::default();
    let now = Moment::ZERO;
    let message = limiter.ask(Route::new("POST", "channels/1/messages"), true, now);
    assert_eq!(limiter.next(now), Some(message));
    let global = Limited { scope: Scope::Global, retry_after: Duration::from_secs(9) };
    limiter.answered(message, None, Some(global), now);
    limiter.again(message, Moment::from_millis(9_000), now);
    let first = limiter.ask(Route::new("POST", "interactions/1/token/callback"), false, now);
    assert_eq!(limiter.next(now), Some(first), "the global limit does not count it");
    limiter.answered(first, None, Some(Limited { scope: Scope::Address, retry_after: Duration::from_secs(20) }), now);
    let second = limiter.ask(Route::new("POST", "interactions/2/token/callback"), false, now);
    assert_eq!((limiter.next(now), limiter.wake_up()), (None, Some(Moment::from_millis(20_000))));
    let then = Moment::from_millis(20_000);
    assert_eq!([limiter.next(then), limiter.next(then)], [Some(second), Some(message)]);
}

#[test]
fn what_is_dropped_while_it_waits_or_is_under_way_holds_nobody_up() {
    let mut limiter = RateLimiter::default();
    let route = || Route::new("PATCH", "channels/1/messages/2");
    let now = Moment::ZERO;
    let [first, second, third] = [(); 3].map(|()| limiter.ask(route(), true, now));
    assert_eq!((limiter.next(now), limiter.next(now)), (Some(first), None));
    limiter.forget(second, false, now);
    limiter.forget(first, true, now);
    assert_eq!(limiter.next(now), Some(third));
    limiter.forget(third, true, now);
    assert!(limiter.is_empty() && limiter.wake_up().is_none());
}
