//! 4014 and 1000 mean a forced or manual leave, or nothing of the kind: the main gateway's word decides.

use crate::rig::{A, B, Rig, secs};
use refrain_model::ChannelId;
use refrain_recovery::{
    CloseCode, DriverEvent, GatewayEvent, Idle, Input, Intent, Notice, Output, Policy, Stage, State, Timer, Verdict,
};

const CODES: [u16; 2] = [4014, 1000];

/// The default policy: what a machine does after 1000 goes by the time that an answer takes.
fn stable_in(channel: ChannelId) -> Rig {
    let mut rig = Rig::with(Policy::default());
    rig.join(channel);
    rig.answer(channel);
    rig.driver(DriverEvent::Connected);
    rig.pass(secs(60));
    rig
}

#[test]
fn with_a_voice_state_of_no_channel_they_are_a_leave_and_final_unless_overridden() {
    for code in CODES {
        for null_first in [true, false] {
            let mut rig = stable_in(A);
            if null_first {
                rig.voice_state(None);
                assert_eq!(rig.told(), [Notice::Kicked], "{code}");
                rig.closed(code);
            } else {
                rig.closed(code);
                assert_eq!(rig.verdicts(), [Verdict::Weigh], "{code}");
                rig.voice_state(None);
                assert_eq!(rig.told(), [Notice::Kicked], "{code}");
            }
            assert_eq!(rig.machine.state(), &State::Idle(Idle::Kicked { channel: A }), "{code}");
            assert_eq!(rig.machine.poll_timeout(), None, "nothing brings it back by itself");
            assert_eq!(rig.op4s(), [Some(A)], "{code}");
            rig.input(Input::Intent(Intent::Override));
            assert_eq!(rig.op4s(), [Some(A), Some(A)], "{code}: a member with the permission asks it back");
        }
    }
}

#[test]
fn a_leave_that_was_asked_for_is_final_whatever_the_close() {
    for code in CODES {
        let mut rig = stable_in(A);
        rig.leave();
        rig.closed(code);
        rig.voice_state(None);
        assert_eq!((rig.name(), rig.machine.intent()), ("IDLE", None), "{code}");
        assert_eq!(rig.machine.state(), &State::Idle(Idle::Left));
    }
}

#[test]
fn with_a_deleted_channel_they_are_final() {
    for code in CODES {
        let mut rig = stable_in(A);
        rig.closed(code);
        rig.gateway(GatewayEvent::ChannelDeleted { channel: A });
        assert_eq!(rig.told(), [Notice::ChannelGone], "{code}");
        assert_eq!(rig.machine.state(), &State::Idle(Idle::Gone));
    }
}

#[test]
fn with_a_voice_state_of_another_channel_they_are_a_move() {
    for code in CODES {
        let mut rig = stable_in(A);
        rig.closed(code);
        rig.answer(B);
        rig.driver(DriverEvent::Connected);
        assert_eq!((rig.name(), rig.machine.intent()), ("STABLE", Some(B)), "{code}");
    }
}

#[test]
fn unexplained_they_are_a_fault_and_the_bot_comes_back() {
    for (code, limit) in [(4014, Policy::default().timeouts.evidence), (1000, Policy::default().hedge.least)] {
        let mut rig = stable_in(A);
        rig.closed(code);
        assert!(matches!(rig.stage(), Stage::Weighing { code: CloseCode(c), .. } if *c == code));
        assert_eq!(rig.wake(Timer::Evidence), limit, "{code}");
        assert_eq!(rig.acts(), [Output::SendVoiceState { channel: Some(A) }], "{code}");
        rig.voice_server();
        rig.driver(DriverEvent::Connected);
        assert_eq!(rig.name(), "STABLE", "{code}");
    }
}

#[test]
fn a_1000_that_can_be_resumed_is_resumed_and_a_kick_meanwhile_is_a_kick() {
    let mut rig = stable_in(A);
    let generation = rig.machine.generation();
    rig.closed_resumable(1000);
    assert_eq!(rig.acts(), [Output::Resume { generation }]);
    rig.voice_state(None);
    assert_eq!(rig.told(), [Notice::Kicked]);
}
