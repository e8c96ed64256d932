use super::*;
use metrics_util::{
    CompositeKey,
    debugging::{DebugValue, DebuggingRecorder, Snapshotter},
};
use refrain_guild::{
    AskerChannel, Command, CommandId, Guild as Decides, GuildPolicy, Observed, PlayRequest, SourceEvent, SourceFacts,
    SourceReading,
};
use refrain_model::{TrackInfo, UserId};
use refrain_queue::Place;
use refrain_recovery::GatewayEvent;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

const CHANNEL: ChannelId = ChannelId::new(5);

/// A guild that gets every turn and every source at once, metered.
struct Guild {
    guild: Decides,
    meter: Meter,
    now: Moment,
    /// The last op 4 that was not answered yet.
    asked: Option<Option<ChannelId>>,
    /// The attached source.
    source: Option<SourceReading>,
}

impl Guild {
    /// Connected, an hour ago.
    fn connected() -> Self {
        let id = GuildId::new(1);
        let guild = Decides::new(id, GuildPolicy::default(), 7);
        let mut guild = Self { guild, meter: Meter::new(id), now: Moment::ZERO, asked: None, source: None };
        guild.carry_out();
        guild.input(GuildInput::Loaded(Ok(None)));
        guild.play();
        guild.halves("first");
        guild.driver(DriverEvent::Connected);
        guild.pass(3600);
        guild
    }

    fn play(&mut self) {
        let request = PlayRequest {
            query: "https://example.org/a".into(),
            voice_channel: CHANNEL,
            requested_by: UserId::new(2),
            requested_in: ChannelId::new(3),
            place: Place::End,
        };
        self.input(GuildInput::Command { id: CommandId(1), command: Command::Play(request) });
    }

    fn observed(&self) -> Observed {
        Observed { at: self.now, unix_ms: 1_800_000_000_000, source: self.source, channel: None }
    }

    fn input(&mut self, input: GuildInput) {
        self.meter.told(&input);
        self.guild.handle_input(self.observed(), input);
        self.carry_out();
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other outputs are for drivers, stores and members, which these tests have none of"
    )]
    fn carry_out(&mut self) {
        let mut then = Vec::new();
        while let Some(output) = self.guild.poll_output() {
            self.meter.said(self.now, &output);
            match output {
                GuildOutput::AskTurn { .. } => self.guild.handle_input(self.observed(), GuildInput::Turn),
                GuildOutput::Rewind { id, to } => {
                    let event = SourceEvent::Rewound { to };
                    self.guild.handle_input(self.observed(), GuildInput::Source { id, event });
                }
                GuildOutput::SendVoiceState { channel } => self.asked = Some(channel),
                GuildOutput::LookUp { id, .. } => {
                    let info = TrackInfo {
                        title: "A song".into(),
                        page_url: "https://example.org/a".into(),
                        uploader: None,
                        thumbnail: None,
                        duration: Some(Duration::from_secs(36_000)),
                        live: false,
                    };
                    then.push(GuildInput::LookedUp { id, result: Ok(info), asker: AskerChannel::Unknown });
                }
                GuildOutput::OpenSource(wanted) => {
                    let facts = SourceFacts { length: None, live: false, seekable: true };
                    let event = SourceEvent::Opened { from: wanted.from, facts };
                    then.push(GuildInput::Source { id: wanted.id, event });
                }
                GuildOutput::Attach { id, .. } => {
                    self.source = id.map(|id| SourceReading { id, flowed: Duration::ZERO, live: false })
                }
                _ => {}
            }
        }
        self.meter.settles(self.now);
        then.into_iter().for_each(|input| self.input(input));
    }

    fn state(&self) -> &'static str {
        self.guild.voice_view().state
    }

    fn driver(&mut self, event: DriverEvent) {
        let generation = self.guild.voice_view().generation;
        self.input(GuildInput::Driver { generation, event });
    }

    fn closed(&mut self, code: u16) {
        self.driver(DriverEvent::Closed { code: Some(CloseCode(code)), resumable: false });
    }

    /// Discord does what op 4 asked for, and says so.
    fn halves(&mut self, token: &str) {
        while let Some(channel) = self.asked.take() {
            self.gateway(GatewayEvent::VoiceState {
                channel,
                session_id: "session".into(),
                mute: false,
                suppress: false,
            });
            if channel.is_some() {
                let endpoint = Some("voice.test:443".into());
                self.gateway(GatewayEvent::VoiceServer { endpoint, token: token.into() });
            }
        }
    }

    fn gateway(&mut self, event: GatewayEvent) {
        self.input(GuildInput::Gateway(event));
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    /// To the recovery's next wake-up.
    fn wake(&mut self) {
        self.now = self.guild.voice_view().next.expect("something is awaited").0;
        self.guild.handle_timeout(self.observed());
        self.carry_out();
    }
}

