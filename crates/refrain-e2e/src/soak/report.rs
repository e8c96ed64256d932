//! The table and report.json: what the listeners missed, and why.

use super::{
    account::{Account, Piece, Why},
    many::Place,
    said::Decision,
    truth::Struck,
};
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// A stretch of silence without a reason may be so long, in milliseconds: frames that a busy machine sent late.
const LONGEST_UNEXPLAINED_MS: f64 = 1_000.0;
/// All of a guild's stretches without a reason together may be so long, in milliseconds for each minute of the run.
const UNEXPLAINED_MS_A_MINUTE: f64 = 100.0;
/// Stretches without a reason that the table shows, and what of the bot's decisions is shown of each.
const SHOWN: usize = 12;
const SHOWN_DECISIONS: usize = 6;

/// One guild.
#[derive(Clone, Debug, Serialize)]
pub struct GuildReport {
    number: usize,
    guild: String,
    /// Whether it is heard at the end, a minute after the last fault.
    plays: bool,
    #[serde(flatten)]
    pub(super) account: Account,
}

impl GuildReport {
    pub(super) fn new(number: usize, place: &Place, account: Account, plays: bool) -> Self {
        Self { number, guild: place.guild.clone(), plays, account }
    }
}

/// The whole run. Times are milliseconds on the simulator's clock.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the faults were drawn from.
    pub seed: u64,
    /// How long the faults went on.
    pub minutes: u64,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// When the first fault could happen.
    pub from_ms: f64,
    /// When the run was over.
    pub until_ms: f64,
    pub(super) faults: Vec<Struck>,
    /// Faults that found nobody to hit.
    pub refused: usize,
    /// Each guild.
    pub guilds: Vec<GuildReport>,
    /// What the bot logged at ERROR, alerts about close codes left out.
    pub errors: Vec<String>,
    pub(super) decisions: Vec<Decision>,
}

impl Report {
    /// Everything that is not as it should be, in words.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for guild in &self.guilds {
            let name = format!("guild {}", guild.number + 1);
            if !guild.plays {
                complaints.push(format!("{name} does not play a minute after the last fault"));
            }
            for cooldown in guild.account.cooldowns.iter().filter(|cooldown| cooldown.failures == 0) {
                complaints.push(format!("{name}: a cooldown after a success at {}", self.moment(cooldown.at_ms)));
            }
            let unexplained =
                || guild.account.pieces.iter().filter(|piece| piece.why == Why::Unexplained).map(length_ms);
            let long = unexplained().filter(|length| *length >= LONGEST_UNEXPLAINED_MS).count();
            let allowed_ms = UNEXPLAINED_MS_A_MINUTE * ((self.until_ms - self.from_ms) / 60_000.0);
            let sum_ms: f64 = unexplained().sum();
            if long > 0 || sum_ms > allowed_ms {
                complaints.push(format!("{name}: {:.1} s of silence unexplained", sum_ms / 1_000.0));
            }
        }
        complaints.extend(self.errors.iter().map(|error| format!("logged an error: {error}")));
        complaints
    }

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.complaints().is_empty()
    }

    /// The tables, in Markdown, and what is wrong.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = self.reasons();
        text.push_str(&self.per_guild());
        text.push_str(&self.cooldowns());
        text.push_str(&self.unexplained());
        let complaints = self.complaints();
        // Writing to a string cannot fail.
        for complaint in &complaints {
            let _never = writeln!(text, "FAILED: {complaint}");
        }
        let faults = self.faults.iter().filter(|struck| !struck.planned.is_sequel).count();
        let verdict = if complaints.is_empty() { "all as it should be" } else { "NOT as it should be" };
        let _never = writeln!(
            text,
            "\n{} guilds, {faults} faults in {} minutes (seed {}; {} more found nobody), {} s in all: {verdict}.",
            self.guilds.len(),
            self.minutes,
            self.seed,
            self.refused,
            self.seconds,
        );
        text
    }

    /// Writes everything as JSON.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut json = serde_json::to_value(self).context("putting the report together")?;
        json["good"] = self.is_good().into();
        json["complaints"] = self.complaints().into();
        let sums: BTreeMap<Why, f64> = self.seconds_by_reason();
        json["seconds_by_reason"] = serde_json::to_value(sums).context("putting the report together")?;
        let json = serde_json::to_string_pretty(&json).context("putting the report together")?;
        std::fs::write(path, json + "\n").with_context(|| format!("writing {}", path.display()))
    }

    fn seconds_by_reason(&self) -> BTreeMap<Why, f64> {
        let mut sums = BTreeMap::new();
        for (why, seconds) in self.guilds.iter().flat_map(|guild| guild.account.seconds()) {
            *sums.entry(why).or_default() += seconds;
        }
        sums
    }

    fn reasons(&self) -> String {
        let sums = self.seconds_by_reason();
        let all: f64 = sums.values().sum();
        let played = self.guilds.len() as f64 * (self.until_ms - self.from_ms) / 1_000.0;
        let mut text = String::from("| silence | guild-seconds | share | longest, s |\n|---|---|---|---|\n");
        for why in Why::ALL {
            let seconds = sums.get(&why).copied().unwrap_or_default();
            let pieces = self.guilds.iter().flat_map(|guild| &guild.account.pieces);
            let longest = pieces.filter(|piece| piece.why == why).map(length_ms).fold(0.0, f64::max) / 1_000.0;
            let share = if all > 0.0 { 100.0 * seconds / all } else { 0.0 };
            let _never = writeln!(text, "| {} | {seconds:.1} | {share:.0} % | {longest:.1} |", why.words());
        }
        let _never = writeln!(text, "| **all** | {all:.1} | {:.1} % of {played:.0} s | |\n", 100.0 * all / played);
        text
    }

    fn per_guild(&self) -> String {
        let mut text =
            String::from("| guild | faults | silent, s | cooldowns | plays at the end |\n|---|---|---|---|---|\n");
        for guild in &self.guilds {
            let faults = self.faults.iter().filter(|one| one.planned.guild == guild.number && !one.planned.is_sequel);
            let silent: f64 = guild.account.seconds().values().sum();
            let (cooldowns, plays) = (guild.account.cooldowns.len(), if guild.plays { "yes" } else { "NO" });
            let number = guild.number + 1;
            let _never = writeln!(text, "| {number} | {} | {silent:.1} | {cooldowns} | {plays} |", faults.count());
        }
        text.push('\n');
        text
    }

    fn cooldowns(&self) -> String {
        let all: Vec<_> = self.guilds.iter().flat_map(|guild| &guild.account.cooldowns).collect();
        let after_success = all.iter().filter(|cooldown| cooldown.failures == 0).count();
        format!("{} cooldowns, {after_success} of them after a success.\n", all.len())
    }

    /// The longest stretches without a reason, and what came before each.
    fn unexplained(&self) -> String {
        let mut all: Vec<(&GuildReport, &Piece)> = Vec::new();
        for guild in &self.guilds {
            all.extend(
                guild.account.pieces.iter().filter(|piece| piece.why == Why::Unexplained).map(|piece| (guild, piece)),
            );
        }
        all.sort_by(|one, other| length_ms(other.1).total_cmp(&length_ms(one.1)));
        let mut text = String::new();
        let long = all.iter().filter(|(_, piece)| length_ms(piece) >= LONGEST_UNEXPLAINED_MS);
        for (guild, piece) in long.take(SHOWN) {
            let (at, seconds) = (self.moment(piece.span.from_ms), length_ms(piece) / 1_000.0);
            let _never = writeln!(text, "\nguild {}, at {at}: {seconds:.1} s, {}", guild.number + 1, piece.doing);
            let until_ms = piece.span.to_ms;
            let mut faults =
                self.faults.iter().filter(|one| one.at_ms <= until_ms && one.planned.guild == guild.number);
            if let Some(struck) = faults.next_back() {
                let _never = writeln!(text, "    fault {}: {}", self.moment(struck.at_ms), struck.planned.fault);
            }
            let own = self.decisions.iter().filter(|one| one.guild == guild.guild && one.at_ms <= until_ms);
            let own: Vec<&Decision> = own.collect();
            for decision in own.iter().skip(own.len().saturating_sub(SHOWN_DECISIONS)) {
                let Decision { at_ms, verdict, attempt, reason, .. } = decision;
                let _never = writeln!(text, "    bot {}: {verdict}, attempt {attempt}: {reason}", self.moment(*at_ms));
            }
        }
        text.push('\n');
        text
    }

    /// A moment as minutes and seconds of the run.
    fn moment(&self, at_ms: f64) -> String {
        let seconds = (at_ms - self.from_ms) / 1_000.0;
        format!("{}:{:04.1}", (seconds / 60.0).floor(), seconds.rem_euclid(60.0))
    }
}

