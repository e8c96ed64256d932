//! The governor's numbers, each with its unit, its default and where it comes from.

use core::time::Duration;

/// How the governor shares out what Discord and this process can bear.
///
/// Discord takes 120 messages in 60 s from a shard and closes it (4008) when there are more. [`sends`](Self::sends) stays
/// below that: heartbeats, presence and people's leaves need room and never wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GovernorPolicy {
    /// The length of the window that [`sends`](Self::sends) counts in. Default: 60 s, Discord's own.
    pub window: Duration,
    /// Op 4 of a shard in any such window. Default: 100 of Discord's 120.
    pub sends: u32,
    /// How many of these recoveries leave to people who ask for something now. Default: 10.
    pub sends_kept: u32,
    /// Op 4 that one turn may take: ask again, leave, join. They are set aside when the turn is granted, and what was not
    /// sent is given back when it ends. Default: 3.
    pub cost: u32,
    /// Turns under way at once in the process: each is a TLS and a voice handshake. Default: 50.
    pub handshakes: u32,
    /// How many of these recoveries leave to people who ask for something now. Default: 10.
    pub handshakes_kept: u32,
    /// The mean distance between the turns of a crowd. Default: 10 ms.
    pub spacing: Duration,
    /// Turns that need not keep that distance, when there were none of late. Default: 10.
    pub burst: u32,
    /// The distance varies by this many per cent either way. Default: 50.
    pub jitter_percent: u32,
    /// Who has waited longer than this is overdue. Default: 30 s.
    pub patience: Duration,
    /// Of this many turns one goes to whoever is overdue and has waited longest, whatever its rank. Default: 5.
    pub fair_share: u32,
    /// A turn that nobody has given back after this long counts as over. Default: 60 s.
    pub turn_limit: Duration,
}

impl Default for GovernorPolicy {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            sends: 100,
            sends_kept: 10,
            cost: 3,
            handshakes: 50,
            handshakes_kept: 10,
            spacing: Duration::from_millis(10),
            burst: 10,
            jitter_percent: 50,
            patience: Duration::from_secs(30),
            fair_share: 5,
            turn_limit: Duration::from_secs(60),
        }
    }
}

impl GovernorPolicy {
    /// The same, with whatever would let nobody through raised to the least that does.
    pub(super) fn workable(mut self) -> Self {
        self.cost = self.cost.max(1);
        self.sends = self.sends.max(self.cost);
        self.sends_kept = self.sends_kept.min(self.sends - self.cost);
        self.handshakes = self.handshakes.max(1);
        self.handshakes_kept = self.handshakes_kept.min(self.handshakes - 1);
        self.burst = self.burst.max(1);
        self.fair_share = self.fair_share.max(2);
        self
    }

    /// Op 4 of a shard's window that a turn with this claim may fill.
    pub(super) const fn sends_for(&self, claim: Claim) -> u32 {
        match claim {
            Claim::Asked | Claim::Overdue => self.sends,
            Claim::Recovery => self.sends.saturating_sub(self.sends_kept),
        }
    }

    /// Turns that may be under way once one with this claim has been granted.
    pub(super) const fn handshakes_for(&self, claim: Claim) -> u32 {
        match claim {
            Claim::Asked | Claim::Overdue => self.handshakes,
            Claim::Recovery => self.handshakes.saturating_sub(self.handshakes_kept),
        }
    }
}

/// On what ground a turn is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// A person asks now.
    Asked,
    /// It has waited longest, too long, and the share of such turns is due.
    Overdue,
    /// A connection is to come back.
    Recovery,
}
