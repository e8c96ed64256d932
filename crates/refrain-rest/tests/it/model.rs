//! A Discord that counts, in virtual time: fixed windows for each bucket and resource, a global window, and times that it told to
//! wait. It knows of every request whether it was allowed to come.

use refrain_model::Moment;
use refrain_rest::{BucketState, Limited, Scope};
use std::{collections::BTreeMap, time::Duration};

pub(crate) const GLOBAL: usize = 50;

/// A route as the model knows it.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) path: &'static str,
    /// Routes of the same bucket share their windows.
    pub(crate) bucket: &'static str,
    /// The routes of the bucket.
    pub(crate) sharing: &'static [&'static str],
    pub(crate) limit: u32,
    pub(crate) window: Duration,
}

#[derive(Debug)]
struct Window {
    ends: Moment,
    used: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// The number of the answer that told it.
    by: u64,
    until: Moment,
}

impl Told {
    fn hears(&mut self, by: u64, until: Moment) {
        if until > self.until {
            *self = Self { by, until };
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Discord {
    windows: BTreeMap<(&'static str, u64), Window>,
    /// When requests came that the global limit counts.
    pub(crate) arrivals: Vec<Moment>,
    /// Told to wait: a bucket and resource, all that the global limit counts, or everything.
    told: BTreeMap<(&'static str, u64), Told>,
    told_global: Told,
    told_all: Told,
    /// Routes whose bucket the bot was told, and by which answer: before that it cannot know which routes share one.
    named: BTreeMap<&'static str, u64>,
    /// Counts what the bot was told, to tell what it knew of when it sent a request.
    pub(crate) answers: u64,
    /// Requests that came although they had been told to wait: there must be none.
    pub(crate) too_early: Vec<String>,
    /// Requests that did not fit into their window.
    pub(crate) crowded: u32,
}

pub(crate) struct Reply {
    pub(crate) state: Option<BucketState>,
    pub(crate) limited: Option<Limited>,
}

impl Discord {
    /// A request arrives. `ordered`: a 429 that this test orders, whatever the windows say. `sent`: when it left,
    /// and how many answers the bot had by then: of a later one it could not know.
    pub(crate) fn arrives(
        &mut self,
        now: Moment,
        (sent, knew): (Moment, u64),
        kind: &Kind,
        resource: u64,
        ordered: Option<Limited>,
    ) -> Reply {
        let key = (kind.bucket, resource);
        let counted = !kind.path.starts_with("interactions") && !kind.path.starts_with("webhooks");
        let named = |path: &str| self.named.get(path).is_some_and(|by| knew >= *by);
        let waits = [
            if named(kind.path) { self.told.get(&key).copied().unwrap_or_default() } else { Told::default() },
            if counted { self.told_global } else { Told::default() },
            self.told_all,
        ];
        if let Some(told) = waits.into_iter().find(|told| sent < told.until && knew >= told.by) {
            self.too_early.push(format!("{kind:?} {resource} left at {sent:?}: {told:?}"));
        }
        if counted {
            self.arrivals.push(now);
        }
        let all_named = kind.sharing.iter().all(|path| named(path));
        let window = self.windows.entry(key).or_insert(Window { ends: Moment::ZERO, used: 0 });
        if now >= window.ends {
            *window = Window { ends: now + kind.window, used: 0 };
        }
        let fits = window.used < kind.limit;
        let limited = ordered.or_else(|| {
            let retry_after = window.ends.since(now);
            (!fits).then_some(Limited { scope: Scope::User, retry_after })
        });
        if limited.is_none() {
            window.used += 1;
        } else if ordered.is_none() && all_named {
            self.crowded += 1;
        }
        let state = BucketState {
            name: Some(kind.bucket.to_owned()),
            limit: kind.limit,
            remaining: kind.limit - window.used.min(kind.limit),
            reset_after: window.ends.since(now),
        };
        // Cloudflare and the global limit tell nothing of a bucket.
        let told = limited.is_none_or(|limited| matches!(limited.scope, Scope::User | Scope::Shared));
        Reply { state: told.then_some(state), limited }
    }

    /// The answer to a request is there: from now on the bot knows what it was told.
    pub(crate) fn knows(&mut self, now: Moment, kind: &Kind, resource: u64, limited: Option<Limited>) {
        self.answers += 1;
        if limited.is_none_or(|limited| matches!(limited.scope, Scope::User | Scope::Shared)) {
            self.named.entry(kind.path).or_insert(self.answers);
        }
        let Some(Limited { scope, retry_after }) = limited else { return };
        let (by, until) = (self.answers, now + retry_after);
        match scope {
            Scope::User | Scope::Shared => self.told.entry((kind.bucket, resource)).or_default().hears(by, until),
            Scope::Global => self.told_global.hears(by, until),
            Scope::Address => self.told_all.hears(by, until),
        }
    }

    /// The most requests that came within one second.
    pub(crate) fn busiest_second(&self) -> usize {
        let mut arrivals = self.arrivals.clone();
        arrivals.sort_unstable();
        let second = Duration::from_secs(1);
        (0..arrivals.len())
            .map(|first| arrivals[first..].iter().take_while(|at| at.since(arrivals[first]) < second).count())
            .max()
            .unwrap_or(0)
    }
}
