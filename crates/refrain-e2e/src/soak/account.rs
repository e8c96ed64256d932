//! Where each second of silence went: a pure function of what the listener missed, what was done to the bot, and what the
//! bot says it did.
//!
//! A silence is cut wherever anything changes, and each piece is given the first reason that holds:
//!
//! 1. the machine did not let the simulator run ([`Why::Machine`]);
//! 2. a fault was in force that takes the sound away whatever a bot does ([`Why::Fault`]);
//! 3. the main gateway, or the guild on it, was away, and the bot was not connected ([`Why::Gateway`]);
//! 4. what the bot was doing: weighing the evidence ([`Why::Evidence`]), pausing after an attempt that failed
//!    ([`Why::Backoff`]), waiting for its turn to ask ([`Why::Turn`]), trying ([`Why::Attempt`]);
//! 5. the bot believed the connection good, and could not know better yet ([`Why::Evidence`]).
//!
//! What remains is [`Why::Unexplained`]: a pause after a success among it.

use serde::Serialize;
use std::collections::BTreeMap;

/// A connection that was heard for so long counts as a success of the attempt that made it, in milliseconds.
const HEARD_MS: f64 = 30_000.0;
/// How long a bot may take to notice by itself that nobody hears it: its voice server's reports (12 s), a probe (5 s), and
/// the steps between them.
const UNNOTICED_MS: f64 = 20_000.0;
/// How long an attempt may take: the leave (5 s), the join (10 s), the asking again (1 s), and the steps between them.
const ATTEMPT_MS: f64 = 17_000.0;
/// How long the evidence about a close is weighed, with some time for the step after it.
const WEIGHING_MS: f64 = 11_000.0;
/// From the bot's word that it is back to the first sound.
const STARTING_MS: f64 = 1_000.0;
/// What a fault took may be missed up to so much later: the listener's playout delay and the bot's own next step.
const AFTERMATH_MS: f64 = 500.0;
/// What is on its way when a connection ends is heard, or not: a silence may be dated a little before its reason.
const BEFORE_MS: f64 = 300.0;
/// A pause between the decision and op 4 that is longer was a wait for a turn.
const AT_ONCE_MS: f64 = 100.0;

/// A stretch of time on the simulator's clock, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Span {
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
}

impl Span {
    pub(super) const fn new(from_ms: f64, to_ms: f64) -> Self {
        Self { from_ms, to_ms }
    }

    const fn contains(self, at_ms: f64) -> bool {
        self.from_ms <= at_ms && at_ms < self.to_ms
    }

    fn overlap_ms(self, other: Self) -> f64 {
        (self.to_ms.min(other.to_ms) - self.from_ms.max(other.from_ms)).max(0.0)
    }

    const fn length_ms(self) -> f64 {
        self.to_ms - self.from_ms
    }
}

/// Why nothing was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The fault itself, as long as it lasts.
    Fault,
    /// The bot could not know yet, or weighed what it knew.
    Evidence,
    /// An attempt: op 4, its answer, the handshake, the first sound.
    Attempt,
    /// A pause after an attempt that failed.
    Backoff,
    /// The wait for a turn to ask.
    Turn,
    /// The main gateway, or the guild on it, was away.
    Gateway,
    /// The machine did not let the simulator run.
    Machine,
    /// None of these.
    Unexplained,
}

impl Why {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 8] = [
        Self::Fault,
        Self::Evidence,
        Self::Attempt,
        Self::Backoff,
        Self::Turn,
        Self::Gateway,
        Self::Machine,
        Self::Unexplained,
    ];

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Fault => "the fault itself",
            Self::Evidence => "evidence: the bot could not know yet",
            Self::Attempt => "the attempt itself",
            Self::Backoff => "backoff after a failed attempt",
            Self::Turn => "waiting for a turn",
            Self::Gateway => "the main gateway away",
            Self::Machine => "the machine stood still",
            Self::Unexplained => "UNEXPLAINED",
        }
    }
}

