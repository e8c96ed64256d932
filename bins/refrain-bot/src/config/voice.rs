//! How voice recovers: every number of the recovery machine's policy and of the governor's.

use super::{
    ConfigError,
    keys::{self, Key},
    layers::Layers,
};
use refrain::policy::{AutoRejoin, Backoff, GovernorPolicy, Health, Hedge, Liveness, Policy, Stretch, Timeouts};
use std::{ops::RangeInclusive, time::Duration};

/// How the machine behaves.
pub(super) fn policy(layers: &Layers) -> Result<Policy, ConfigError> {
    let read = Reader(layers);
    Ok(Policy {
        backoff: backoff(&read)?,
        timeouts: timeouts(&read)?,
        cooldowns: layers.numbers(&keys::COOLDOWNS, 1..=3600)?.map(Duration::from_secs),
        proven_after: read.seconds(&keys::PROVEN_AFTER, 0..=3600)?,
        stability_reset: read.seconds(&keys::STABILITY_RESET, 10..=86_400)?,
        health: health(&read)?,
        liveness: liveness(&read)?,
        hedge: hedge(&read)?,
        stretch: Stretch {
            slow: read.millis(&keys::SLOW_GATEWAY, 50..=60_000)?,
            slow_percent: read.count(&keys::SLOW_GATEWAY_PERCENT, 0..=1000)?,
            missed_percent: read.count(&keys::MISSED_HEARTBEAT_PERCENT, 0..=1000)?,
            missed_most: read.count(&keys::MISSED_HEARTBEATS_MOST, 0..=10)?,
        },
        rate_limit_cooldown: read.seconds(&keys::RATE_LIMIT_COOLDOWN, 60..=3600)?,
        auto_rejoin: auto_rejoin(layers)?,
        overlap: read.millis(&keys::OVERLAP, 0..=10_000)?,
    })
}

/// How op 4 and reconnects are shared out among guilds.
pub(super) fn governor(layers: &Layers) -> Result<GovernorPolicy, ConfigError> {
    let read = Reader(layers);
    let policy = GovernorPolicy {
        window: read.seconds(&keys::GOVERNOR_WINDOW, 60..=600)?,
        sends: read.count(&keys::GOVERNOR_SENDS, 5..=115)?,
        sends_kept: read.count(&keys::GOVERNOR_SENDS_KEPT, 0..=100)?,
        cost: read.count(&keys::GOVERNOR_COST, 1..=5)?,
        handshakes: read.count(&keys::GOVERNOR_HANDSHAKES, 1..=1000)?,
        handshakes_kept: read.count(&keys::GOVERNOR_HANDSHAKES_KEPT, 0..=999)?,
        spacing: read.millis(&keys::GOVERNOR_SPACING, 0..=10_000)?,
        burst: read.count(&keys::GOVERNOR_BURST, 1..=1000)?,
        jitter_percent: read.count(&keys::GOVERNOR_JITTER, 0..=90)?,
        patience: read.seconds(&keys::GOVERNOR_PATIENCE, 1..=3600)?,
        fair_share: read.count(&keys::GOVERNOR_FAIR_SHARE, 2..=100)?,
        turn_limit: read.seconds(&keys::GOVERNOR_TURN_LIMIT, 10..=600)?,
    };
    if policy.sends_kept.saturating_add(policy.cost) > policy.sends {
        return Err(layers.error(
            &keys::GOVERNOR_SENDS_KEPT,
            format!(
                "must leave one turn to recoveries: {} at most, which is governor.sends less governor.cost",
                policy.sends.saturating_sub(policy.cost)
            ),
        ));
    }
    if policy.handshakes_kept >= policy.handshakes {
        return Err(layers.error(
            &keys::GOVERNOR_HANDSHAKES_KEPT,
            format!("must be less than governor.handshakes, which is {}", policy.handshakes),
        ));
    }
    Ok(policy)
}

fn backoff(read: &Reader<'_>) -> Result<Backoff, ConfigError> {
    let backoff = Backoff {
        base: read.millis(&keys::BACKOFF_BASE, 100..=60_000)?,
        factor: read.count(&keys::BACKOFF_FACTOR, 1..=10)?,
        jitter_percent: read.count(&keys::BACKOFF_JITTER, 0..=90)?,
        max: read.seconds(&keys::BACKOFF_MAX, 1..=3600)?,
        attempts: read.count(&keys::RETRY_ATTEMPTS, 1..=100)?,
    };
    read.not_below(&keys::BACKOFF_MAX, backoff.max, &keys::BACKOFF_BASE, backoff.base)?;
    Ok(backoff)
}

