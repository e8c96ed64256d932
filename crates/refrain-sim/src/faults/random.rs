//! Faults by chance: a plan that a seed decides, made all at once.
//!
//! The same wish gives the same plan in the same world on every machine: chance comes from [`Dice`] alone. Which kinds
//! can be ordered at random, and with what fields, each room says itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{CHANCES, ROOMS, script::Step};
use crate::{
    control::answer::Refusal,
    id::Id,
    world::{Guild, World},
};

/// The longest plan, in milliseconds: a day.
const MAX_FOR_MS: u64 = 24 * 60 * 60 * 1000;
/// The most faults a minute.
const MAX_RATE: f64 = 600.0;

/// What `POST /sim/scripts/random` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Decides everything that is left to chance.
    pub(crate) seed: u64,
    /// How long the plan is.
    pub(crate) for_ms: u64,
    /// How many faults there are in a minute, on average.
    #[serde(default = "three")]
    pub(crate) rate_per_minute: f64,
    /// Which kinds; none are all that can be ordered at random.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    /// Which guilds; none are all.
    #[serde(default)]
    pub(crate) guilds: Vec<Id>,
}

fn three() -> f64 {
    3.0
}

/// The kinds that can be ordered at random, in the catalogue's order.
pub(crate) fn kinds(guild: &Guild) -> Vec<&'static str> {
    let all = ROOMS.iter().flat_map(|room| room.kinds).copied();
    all.filter(|kind| fields(kind, guild, &mut Dice::new(0)).is_some()).collect()
}

/// The plan for a wish: steps in the order of their times.
pub(crate) fn plan(world: &World, wish: &Wish, most: usize) -> Result<Vec<Step>, Refusal> {
    if wish.for_ms == 0 || wish.for_ms > MAX_FOR_MS {
        return Err(Refusal::bad(format!("`for_ms` is 1 to {MAX_FOR_MS} (a day)")));
    }
    if !(wish.rate_per_minute > 0.0 && wish.rate_per_minute <= MAX_RATE) {
        return Err(Refusal::bad(format!("`rate_per_minute` is above 0 and at most {MAX_RATE}")));
    }
    let guilds = guilds(world, wish)?;
    let mut dice = Dice::new(wish.seed);
    let mean_ms = (60_000.0 / wish.rate_per_minute).round().clamp(1.0, MAX_FOR_MS as f64) as u64;
    let (mut at_ms, mut steps) = (0, Vec::new());
    loop {
        // Between nothing and twice the mean: whole numbers, so that every machine counts the same.
        at_ms += dice.between(1, mean_ms.saturating_mul(2).max(1));
        if at_ms >= wish.for_ms {
            return Ok(steps);
        }
        if steps.len() == most {
            return Err(Refusal::bad(format!(
                "that would be more than {most} faults: ask for fewer or a shorter plan"
            )));
        }
        let guild = guilds[dice.below(guilds.len())];
        if let Some(fault) = fault(world, guild, &wish.kinds, &mut dice)? {
            steps.push(Step { at_ms, fault });
        }
    }
}

fn guilds<'a>(world: &'a World, wish: &Wish) -> Result<Vec<&'a Guild>, Refusal> {
    let has_bot = |guild: &&Guild| world.bots.iter().any(|bot| guild.member(bot.id).is_some());
    let found: Vec<&Guild> = if wish.guilds.is_empty() {
        world.guilds.iter().filter(has_bot).collect()
    } else {
        let named = wish.guilds.iter();
        let missing = |id: &Id| Refusal::missing(format!("`guilds`: there is no guild {id}"));
        named.map(|id| world.guild(*id).ok_or_else(|| missing(id))).collect::<Result<_, _>>()?
    };
    if found.is_empty() {
        return Err(Refusal::bad("no guild of this world has a bot: there is nothing to go wrong"));
    }
    Ok(found)
}