fn length_ms(piece: &Piece) -> f64 {
    piece.span.to_ms - piece.span.from_ms
}

#[cfg(test)]
mod tests {
    use super::super::account::{Cooldown, Span};
    use super::*;

    fn report(pieces: &[(f64, f64, Why)], cooldowns: &[u32], plays: bool) -> Report {
        let piece =
            |&(from_ms, to_ms, why): &(f64, f64, Why)| Piece { span: Span::new(from_ms, to_ms), why, doing: "so" };
        let cooldown = |&failures: &u32| Cooldown { at_ms: 61_500.0, failures };
        let account =
            Account { pieces: pieces.iter().map(piece).collect(), cooldowns: cooldowns.iter().map(cooldown).collect() };
        Report {
            seed: 3,
            minutes: 2,
            seconds: 130,
            from_ms: 0.0,
            until_ms: 120_000.0,
            faults: Vec::new(),
            refused: 0,
            guilds: vec![GuildReport::new(0, &Place::new(0), account, plays)],
            errors: Vec::new(),
            decisions: Vec::new(),
        }
    }

    #[test]
    fn explained_silence_and_cooldowns_after_failures_are_as_they_should_be() {
        let good = report(&[(0.0, 9_000.0, Why::Fault), (9_000.0, 9_150.0, Why::Unexplained)], &[3], true);
        assert!(good.is_good(), "{:?}", good.complaints());
        assert!(good.table().contains("| the fault itself | 9.0 | 98 % | 9.0 |"), "{}", good.table());
        assert!(good.table().contains("1 cooldowns, 0 of them after a success"), "{}", good.table());
    }

    #[test]
    fn each_promise_that_is_broken_is_told() {
        let complaint = |report: Report| report.complaints().join("; ");
        assert_eq!(complaint(report(&[], &[], false)), "guild 1 does not play a minute after the last fault");
        assert_eq!(complaint(report(&[], &[0], true)), "guild 1: a cooldown after a success at 1:01.5");
        let long = report(&[(0.0, 1_500.0, Why::Unexplained)], &[], true);
        assert_eq!(complaint(long), "guild 1: 1.5 s of silence unexplained");
        let many = report(&[(0.0, 150.0, Why::Unexplained), (500.0, 600.0, Why::Unexplained)], &[], true);
        assert_eq!(complaint(many), "guild 1: 0.2 s of silence unexplained");
    }
}