/// What the bot says it decided, as far as the account needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// It tries: a join, a new session, another channel.
    Try,
    /// It resumes the session, which needs no op 4.
    Resume,
    /// It is back.
    Back,
    /// It weighs what a close means.
    Weigh,
    /// It pauses before the next attempt.
    Pause,
    /// It pauses before the next round.
    CoolDown,
    /// It waits for a voice server to be named.
    AwaitServer,
    /// It waits for the shard or the guild.
    AwaitGuild,
    /// It stays out.
    Out,
    /// Not a decision: op 4 was sent, the simulator's log says.
    Asked,
}

/// What is known of one guild. Times are milliseconds on the simulator's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// When nothing was heard.
    pub(super) silences: Vec<Span>,
    /// When no bot could have been heard.
    pub(super) dark: Vec<Span>,
    /// When this guild's voice server took no connections, for another guild's fault.
    pub(super) server_dark: Vec<Span>,
    /// When something was done to this guild's connection that the bot may have to notice by itself.
    pub(super) struck_ms: Vec<f64>,
    /// When joins were answered late.
    pub(super) slow_joins: Vec<Span>,
    /// When the main gateway, or this guild on it, was away.
    pub(super) gateway_away: Vec<Span>,
    /// When the machine stood still.
    pub(super) stalls: Vec<Span>,
    /// What the bot did, in order.
    pub(super) steps: Vec<(f64, Step)>,
}

/// A piece of a silence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Piece {
    #[serde(flatten)]
    pub(super) span: Span,
    pub(super) why: Why,
    /// What the bot said it was doing.
    pub(super) doing: &'static str,
}

/// A cooldown, and what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Cooldown {
    pub(super) at_ms: f64,
    /// Attempts that had failed since a connection was last heard for 30 s, connections that fell earlier included.
    pub(super) failures: u32,
}

/// What came of one guild.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Account {
    pub(super) pieces: Vec<Piece>,
    pub(super) cooldowns: Vec<Cooldown>,
}

impl Account {
    /// The seconds that each reason took.
    pub(super) fn seconds(&self) -> BTreeMap<Why, f64> {
        let mut sums = BTreeMap::new();
        for piece in &self.pieces {
            *sums.entry(piece.why).or_default() += piece.span.length_ms() / 1_000.0;
        }
        sums
    }
}

/// What the bot was doing for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    /// Nothing is known yet.
    Unknown,
    /// It believes the connection good.
    Playing,
    /// It tries. `asked_ms`: when op 4 went out; none where no op 4 was needed.
    Trying {
        asked_ms: Option<f64>,
    },
    Weighing,
    Pausing {
        failures: u32,
    },
    AwaitingServer,
    AwaitingGuild,
    Out,
}

impl Doing {
    const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Playing => "playing",
            Self::Trying { .. } => "trying",
            Self::Weighing => "weighing",
            Self::Pausing { failures: 0 } => "pausing after a success",
            Self::Pausing { .. } => "pausing after a failure",
            Self::AwaitingServer => "awaiting a voice server",
            Self::AwaitingGuild => "awaiting the guild",
            Self::Out => "out",
        }
    }
}

/// From then on, until the next.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from_ms: f64,
    doing: Doing,
}

/// Accounts for all silences of a guild.
pub(super) fn account(evidence: &Evidence) -> Account {
    let (stretches, cooldowns) = History::of(evidence);
    let cuts = cuts(evidence, &stretches);
    let mut pieces: Vec<Piece> = Vec::new();
    for silence in &evidence.silences {
        let inside = cuts.iter().copied().filter(|at_ms| silence.from_ms < *at_ms && *at_ms < silence.to_ms);
        let mut from_ms = silence.from_ms;
        for to_ms in inside.chain([silence.to_ms]) {
            let middle_ms = f64::midpoint(from_ms, to_ms);
            let stretch = stretch_at(&stretches, middle_ms);
            let why = why(evidence, stretch, middle_ms);
            let doing = stretch.doing.words();
            match pieces.last_mut().filter(|last| last.span.to_ms == from_ms && (last.why, last.doing) == (why, doing))
            {
                Some(last) => last.span.to_ms = to_ms,
                None => pieces.push(Piece { span: Span::new(from_ms, to_ms), why, doing }),
            }
            from_ms = to_ms;
        }
    }
    Account { pieces, cooldowns }
}

