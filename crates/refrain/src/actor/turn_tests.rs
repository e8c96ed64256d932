//! Real actors and the real governor, between a Discord and a driver that do as they are told.

use super::Actor;
use crate::{
    Announcement, GatewayPort, GuildHandle, GuildSettings, Settings, SourcePolicy, VoiceSummary, actor::supervise,
    governor::Turns, playheads::Playheads, registry::Shared,
};
use refrain_audio::{FrameStream, PipelineConfig};
use refrain_extract::{Extractor, ExtractorConfig};
use refrain_model::{AutoResume, ChannelId, GuildId, GuildRecord, UserId};
use refrain_queue::Limits;
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Generation, Policy, VoiceSession, governor::GovernorPolicy,
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
    /// The next connections whose driver panics.
    panics: u32,
}

/// Discord and all drivers.
pub(super) struct Town {
    log: Mutex<Log>,
    /// Handshakes end only while this is open.
    gate: watch::Sender<bool>,
    /// Connections asked for, of all guilds.
    came: watch::Sender<usize>,
}

impl Town {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { log: Mutex::default(), gate: watch::Sender::new(true), came: watch::Sender::new(0) })
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// A guild that was in the channel before a restart, and comes back to it although it has nothing to play.
    pub(super) fn move_in(self: &Arc<Self>, guild: GuildId, shared: &Arc<Shared>) -> GuildHandle {
        let stays =
            GuildSettings { wait_after_queue_empties: 0, leave_if_no_listeners: false, ..GuildSettings::default() };
        let record = GuildRecord { voice_channel: Some(CHANNEL), settings: Some(stays), ..GuildRecord::default() };
        shared.store.save(guild, record);
        let handle = self.settle(guild, shared);
        handle.gateway(GatewayEvent::GuildAvailable { channel: None });
        handle
    }

    /// A guild with an actor.
    pub(super) fn settle(self: &Arc<Self>, guild: GuildId, shared: &Arc<Shared>) -> GuildHandle {
        let (handle, inbox) = GuildHandle::new(guild, shared.store.clone());
        self.log().handles.insert(guild, handle.clone());
        let (town, shared) = (self.clone(), shared.clone());
        let make = move || {
            let (reports_in, reports) = mpsc::unbounded_channel();
            let driver = Driver { guild, town: town.clone(), reports: reports_in };
            Actor::new(guild, shared.clone(), Box::new(driver), reports)
        };
        tokio::spawn(supervise(guild, inbox, make));
        handle
    }

    /// The drivers of so many connections panic.
    pub(super) fn panic_next(&self, connections: u32) {
        self.log().panics = connections;
    }

    /// How many connections were asked for so far.
    pub(super) fn connects(&self) -> usize {
        *self.came.borrow()
    }

    /// Waits until so many were.
    pub(super) async fn wait_for_connects(&self, wanted: usize) {
        soon(self.came.subscribe().wait_for(|came| *came >= wanted)).await.unwrap();
    }

    pub(super) fn close(&self, guild: GuildId) {
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

    fn announce(&self, _guild: GuildId, _announcement: Announcement) {}

    /// As many as the guild's number.
    fn listeners(&self, guild: GuildId, _channel: ChannelId) -> Option<u32> {
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
        if let Some(left) = log.panics.checked_sub(1) {
            log.panics = left;
            drop(log);
            self.town.came.send_modify(|came| *came += 1);
            panic!("the test wants it");
        }
        log.connections.insert(self.guild, (generation, self.reports.clone()));
        log.order.push(self.guild);
        log.under_way += 1;
        log.most = log.most.max(log.under_way);
        self.town.came.send_modify(|came| *came += 1);
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

pub(super) async fn shared(town: &Arc<Town>, governor: GovernorPolicy, data: &Path) -> Arc<Shared> {
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
    // A connection that was just made and falls has not failed: nobody waits out a pause.
    recovery.proven_after = Duration::ZERO;
    let epoch = Instant::now();
    Arc::new(Shared {
        songbird: SongbirdShared::new(recovery.timeouts.reconnect, recovery.liveness.clone()),
        turns: Turns::start(governor.clone(), epoch),
        settings: Settings {
            bot_user: UserId::new(1),
            recovery,
            sources: SourcePolicy::default(),
            governor,
            pipeline: PipelineConfig::default(),
            limits: Limits::default(),
            auto_resume: AutoResume::Resume,
            goodbye: false,
            recording: None,
        },
        extractor,
        port: town.clone(),
        playheads: Playheads::start(store.clone(), epoch),
        store,
        recordings: None,
        epoch,
    })
}

pub(super) fn one_at_a_time() -> GovernorPolicy {
    GovernorPolicy {
        handshakes: 1,
        handshakes_kept: 0,
        spacing: Duration::ZERO,
        patience: LONG,
        turn_limit: LONG,
        ..GovernorPolicy::default()
    }
}

pub(super) async fn soon<T>(waits: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), waits).await.expect("it happens")
}

pub(super) fn is_stable(summary: &VoiceSummary) -> bool {
    matches!(summary, VoiceSummary::Stable { .. })
}

#[tokio::test]
async fn after_a_crash_guilds_come_back_one_after_another_those_with_most_listeners_first() {
    const GUILDS: u64 = 40;
    let governor = GovernorPolicy { sends: 1000, ..one_at_a_time() };
    let (town, data) = (Town::new(), tempfile::tempdir().unwrap());
    let shared = shared(&town, governor, data.path()).await;
    (1..=GUILDS).for_each(|guild| drop(town.move_in(GuildId::new(guild), &shared)));
    town.all_are(is_stable).await;

    town.log().order.clear();
    town.gate.send_replace(false);
    (1..=GUILDS).for_each(|guild| town.close(GuildId::new(guild)));
    // What a guild's summary says has been carried out: all wait for their turn, but the first.
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
    drop(town.move_in(first, &shared));
    drop(town.move_in(second, &shared));
    // Its last handle goes, and with it the actor in the middle of its attempt.
    let gone = town.log().handles.remove(&first);
    drop(gone);
    town.gate.send_replace(true);
    town.all_are(is_stable).await;
}
