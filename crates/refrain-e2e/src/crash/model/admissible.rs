//! All that a guild may be, as far as anybody outside can know.

use super::{Given, Guild, Settings};

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

    /// The settings, where all of them have the same.
    pub(in crate::crash) fn settings(&self) -> Option<&Settings> {
        let settings = &self.0.first()?.settings;
        self.0.iter().all(|guild| guild.settings == *settings).then_some(settings)
    }

    /// Something may still be done late.
    pub(in crate::crash) fn is_open(&self) -> bool {
        self.0.iter().any(|guild| !guild.open.is_empty())
    }

    /// From here on nothing is done late any more.
    pub(in crate::crash) fn close(&mut self) {
        self.learn(|guild| guild.open.clear());
    }

    pub(in crate::crash) fn count(&self) -> usize {
        self.0.len()
    }

    /// Commands were given at the same time: those that were `answered` are done, in whatever order; each of the `open`
    /// ones is done or not.
    pub(in crate::crash) fn after(&mut self, answered: &[Given], open: &[Given]) {
        let before = std::mem::take(&mut self.0);
        for guild in before.iter().flat_map(|guild| guild.after(answered, open)) {
            add(&mut self.0, guild);
        }
    }

    /// A resumed gateway session tells again of what the killed bot had no time for: that may be done late.
    pub(in crate::crash) fn late(&mut self) {
        let before = std::mem::take(&mut self.0);
        before.iter().flat_map(Guild::late).for_each(|guild| add(&mut self.0, guild));
    }

    /// The bot was restarted, and has decided whether it comes back.
    pub(in crate::crash) fn restarted(&mut self) {
        let before = std::mem::take(&mut self.0);
        before.iter().for_each(|guild| add(&mut self.0, guild.restarted()));
    }

    /// The bot was restarted, and may have been killed before it decided anything.
    pub(in crate::crash) fn maybe_restarted(&mut self) {
        let before = self.0.clone();
        self.restarted();
        before.into_iter().for_each(|guild| add(&mut self.0, guild));
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

impl Guild {
    fn after(&self, answered: &[Given], open: &[Given]) -> Vec<Self> {
        let mut after = Vec::new();
        for (chosen, left) in partings(open) {
            let all: Vec<&Given> = answered.iter().chain(chosen).collect();
            for order in orders(&all) {
                let guild = order.iter().fold(self.clone(), |guild, given| given.applied_to(&guild));
                add(&mut after, Self { open: left.iter().copied().cloned().collect(), ..guild });
            }
        }
        after
    }

    /// What it may be once what is open was told again: all of it is as it was, or some of it is done.
    pub(in crate::crash) fn late(&self) -> Vec<Self> {
        self.after(&[], &self.open)
    }
}

fn add(guilds: &mut Vec<Guild>, guild: Guild) {
    if !guilds.contains(&guild) {
        guilds.push(guild);
    }
}

/// All ways to do some of them and leave the others. Two that are the same are still two.
fn partings(all: &[Given]) -> Vec<(Vec<&Given>, Vec<&Given>)> {
    all.iter().fold(vec![(Vec::new(), Vec::new())], |partings, given| {
        let done = partings.iter().map(|(done, left)| ([done.as_slice(), &[given]].concat(), left.clone()));
        let left = partings.iter().map(|(done, left)| (done.clone(), [left.as_slice(), &[given]].concat()));
        done.chain(left).collect()
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
