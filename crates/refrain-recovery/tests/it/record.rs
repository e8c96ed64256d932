//! Inputs are recorded and replayed: what goes in survives serde, and secrets can be taken out first.

use crate::rig::{A, B, secs};
use refrain_model::Moment;
use refrain_recovery::{
    AutoRejoin, CloseCode, DriverEvent, FailureKind, GatewayEvent, Generation, Input, Intent, MissingAccess, Output,
    Policy, Recovery, Settings,
};

fn driver(event: DriverEvent) -> Input {
    Input::Driver { generation: Generation(3), event }
}

fn every_input() -> Vec<Input> {
    let gateway = [
        GatewayEvent::VoiceState { channel: Some(A), session_id: "session".into(), mute: true, suppress: false },
        GatewayEvent::VoiceState { channel: None, session_id: "session".into(), mute: false, suppress: true },
        GatewayEvent::VoiceServer { endpoint: Some("voice.test:443".into()), token: "token".into() },
        GatewayEvent::VoiceServer { endpoint: None, token: "token".into() },
        GatewayEvent::ShardDisconnected,
        GatewayEvent::ShardResumed,
        GatewayEvent::ShardReady,
        GatewayEvent::GuildAvailable { channel: Some(B) },
        GatewayEvent::GuildUnavailable,
        GatewayEvent::GuildDeleted,
        GatewayEvent::ChannelDeleted { channel: A },
        GatewayEvent::Health { latency: secs(1), missed_heartbeats: 2 },
    ];
    let driver_events = [
        DriverEvent::Connected,
        DriverEvent::Resumed,
        DriverEvent::Closed { code: Some(CloseCode(4006)), resumable: true },
        DriverEvent::Closed { code: None, resumable: false },
        DriverEvent::Failed { kind: FailureKind::TimedOut },
        DriverEvent::Failed { kind: FailureKind::Io },
        DriverEvent::Failed { kind: FailureKind::Closed(Some(CloseCode(4004))) },
        DriverEvent::Failed { kind: FailureKind::Protocol },
        DriverEvent::Failed { kind: FailureKind::Discarded },
        DriverEvent::Unresponsive,
        DriverEvent::Alive,
        DriverEvent::Reachable,
    ];
    let intents = [Intent::Join { channel: A }, Intent::Return { channel: B }, Intent::Leave, Intent::Override]
        .map(Input::Intent);
    let others = [
        Input::Turn,
        Input::Settings(Settings { auto_rejoin: AutoRejoin::AlsoAfterKick }),
        Input::Heard { playhead: secs(4) },
        Input::TrackStarted { playhead: secs(5) },
        Input::Flowing(false),
        Input::Access { channel: A, missing: None },
        Input::Access { channel: A, missing: Some(MissingAccess::Connect) },
    ];
    let gateway = gateway.map(Input::Gateway).into_iter();
    gateway.chain(driver_events.map(driver)).chain(intents).chain(others).collect()
}

#[test]
fn every_input_is_the_same_after_it_was_stored() {
    for input in every_input() {
        let text = serde_json::to_string(&input).unwrap();
        assert_eq!(serde_json::from_str::<Input>(&text).unwrap(), input, "{text}");
    }
}

#[test]
fn a_policy_is_the_same_after_it_was_stored_and_what_it_lacks_is_the_default() {
    let policy = Policy { overlap: secs(2), ..Policy::default() };
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
}

#[test]
fn a_voice_state_that_was_stored_before_it_told_of_mutes_tells_of_none() {
    let text = r#"{"gateway":{"voice-state":{"channel":null,"session_id":"session"}}}"#;
    let expected =
        GatewayEvent::VoiceState { channel: None, session_id: "session".into(), mute: false, suppress: false };
    assert_eq!(serde_json::from_str::<Input>(text).unwrap(), Input::Gateway(expected));
}

#[test]
fn secrets_are_replaced_and_everything_else_stays() {
    for input in every_input() {
        let safe = input.clone().replace_secrets(|_| "stand-in".into());
        let text = serde_json::to_string(&safe).unwrap();
        assert!(!text.contains("\"token\":\"token\"") && !text.contains("\"session_id\":\"session\""), "{text}");
        let original = serde_json::to_string(&input).unwrap();
        let expected = original
            .replace("\"token\":\"token\"", "\"token\":\"stand-in\"")
            .replace("\"session_id\":\"session\"", "\"session_id\":\"stand-in\"");
        assert_eq!(text, expected);
    }
}

#[test]
fn neither_a_token_nor_a_session_id_reaches_a_log() {
    for input in every_input() {
        let text = format!("{input:?}");
        assert!(!text.contains("\"token\"") && !text.contains("\"session\""), "{text}");
    }
}

#[test]
fn a_life_that_was_stored_without_its_secrets_is_lived_again() {
    let said = |inputs: &[Input]| {
        let mut machine = Recovery::new(Policy::default(), 7);
        let mut said = Vec::new();
        for (n, input) in (0u64..).zip(inputs) {
            let now = Moment::from_millis(n * 1000);
            machine.handle_timeout(now);
            machine.handle_input(now, input.clone());
            while let Some(output) = machine.poll_output() {
                said.push(output);
            }
        }
        said
    };
    let server = |token: &str| {
        let endpoint = Some("voice.test:443".into());
        Input::Gateway(GatewayEvent::VoiceServer { endpoint, token: token.into() })
    };
    let state = |channel| {
        let session_id = "session".into();
        Input::Gateway(GatewayEvent::VoiceState { channel, session_id, mute: false, suppress: false })
    };
    let report = |generation, event| Input::Driver { generation: Generation(generation), event };
    let life = [
        Input::Intent(Intent::Join { channel: A }),
        Input::Turn,
        state(Some(A)),
        server("one"),
        report(1, DriverEvent::Connected),
        server("one"),
        server("two"),
        report(2, DriverEvent::Connected),
        report(2, DriverEvent::Closed { code: Some(CloseCode(4006)), resumable: false }),
        Input::Turn,
        server("two"),
        state(None),
    ];
    let stored = life.clone().map(|input| {
        let safe = input.replace_secrets(|secret| format!("stand-in for one of {} letters {secret:.1}", secret.len()));
        serde_json::from_str(&serde_json::to_string(&safe).unwrap()).unwrap()
    });
    let kind = |output: &Output| match output {
        Output::Connect { generation, session } => format!("{generation} {}", session.channel),
        other @ (Output::SendVoiceState { .. }
        | Output::Resume { .. }
        | Output::AskTurn { .. }
        | Output::WithdrawTurn
        | Output::Probe { .. }
        | Output::TearDown { .. }
        | Output::StartFrames { .. }
        | Output::StopFrames
        | Output::Persist { .. }
        | Output::Incident(_)
        | Output::Notify(_)) => format!("{other:?}"),
    };
    let kinds = |inputs: &[Input]| said(inputs).iter().map(kind).collect::<Vec<_>>();
    assert_eq!(kinds(&stored), kinds(&life));
}