/// One fault for this guild; nothing where a kind does not fit the guild (a move where there is one channel).
fn fault(world: &World, guild: &Guild, wanted: &[String], dice: &mut Dice) -> Result<Option<Value>, Refusal> {
    let known = kinds(guild);
    if let Some(stranger) = wanted.iter().find(|kind| !super::is_known(kind)) {
        return Err(super::unknown(stranger));
    }
    if let Some(fixed) = wanted.iter().find(|kind| !may_be_random(world, kind)) {
        let words = format!("`kinds`: {fixed:?} cannot be ordered at random; these can: {}", known.join(", "));
        return Err(Refusal::bad(words));
    }
    let kind = if wanted.is_empty() { known[dice.below(known.len())] } else { &wanted[dice.below(wanted.len())] };
    let Some(Value::Object(mut body)) = fields(kind, guild, dice) else { return Ok(None) };
    body.insert("kind".to_owned(), json!(kind));
    body.insert("guild".to_owned(), json!(guild.id));
    let bots: Vec<Id> = world.bots.iter().map(|bot| bot.id).filter(|bot| guild.member(*bot).is_some()).collect();
    if bots.len() > 1 {
        body.insert("bot".to_owned(), json!(bots[dice.below(bots.len())]));
    }
    Ok(Some(Value::Object(body)))
}

fn may_be_random(world: &World, kind: &str) -> bool {
    world.guilds.iter().any(|guild| fields(kind, guild, &mut Dice::new(0)).is_some())
}

fn fields(kind: &str, guild: &Guild, dice: &mut Dice) -> Option<Value> {
    CHANCES.iter().find_map(|chance| chance(kind, guild, dice))
}

/// A source of chance that a seed decides (SplitMix64: the same numbers for ever).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both of them possible.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        let count = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(self.next() % count)
    }

    /// An index into something of this length (0 for what is empty).
    pub(crate) fn below(&mut self, length: usize) -> usize {
        usize::try_from(self.between(0, (length.max(1) - 1) as u64)).unwrap_or(0)
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wish(seed: u64) -> Wish {
        Wish { seed, for_ms: 3_600_000, rate_per_minute: 3.0, kinds: Vec::new(), guilds: Vec::new() }
    }

    #[test]
    fn a_seed_gives_the_numbers_it_always_gave() {
        // The published first outputs of SplitMix64 for the seed 0.
        let mut dice = Dice::new(0);
        assert_eq!(dice.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(dice.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn a_plan_has_about_as_many_faults_as_it_was_asked_for() {
        let steps = plan(&World::example(), &wish(7), 10_000).unwrap();
        assert!((120..=260).contains(&steps.len()), "{}", steps.len());
    }

    #[test]
    fn every_kind_that_can_be_random_comes_up() {
        let world = World::example();
        let steps = plan(&world, &Wish { rate_per_minute: 60.0, ..wish(1) }, 10_000).unwrap();
        for kind in kinds(&world.guilds[0]) {
            assert!(steps.iter().any(|step| step.fault["kind"] == kind), "{kind}");
        }
    }

    #[test]
    fn a_wish_that_cannot_be_is_refused_in_words() {
        let world = World::example();
        let cases = [
            (Wish { for_ms: 0, ..wish(1) }, "for_ms"),
            (Wish { rate_per_minute: f64::NAN, ..wish(1) }, "rate_per_minute"),
            (Wish { rate_per_minute: -1.0, ..wish(1) }, "rate_per_minute"),
            (Wish { kinds: vec!["explode".into()], ..wish(1) }, "explode"),
            (Wish { guilds: vec![Id(5)], ..wish(1) }, "no guild 5"),
            (Wish { for_ms: MAX_FOR_MS, rate_per_minute: 600.0, ..wish(1) }, "fewer"),
        ];
        for (wish, words) in cases {
            let refusal = format!("{:?}", plan(&world, &wish, 1000).unwrap_err());
            assert!(refusal.contains(words), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_plan_in_order_and_within_its_length(
            seed: u64, for_ms in 1_u64..10_000_000, rate in 0.01_f64..30.0,
        ) {
            let wish = Wish { seed, for_ms, rate_per_minute: rate, kinds: Vec::new(), guilds: Vec::new() };
            let world = World::example();
            let first = plan(&world, &wish, 100_000).unwrap();
            prop_assert_eq!(&first, &plan(&world, &wish, 100_000).unwrap());
            prop_assert!(first.is_sorted_by_key(|step| step.at_ms));
            prop_assert!(first.iter().all(|step| step.at_ms < for_ms && step.fault["guild"] == "1000"));
        }

        #[test]
        fn dice_stay_within_their_bounds(seed: u64, least in 0_u64..1000, more in 0_u64..1000) {
            let number = Dice::new(seed).between(least, least + more);
            prop_assert!((least..=least + more).contains(&number));
        }
    }
}