fn timeouts(read: &Reader<'_>) -> Result<Timeouts, ConfigError> {
    Ok(Timeouts {
        join: read.seconds(&keys::CONNECTION_TIMEOUT, 1..=300)?,
        reconnect: read.seconds(&keys::CONNECT_TIMEOUT, 1..=300)?,
        leave: read.seconds(&keys::DISCONNECT_TIMEOUT, 1..=60)?,
        resume: read.seconds(&keys::RESUME_TIMEOUT, 1..=60)?,
        evidence: read.seconds(&keys::EVIDENCE_TIMEOUT, 1..=60)?,
        server: read.seconds(&keys::SERVER_TIMEOUT, 10..=3600)?,
        guild: read.seconds(&keys::GUILD_TIMEOUT, 10..=3600)?,
        access: read.seconds(&keys::ACCESS_TIMEOUT, 10..=3600)?,
        turn: read.seconds(&keys::TURN_TIMEOUT, 60..=86_400)?,
    })
}

fn health(read: &Reader<'_>) -> Result<Health, ConfigError> {
    Ok(Health {
        interval: read.seconds(&keys::HEALTH_INTERVAL, 0..=3600)?,
        after_trouble: read.seconds(&keys::HEALTH_AFTER_TROUBLE, 5..=3600)?,
        trouble_lasts: read.seconds(&keys::TROUBLE_LASTS, 0..=86_400)?,
        jitter_percent: read.count(&keys::HEALTH_JITTER, 0..=90)?,
    })
}

fn liveness(read: &Reader<'_>) -> Result<Liveness, ConfigError> {
    let liveness = Liveness {
        suspect: read.seconds(&keys::SUSPECT_AFTER, 6..=300)?,
        silent: read.seconds(&keys::SILENT_AFTER, 6..=300)?,
        probe: read.seconds(&keys::PROBE_TIMEOUT, 1..=60)?,
    };
    read.not_below(&keys::SILENT_AFTER, liveness.silent, &keys::SUSPECT_AFTER, liveness.suspect)?;
    Ok(liveness)
}

fn hedge(read: &Reader<'_>) -> Result<Hedge, ConfigError> {
    let hedge = Hedge {
        least: read.millis(&keys::HEDGE_LEAST, 1..=10_000)?,
        most: read.millis(&keys::HEDGE_MOST, 0..=10_000)?,
        percent: read.count(&keys::HEDGE_PERCENT, 100..=1000)?,
    };
    if !hedge.most.is_zero() {
        read.not_below(&keys::HEDGE_MOST, hedge.most, &keys::HEDGE_LEAST, hedge.least)?;
    }
    Ok(hedge)
}

fn auto_rejoin(layers: &Layers) -> Result<AutoRejoin, ConfigError> {
    match layers.text(&keys::AUTO_REJOIN)?.as_deref() {
        Some("off") => Ok(AutoRejoin::Off),
        Some("after-faults") | None => Ok(AutoRejoin::AfterFaults),
        Some("also-after-kick") => Ok(AutoRejoin::AlsoAfterKick),
        Some(_) => Err(layers.error(&keys::AUTO_REJOIN, "must be off, after-faults or also-after-kick")),
    }
}

/// Typed readings.
struct Reader<'a>(&'a Layers);

impl Reader<'_> {
    fn seconds(&self, key: &Key, range: RangeInclusive<u64>) -> Result<Duration, ConfigError> {
        self.0.number(key, range).map(Duration::from_secs)
    }

    fn millis(&self, key: &Key, range: RangeInclusive<u64>) -> Result<Duration, ConfigError> {
        self.0.number(key, range).map(Duration::from_millis)
    }

    fn count(&self, key: &Key, range: RangeInclusive<u32>) -> Result<u32, ConfigError> {
        let number = self.0.number(key, u64::from(*range.start())..=u64::from(*range.end()))?;
        // The range has bounded it.
        Ok(u32::try_from(number).unwrap_or(*range.end()))
    }

    fn not_below(&self, key: &Key, given: Duration, least_key: &Key, least: Duration) -> Result<(), ConfigError> {
        if given >= least {
            return Ok(());
        }
        Err(self.0.error(key, format!("must be no shorter than {}, which is {least:?}", least_key.name)))
    }
}