/// Everything recorded so far, by `name` or `name{label}`: a reading of the recorder starts it anew.
struct Recorded {
    snapshots: Snapshotter,
    sums: BTreeMap<String, f64>,
    histograms: BTreeMap<String, Vec<f64>>,
}

impl Recorded {
    fn of(life: impl FnOnce(&mut Self)) -> Self {
        let recorder = DebuggingRecorder::new();
        let snapshots = recorder.snapshotter();
        let mut recorded = Self { snapshots, sums: BTreeMap::new(), histograms: BTreeMap::new() };
        ::metrics::with_local_recorder(&recorder, || life(&mut recorded));
        recorded
    }

    fn value(&mut self, name: &str) -> f64 {
        self.read();
        self.sums.get(name).copied().unwrap_or_default()
    }

    fn values(&mut self, name: &str) -> Vec<f64> {
        self.read();
        self.histograms.get(name).cloned().unwrap_or_default()
    }

    fn read(&mut self) {
        for (key, _, _, value) in self.snapshots.snapshot().into_vec() {
            let name = name(&key);
            match value {
                DebugValue::Counter(more) => *self.sums.entry(name).or_default() += more as f64,
                DebugValue::Gauge(more) => *self.sums.entry(name).or_default() += more.into_inner(),
                DebugValue::Histogram(more) => {
                    self.histograms.entry(name).or_default().extend(more.into_iter().map(|value| value.into_inner()));
                }
            }
        }
    }
}

fn name(key: &CompositeKey) -> String {
    let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
    let name = key.key().name();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

#[test]
fn a_connection_that_comes_back_is_one_disconnect_one_success_and_how_long_it_took() {
    let mut values = Recorded::of(|_| {
        let mut guild = Guild::connected();
        guild.closed(4006);
        guild.pass(2);
        guild.halves("second");
        guild.driver(DriverEvent::Connected);
        assert_eq!(guild.state(), "STABLE");
    });
    assert_eq!(values.value("voice_disconnect_total{4006}"), 1.0);
    assert_eq!(values.value("voice_reconnect_success_total"), 1.0);
    assert_eq!(values.value("voice_reconnect_failure_total"), 0.0);
    assert_eq!(values.values("voice_reconnect_duration_seconds"), [2.0]);
    assert_eq!(values.value("voice_reconnect_attempts_current"), 0.0);
    assert!(values.value("voice_op4_total{join}") >= 2.0, "the first join and the one that came back");
}

#[test]
fn an_attempt_that_comes_to_nothing_is_a_failure_and_current_until_the_recovery_is_over() {
    let mut values = Recorded::of(|meanwhile| {
        let mut guild = Guild::connected();
        guild.closed(4006);
        guild.halves("second");
        guild.driver(DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(4006))) });
        guild.wake();
        guild.halves("third");
        assert_eq!(meanwhile.value("voice_disconnect_total{4006}"), 2.0, "the connection, and the attempt");
        assert_eq!(meanwhile.value("voice_reconnect_failure_total"), 1.0);
        assert_eq!(meanwhile.value("voice_reconnect_attempts_current"), 2.0);
        guild.driver(DriverEvent::Connected);
        assert_eq!(guild.state(), "STABLE");
    });
    assert_eq!(values.value("voice_reconnect_success_total"), 1.0);
    assert_eq!(values.value("voice_reconnect_attempts_current"), 0.0);
}

