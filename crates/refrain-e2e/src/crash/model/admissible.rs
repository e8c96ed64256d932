//! All that a guild may be, as far as anybody outside can know.

use super::{Given, Guild};

/// The states that a guild may be in: one, until commands are given whose order or effect nobody can know.
#[derive(Clone, Debug)]
pub(in crate::crash) struct Admissible(Vec<Guild>);

impl Admissible {
    pub(in crate::crash) fn new(guild: Guild) -> Self {
        Self(vec![guild])
    }

    /// One of them: where there is but one, what the guild is.
    pub(in crate::crash) fn likely(&self) -> Option<&Guild> {
        self.0.first()
    }

    pub(in crate::crash) fn count(&self) -> usize {
        self.0.len()
    }

    /// Commands were given at the same time: those that were `answered` are done, in whatever order; each of the `open`
    /// ones is done or not.
    pub(in crate::crash) fn after(&mut self, answered: &[Given], open: &[Given]) {
        let mut after = Vec::new();
        for chosen in subsets(open) {
            let all: Vec<&Given> = answered.iter().chain(chosen).collect();
            for order in orders(&all) {
                for guild in &self.0 {
                    let guild = order.iter().fold(guild.clone(), |guild, given| given.applied_to(&guild));
                    add(&mut after, guild);
                }
            }
        }
        self.0 = after;
    }

    /// The bot was restarted, and has decided whether it comes back.
    pub(in crate::crash) fn restarted(&mut self) {
        let before = std::mem::take(&mut self.0);
        before.iter().for_each(|guild| add(&mut self.0, guild.restarted()));
    }

    /// The bot was restarted, and may have been killed before it decided anything.
    pub(in crate::crash) fn maybe_restarted(&mut self) {
        let before = std::mem::take(&mut self.0);
        for guild in before {
            add(&mut self.0, guild.restarted());
            add(&mut self.0, guild);
        }
    }

    /// Only those of which nothing differs are left. Where none would be, all stay, and the differences of the one that
    /// comes nearest are told.
    pub(in crate::crash) fn narrow(&mut self, differences: impl Fn(&Guild) -> Vec<String>) -> Vec<String> {
        let mut all: Vec<(Vec<String>, Guild)> = self.0.drain(..).map(|guild| (differences(&guild), guild)).collect();
        all.sort_by_key(|(differences, _)| differences.len());
        let nearest = all.first().map(|(differences, _)| differences.clone()).unwrap_or_default();
        if nearest.is_empty() {
            all.retain(|(differences, _)| differences.is_empty());
        }
        self.0 = all.into_iter().map(|(_, guild)| guild).collect();
        nearest
    }

    /// Something is known of all of them by now.
    pub(in crate::crash) fn learn(&mut self, lesson: impl Fn(&mut Guild)) {
        let mut before = std::mem::take(&mut self.0);
        before.iter_mut().for_each(lesson);
        before.into_iter().for_each(|guild| add(&mut self.0, guild));
    }
}

fn add(guilds: &mut Vec<Guild>, guild: Guild) {
    if !guilds.contains(&guild) {
        guilds.push(guild);
    }
}

fn subsets(all: &[Given]) -> Vec<Vec<&Given>> {
    all.iter().fold(vec![Vec::new()], |subsets, given| {
        let with = subsets.iter().map(|subset| [subset.as_slice(), &[given]].concat());
        subsets.iter().cloned().chain(with).collect()
    })
}

fn orders<'a>(all: &[&'a Given]) -> Vec<Vec<&'a Given>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |first: usize| {
        let mut rest = all.to_vec();
        let given = rest.remove(first);
        orders(&rest).into_iter().map(move |order| [vec![given], order].concat())
    };
    (0..all.len()).flat_map(with_first).collect()
}
