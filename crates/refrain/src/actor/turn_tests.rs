//! Real actors and the real governor, between a Discord and a driver that do as they are told.

use super::Actor;
use crate::{
    Announcement, GatewayPort, GuildHandle, Settings, VoiceSummary, governor::Turns, playheads::Playheads,
    registry::Shared,
};
use refrain_audio::{FrameStream, PipelineConfig};
use refrain_extract::{Extractor, ExtractorConfig};
use refrain_model::{AutoResume, ChannelId, GuildId, UserId};
use refrain_queue::Limits;
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Generation, Intent, Policy, VoiceSession, governor::GovernorPolicy,
};
use refrain_store::{RedbStore, Store};
use refrain_voice::{DriverReport, SongbirdShared, VoiceDriver};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

const CHANNEL: ChannelId = ChannelId::new(9);
/// Longer than any of this takes.
const LONG: Duration = Duration::from_secs(3600);

/// What happened so far, for all guilds together.
#[derive(Default)]
struct Log {
    handles: BTreeMap<GuildId, GuildHandle>,
    /// Each guild's newest connection, and where its driver reports.
    connections: BTreeMap<GuildId, (Generation, mpsc::UnboundedSender<DriverReport>)>,
    /// Handshakes under way, and the most there were at once.
    under_way: usize,
    most: usize,
    /// In which order the guilds came to connect.
    order: Vec<GuildId>,
    tokens: u64,
}

/// Discord and all drivers.
pub(super) struct Town {
    log: Mutex<Log>,
    /// Guilds whose asks the governor has been told of.
    asks: watch::Sender<usize>,
    /// Handshakes end only while this is open.
    gate: watch::Sender<bool>,
}

impl Town {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { log: Mutex::default(), asks: watch::Sender::new(0), gate: watch::Sender::new(true) })
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// A guild whose actor wants to be in the channel.
    fn move_in(self: &Arc<Self>, guild: GuildId, shared: &Arc<Shared>) {
        self.settle(guild, shared, |actor| {
            actor.wish(Intent::Join { channel: CHANNEL });
            actor.carry_out();
        });
    }

    /// A guild whose actor does something first.
    pub(super) fn settle(
        self: &Arc<Self>,
        guild: GuildId,
        shared: &Arc<Shared>,
        first: impl FnOnce(&mut Actor),
    ) -> GuildHandle {
        let (reports_in, reports) = mpsc::unbounded_channel();
        let driver = Driver { guild, town: self.clone(), reports: reports_in };
        let (handle, inbox) = GuildHandle::new(guild, shared.extractor.clone(), shared.store.clone());
        let mut actor = Actor::new(guild, shared.clone(), Box::new(driver), &handle);
        self.log().handles.insert(guild, handle.clone());
        first(&mut actor);
        tokio::spawn(actor.run(inbox, reports));
        handle
    }

    fn close(&self, guild: GuildId) {
        let (generation, reports) = self.log().connections.get(&guild).cloned().unwrap();
        let event = DriverEvent::Closed { code: Some(CloseCode(4006)), resumable: false };
        reports.send(DriverReport::Connection { generation, event }).unwrap();
    }

    async fn all_are(&self, wanted: fn(&VoiceSummary) -> bool) {
        let handles: Vec<_> = self.log().handles.values().cloned().collect();
        for handle in handles {
            soon(handle.wait_for_voice(wanted)).await;
        }
    }
}

impl GatewayPort for Town {
    fn update_voice_state(&self, guild: GuildId, channel: Option<ChannelId>) {
        let mut log = self.log();
        log.tokens += 1;
        let token = log.tokens.to_string();
        let Some(handle) = log.handles.get(&guild) else { return };
        handle.gateway(GatewayEvent::VoiceState { channel, session_id: token.clone(), mute: false, suppress: false });
        if channel.is_some() {
            handle.gateway(GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token });
        }
    }

    fn announce(&self, _announcement: Announcement) {}

    /// As many as the guild's number.
    fn listeners(&self, guild: GuildId, _channel: ChannelId) -> Option<u32> {
        self.asks.send_modify(|asks| *asks += 1);
        u32::try_from(guild.get()).ok()
    }
}

struct Driver {
    guild: GuildId,
    town: Arc<Town>,
    reports: mpsc::UnboundedSender<DriverReport>,
}

