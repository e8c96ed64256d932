//! The socket is lost, the session may not be: resumes, with the frames flowing on.

use crate::rig::{A, Rig, secs};
use refrain_recovery::{DriverEvent, FailureKind, Output, Policy, Timer, Verdict};

const RESUMED: DriverEvent = DriverEvent::Resumed;

#[test]
fn a_resume_by_the_driver_itself_changes_nothing_but_the_timeline() {
    let mut rig = Rig::stable_in(A);
    let before = rig.machine.state().clone();
    rig.driver(RESUMED);
    assert_eq!(rig.machine.state(), &before);
    assert!(rig.acts().is_empty());
    assert_eq!(rig.verdicts(), [Verdict::Recovered]);
}

#[test]
fn a_resumable_close_is_resumed_while_the_frames_flow_on() {
    for code in [1000, 1001, 1006, 4009, 4015, 4099] {
        let mut rig = Rig::stable_in(A);
        let (generation, before) = (rig.machine.generation(), rig.machine.state().clone());
        rig.closed_resumable(code);
        assert_eq!(rig.acts(), [Output::Resume { generation }]);
        assert_eq!(rig.verdicts(), [Verdict::Resume]);
        rig.driver(RESUMED);
        assert!(rig.acts().is_empty(), "the frames never stopped");
        assert_eq!(rig.machine.state(), &before);
    }
}

#[test]
fn a_close_that_the_driver_cannot_resume_gets_a_new_session() {
    let mut rig = Rig::stable_in(A);
    rig.closed(4015);
    assert_eq!(rig.verdicts(), [Verdict::NewSession]);
    assert!(rig.acts().contains(&Output::SendVoiceState { channel: None }));
}

#[test]
fn a_crashed_voice_server_is_tried_three_times_with_pauses() {
    let mut rig = Rig::stable_in(A);
    let generation = rig.machine.generation();
    rig.closed_resumable(4015);
    for _ in 2..=3 {
        rig.driver(DriverEvent::Failed { kind: FailureKind::Io });
        assert!(rig.acts().is_empty());
        assert!(rig.wake(Timer::ResumeAgain) < secs(1));
        assert_eq!(rig.acts(), [Output::Resume { generation }]);
    }
    rig.driver(DriverEvent::Failed { kind: FailureKind::Io });
    assert_eq!(rig.verdicts(), [Verdict::NewSession]);
    assert!(rig.acts().contains(&Output::StopFrames));
}

#[test]
fn a_resume_that_is_refused_or_never_answered_ends_in_a_new_session() {
    let mut rig = Rig::stable_in(A);
    rig.heard(secs(10));
    rig.closed_resumable(1006);
    rig.closed(4006);
    assert_eq!(rig.verdicts(), [Verdict::NewSession]);
    let mut rig = Rig::stable_in(A);
    rig.heard(secs(10));
    rig.closed_resumable(1006);
    rig.heard(secs(12));
    assert_eq!(rig.wake(Timer::Resume), Policy::default().timeouts.resume);
    assert_eq!(rig.verdicts(), [Verdict::NewSession]);
    rig.voice_state(None);
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.acts(), [Output::StartFrames { from: Some(secs(10)) }], "what flowed meanwhile proves nothing");
}

#[test]
fn a_silent_peer_is_resumed_and_then_replaced() {
    let mut rig = Rig::stable_in(A);
    let generation = rig.machine.generation();
    rig.driver(DriverEvent::Unresponsive);
    assert_eq!(rig.acts(), [Output::Resume { generation }]);
    rig.wake(Timer::Resume);
    assert!(rig.acts().contains(&Output::TearDown { generation }));
}