fn stretch_at(stretches: &[Stretch], at_ms: f64) -> Stretch {
    let found = stretches.iter().rev().find(|stretch| stretch.from_ms <= at_ms);
    found.copied().unwrap_or(Stretch { from_ms: f64::NEG_INFINITY, doing: Doing::Unknown })
}

fn why(evidence: &Evidence, stretch: Stretch, at_ms: f64) -> Why {
    let within = |spans: &[Span], after_ms: f64| {
        spans.iter().any(|span| Span::new(span.from_ms - BEFORE_MS, span.to_ms + after_ms).contains(at_ms))
    };
    if within(&evidence.stalls, AFTERMATH_MS) {
        return Why::Machine;
    }
    let since_ms = at_ms - stretch.from_ms;
    let playing = stretch.doing == Doing::Playing;
    if within(&evidence.dark, AFTERMATH_MS) || !playing && within(&evidence.server_dark, AFTERMATH_MS) {
        return Why::Fault;
    }
    if !playing && within(&evidence.gateway_away, AFTERMATH_MS) {
        return Why::Gateway;
    }
    let unnoticed =
        evidence.struck_ms.iter().any(|struck| Span::new(-BEFORE_MS, UNNOTICED_MS).contains(at_ms - struck));
    match stretch.doing {
        Doing::Weighing if since_ms <= WEIGHING_MS => Why::Evidence,
        Doing::Pausing { failures: 1.. } => Why::Backoff,
        Doing::Trying { asked_ms: Some(asked_ms) } if at_ms < asked_ms && asked_ms - stretch.from_ms > AT_ONCE_MS => {
            Why::Turn
        }
        Doing::Trying { asked_ms } if at_ms - asked_ms.unwrap_or(stretch.from_ms) <= ATTEMPT_MS => {
            if within(&evidence.slow_joins, AFTERMATH_MS) { Why::Fault } else { Why::Attempt }
        }
        Doing::Playing if since_ms <= STARTING_MS => Why::Attempt,
        Doing::Playing if unnoticed => Why::Evidence,
        Doing::AwaitingGuild
        | Doing::AwaitingServer
        | Doing::Unknown
        | Doing::Playing
        | Doing::Trying { .. }
        | Doing::Weighing
        | Doing::Pausing { .. }
        | Doing::Out => Why::Unexplained,
    }
}

/// Every moment at which a reason begins or ends.
fn cuts(evidence: &Evidence, stretches: &[Stretch]) -> Vec<f64> {
    let mut cuts = Vec::new();
    let spans = [&evidence.dark, &evidence.server_dark, &evidence.slow_joins, &evidence.gateway_away, &evidence.stalls];
    for span in spans.into_iter().flatten() {
        cuts.extend([span.from_ms - BEFORE_MS, span.to_ms + AFTERMATH_MS]);
    }
    for struck_ms in &evidence.struck_ms {
        cuts.extend([struck_ms - BEFORE_MS, struck_ms + UNNOTICED_MS]);
    }
    for Stretch { from_ms, doing } in stretches {
        cuts.extend([0.0, STARTING_MS, WEIGHING_MS, ATTEMPT_MS].map(|more| from_ms + more));
        if let Doing::Trying { asked_ms: Some(asked_ms) } = doing {
            cuts.extend([*asked_ms, asked_ms + ATTEMPT_MS]);
        }
    }
    cuts.sort_by(f64::total_cmp);
    cuts
}

