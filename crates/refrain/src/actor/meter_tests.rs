use super::*;
use metrics_util::{
    CompositeKey,
    debugging::{DebugValue, DebuggingRecorder, Snapshotter},
};
use refrain_recovery::{GatewayEvent, Input, Intent, Policy, Recovery};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

const CHANNEL: ChannelId = ChannelId::new(5);

/// A machine that gets every turn at once, metered.
struct Guild {
    machine: Recovery,
    meter: Meter,
    now: Moment,
    /// The last op 4 that was not answered yet.
    asked: Option<Option<ChannelId>>,
}

impl Guild {
    /// Connected, an hour ago.
    fn connected() -> Self {
        let machine = Recovery::new(Policy::default(), 7);
        let mut guild = Self { machine, meter: Meter::new(GuildId::new(1)), now: Moment::ZERO, asked: None };
        guild.input(Input::Intent(Intent::Join { channel: CHANNEL }));
        guild.halves("first");
        guild.driver(DriverEvent::Connected);
        guild.pass(3600);
        guild
    }

    fn input(&mut self, input: Input) {
        self.machine.handle_input(self.now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        self.meter.begins(self.machine.state(), &self.machine.snapshot());
        while let Some(output) = self.machine.poll_output() {
            self.meter.machine_said(self.now, &output, self.machine.state());
            if matches!(output, Output::AskTurn { .. }) {
                self.machine.handle_input(self.now, Input::Turn);
            }
            if let Output::SendVoiceState { channel } = output {
                self.asked = Some(channel);
            }
        }
        self.meter.settles(self.now, self.machine.state(), &self.machine.snapshot());
    }

    fn driver(&mut self, event: DriverEvent) {
        let generation = self.machine.generation();
        let stood = matches!(self.machine.state(), State::Stable(_));
        self.machine.handle_input(self.now, Input::Driver { generation, event });
        self.meter.driver_said(self.now, generation, event, stood);
        self.carry_out();
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
        self.input(Input::Gateway(event));
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    /// To the next wake-up.
    fn wake(&mut self) {
        self.now = self.machine.poll_timeout().expect("something is awaited").0;
        self.machine.handle_timeout(self.now);
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
        assert_eq!(guild.machine.state().name(), "STABLE");
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
        assert_eq!(guild.machine.state().name(), "STABLE");
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
        assert_eq!(guild.machine.state().name(), "IDLE");
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
        (&2.into(), &4006.into(), &5.into())
    );
    // The first pause of the backoff: 2 s, 30 % either way.
    assert!((1400..=2600).contains(&span["jitter_ms"].as_u64().unwrap()), "{span}");
}