impl VoiceDriver for Driver {
    fn connect(&mut self, generation: Generation, _session: VoiceSession) {
        let mut log = self.town.log();
        log.connections.insert(self.guild, (generation, self.reports.clone()));
        log.order.push(self.guild);
        log.under_way += 1;
        log.most = log.most.max(log.under_way);
        let (town, reports, mut gate) = (self.town.clone(), self.reports.clone(), self.town.gate.subscribe());
        tokio::spawn(async move {
            gate.wait_for(|open| *open).await.unwrap();
            town.log().under_way -= 1;
            let _ = reports.send(DriverReport::Connection { generation, event: DriverEvent::Connected });
        });
    }

    fn resume(&mut self, _generation: Generation) {}
    fn tear_down(&mut self, _generation: Generation) {}
    fn attach(&mut self, _stream: Option<FrameStream>) {}
    fn set_flowing(&mut self, _flowing: bool) {}
    fn probe(&mut self, _generation: Generation) {}
}

async fn shared(town: &Arc<Town>, governor: GovernorPolicy, data: &Path) -> Arc<Shared> {
    shared_with(town, governor, data, Arc::new(RedbStore::in_memory().unwrap())).await
}

pub(super) async fn shared_with(
    town: &Arc<Town>,
    governor: GovernorPolicy,
    data: &Path,
    store: Arc<dyn Store>,
) -> Arc<Shared> {
    // Nothing is looked up here, so any program will do.
    let program = std::env::current_exe().unwrap();
    let extractor = Extractor::start(ExtractorConfig::new(program, data)).await.unwrap();
    let mut recovery = Policy::default();
    (recovery.timeouts.join, recovery.timeouts.reconnect) = (LONG, LONG);
    let epoch = Instant::now();
    Arc::new(Shared {
        songbird: SongbirdShared::new(recovery.timeouts.reconnect, recovery.liveness.clone()),
        turns: Turns::start(governor.clone(), epoch),
        settings: Settings {
            bot_user: UserId::new(1),
            recovery,
            governor,
            pipeline: PipelineConfig::default(),
            limits: Limits::default(),
            auto_resume: AutoResume::Resume,
            goodbye: false,
        },
        extractor,
        port: town.clone(),
        playheads: Playheads::start(store.clone()),
        store,
        epoch,
    })
}

fn one_at_a_time() -> GovernorPolicy {
    GovernorPolicy {
        handshakes: 1,
        handshakes_kept: 0,
        spacing: Duration::ZERO,
        patience: LONG,
        turn_limit: LONG,
        ..GovernorPolicy::default()
    }
}

async fn soon<T>(waits: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), waits).await.expect("it happens")
}

fn is_stable(summary: &VoiceSummary) -> bool {
    matches!(summary, VoiceSummary::Stable { .. })
}

#[tokio::test]
async fn after_a_crash_guilds_come_back_one_after_another_those_with_most_listeners_first() {
    const GUILDS: u64 = 40;
    let governor = GovernorPolicy { sends: 1000, ..one_at_a_time() };
    let (town, data) = (Town::new(), tempfile::tempdir().unwrap());
    let shared = shared(&town, governor, data.path()).await;
    (1..=GUILDS).for_each(|guild| town.move_in(GuildId::new(guild), &shared));
    town.all_are(is_stable).await;

    town.log().order.clear();
    town.asks.send_replace(0);
    town.gate.send_replace(false);
    (1..=GUILDS).for_each(|guild| town.close(GuildId::new(guild)));
    soon(town.asks.subscribe().wait_for(|asks| *asks == GUILDS as usize)).await.unwrap();
    // The last one has been counted a moment before it waits.
    town.all_are(|summary| matches!(summary, VoiceSummary::Retrying { .. })).await;
    town.gate.send_replace(true);
    town.all_are(is_stable).await;

    let log = town.log();
    assert_eq!(log.most, 1, "one handshake at a time");
    let order: Vec<_> = log.order.iter().map(|guild| guild.get()).collect();
    let first = order[0];
    let rest: Vec<_> = (1..=GUILDS).rev().filter(|guild| *guild != first).collect();
    assert_eq!(order[1..], rest, "whoever asked first had the turn; then by listeners");
}

#[tokio::test]
async fn a_guild_whose_actor_is_gone_holds_up_nobody() {
    let governor = one_at_a_time();
    let (town, data) = (Town::new(), tempfile::tempdir().unwrap());
    let shared = shared(&town, governor, data.path()).await;
    town.gate.send_replace(false);
    let (first, second) = (GuildId::new(1), GuildId::new(2));
    town.move_in(first, &shared);
    town.move_in(second, &shared);
    // Its last handle goes, and with it the actor in the middle of its attempt.
    let gone = town.log().handles.remove(&first);
    drop(gone);
    town.gate.send_replace(true);
    town.all_are(is_stable).await;
}