/// The bot's steps, read one after the other.
struct History<'a> {
    evidence: &'a Evidence,
    stretches: Vec<Stretch>,
    cooldowns: Vec<Cooldown>,
    /// Attempts that failed since a connection was last heard for long enough.
    failures: u32,
    /// Since when the connection stands.
    stands_ms: Option<f64>,
    /// An attempt is under way.
    trying: bool,
}

impl<'a> History<'a> {
    fn of(evidence: &'a Evidence) -> (Vec<Stretch>, Vec<Cooldown>) {
        let mut history = Self {
            evidence,
            stretches: Vec::new(),
            cooldowns: Vec::new(),
            failures: 0,
            stands_ms: None,
            trying: false,
        };
        for &(at_ms, step) in &evidence.steps {
            history.step(at_ms, step);
        }
        (history.stretches, history.cooldowns)
    }

    fn step(&mut self, at_ms: f64, step: Step) {
        match step {
            Step::Asked => self.asked(at_ms),
            Step::Back => {
                self.stands_ms = Some(at_ms);
                self.trying = false;
                self.now(at_ms, Doing::Playing);
            }
            Step::Try => {
                self.ended(at_ms, true);
                self.trying = true;
                self.now(at_ms, Doing::Trying { asked_ms: None });
            }
            Step::Resume => {
                self.ended(at_ms, true);
                self.trying = true;
                self.now(at_ms, Doing::Trying { asked_ms: Some(at_ms) });
            }
            Step::Weigh => {
                self.ended(at_ms, true);
                self.now(at_ms, Doing::Weighing);
            }
            Step::Pause => {
                self.ended(at_ms, true);
                self.now(at_ms, Doing::Pausing { failures: self.failures });
            }
            Step::CoolDown => {
                self.ended(at_ms, true);
                self.cooldowns.push(Cooldown { at_ms, failures: self.failures });
                self.now(at_ms, Doing::Pausing { failures: self.failures });
            }
            // The shard's trouble, and a server that went away, are nobody's failure.
            Step::AwaitGuild => {
                self.ended(at_ms, false);
                self.now(at_ms, Doing::AwaitingGuild);
            }
            Step::AwaitServer => {
                self.ended(at_ms, false);
                self.now(at_ms, Doing::AwaitingServer);
            }
            Step::Out => {
                self.ended(at_ms, false);
                self.now(at_ms, Doing::Out);
            }
        }
    }

    /// A connection that stood is lost, or an attempt is over.
    fn ended(&mut self, at_ms: f64, counts: bool) {
        if let Some(stands_ms) = self.stands_ms.take() {
            let stood = Span::new(stands_ms, at_ms);
            let silent: f64 = self.evidence.silences.iter().map(|silence| silence.overlap_ms(stood)).sum();
            if stood.length_ms() - silent >= HEARD_MS {
                self.failures = 0;
            } else {
                self.failures += 1;
            }
        } else if self.trying && counts && self.has_begun(at_ms) {
            self.failures += 1;
        }
        self.trying = false;
    }

    /// A decision that follows another at once belongs to it: nothing has been tried in between.
    fn has_begun(&self, at_ms: f64) -> bool {
        let Some(Stretch { from_ms, doing: Doing::Trying { asked_ms } }) = self.stretches.last() else { return false };
        asked_ms.is_some() || at_ms - from_ms > AT_ONCE_MS
    }

    /// Op 4 went out: a pause or a wait is over, whether the bot says so or not.
    fn asked(&mut self, at_ms: f64) {
        let Some(last) = self.stretches.last_mut() else { return };
        match &mut last.doing {
            Doing::Trying { asked_ms } => {
                asked_ms.get_or_insert(at_ms);
            }
            Doing::Pausing { .. } | Doing::AwaitingGuild | Doing::AwaitingServer | Doing::Weighing => {
                self.trying = true;
                self.now(at_ms, Doing::Trying { asked_ms: Some(at_ms) });
            }
            Doing::Unknown | Doing::Playing | Doing::Out => {}
        }
    }

    fn now(&mut self, from_ms: f64, doing: Doing) {
        self.stretches.push(Stretch { from_ms, doing });
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