#[test]
fn a_guild_that_ends_in_the_middle_leaves_no_attempts_behind() {
    let mut values = Recorded::of(|meanwhile| {
        let mut guild = Guild::connected();
        guild.closed(4006);
        assert_eq!(meanwhile.value("voice_reconnect_attempts_current"), 1.0);
        drop(guild);
    });
    assert_eq!(values.value("voice_reconnect_attempts_current"), 0.0);
}

#[test]
fn codes_that_nobody_knows_are_counted_apart_and_cannot_flood_the_labels() {
    let mut values = Recorded::of(|_| {
        for code in [4042, 4042, 3999, 9, 4006] {
            Guild::connected().closed(code);
        }
    });
    assert_eq!(values.value("voice_unlisted_close_total{4042}"), 2.0);
    assert_eq!(values.value("voice_unlisted_close_total{other}"), 2.0);
    assert_eq!(values.value("voice_unlisted_close_total{4006}"), 0.0);
    assert_eq!(values.value("voice_disconnect_total{4042}"), 2.0);
}

#[test]
fn a_kick_is_neither_success_nor_failure() {
    let mut values = Recorded::of(|_| {
        let mut guild = Guild::connected();
        guild.closed(4014);
        guild.gateway(GatewayEvent::VoiceState {
            channel: None,
            session_id: "session".into(),
            mute: false,
            suppress: false,
        });
        assert_eq!(guild.state(), "IDLE");
    });
    assert_eq!(values.value("voice_disconnect_total{4014}"), 1.0);
    assert_eq!(values.value("voice_reconnect_success_total"), 0.0);
    assert_eq!(values.value("voice_reconnect_failure_total"), 0.0);
}

/// What a subscriber writes, as JSON lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn a_recovery_is_a_span_with_its_attempts_its_pauses_and_its_outcome() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut guild = Guild::connected();
        guild.closed(4006);
        guild.halves("second");
        guild.driver(DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(4006))) });
        guild.wake();
        guild.halves("third");
        guild.driver(DriverEvent::Connected);
    });
    let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let over: Vec<serde_json::Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["fields"]["message"] == "the recovery is over")
        .collect();
    assert_eq!(over.len(), 1, "{written}");
    let (line, span) = (&over[0]["fields"], &over[0]["span"]);
    assert_eq!((&line["state"], &line["close_code"], &line["attempt"]), (&"STABLE".into(), &4006.into(), &2.into()));
    assert_eq!((&span["name"], &span["outcome"]), (&"recovery".into(), &"recovered".into()));
    assert_eq!(
        (&span["attempt"], &span["close_code"], &span["voice_channel_id"]),
        (&2.into(), &4006.into(), &"5".into())
    );
    // The first pause of the backoff: 2 s, 30 % either way.
    assert!((1400..=2600).contains(&span["jitter_ms"].as_u64().unwrap()), "{span}");
}

#[test]
fn failures_of_sources_are_counted_by_what_they_are_about_and_an_outage_ends_with_its_guild() {
    let failure = |class| refrain_guild::SourceFailure::new(class, "network", "It cannot be reached.");
    let track = refrain_model::TrackId(1);
    let mut values = Recorded::of(|meanwhile| {
        let mut meter = Meter::new(GuildId::new(1));
        let mut observe = |observation| meter.said(Moment::ZERO, &GuildOutput::Observe(observation));
        observe(Observation::SourceRetry {
            track,
            title: "A song".into(),
            failure: failure(refrain_model::FailureClass::Site),
            attempt: 1,
            pause: Duration::from_secs(1),
        });
        observe(Observation::TrackFailed {
            track,
            title: "A song".into(),
            failure: failure(refrain_model::FailureClass::Track),
        });
        observe(Observation::SourceStalled { id: refrain_guild::SourceId(1), starved: Duration::from_secs(5) });
        observe(Observation::OutageBegan);
        observe(Observation::OutageBegan);
        assert_eq!(meanwhile.value("source_outages_current"), 1.0);
        drop(meter);
    });
    assert_eq!(values.value("source_failures_total{site}"), 1.0);
    assert_eq!(values.value("source_failures_total{track}"), 1.0);
    assert_eq!(values.value("source_stalls_total"), 1.0);
    assert_eq!(values.value("source_outages_current"), 0.0);
}
