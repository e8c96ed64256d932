//! Lives that once went wrong.

use super::{live, steps::Step};
use crate::{
    peer::{SameChannel, Switches},
    rig::{A, B, secs},
};
use refrain_recovery::{GatewayEvent, Input, Intent, Policy, Timeouts};
use std::time::Duration;

fn switches(same_channel: SameChannel) -> Switches {
    Switches { same_channel, resumes: false, latency: Duration::from_millis(1), ..Switches::default() }
}

fn policy() -> Policy {
    Policy { timeouts: Timeouts { turn: secs(600), ..Timeouts::default() }, ..Policy::default() }
}

const JOIN: Step = Step::Input(Input::Intent(Intent::Join { channel: A }));

#[test]
fn a_shard_that_is_ready_anew_in_the_pause_after_a_refused_handshake() {
    let steps = [
        Step::Trouble { loses: 0, refuses: 7, code: 4006, hangs: 0 },
        JOIN,
        Step::Events(5),
        Step::Input(Input::Gateway(GatewayEvent::GuildDeleted)),
        JOIN,
        Step::Time(Duration::from_millis(31_283)),
        Step::Input(Input::Gateway(GatewayEvent::ShardReady)),
    ];
    live(switches(SameChannel::Server), policy(), false, &steps);
}

#[test]
fn a_channel_deleted_after_an_untrue_kick_and_a_true_move() {
    let steps = [
        JOIN,
        Step::Events(1),
        Step::Input(Input::Gateway(GatewayEvent::VoiceState {
            channel: None,
            session_id: "another".into(),
            mute: false,
            suppress: false,
        })),
        Step::Put(Some(B)),
        Step::Events(2),
        Step::Input(Input::Gateway(GatewayEvent::ChannelDeleted { channel: A })),
    ];
    live(switches(SameChannel::Nothing), policy(), false, &steps);
}

#[test]
fn an_op_4_said_again_after_the_turn_was_given_back_gets_another() {
    let server = |endpoint: Option<&str>| {
        let (endpoint, token) = (endpoint.map(str::to_owned), "untrue 0".to_owned());
        Step::Input(Input::Gateway(GatewayEvent::VoiceServer { endpoint, token }))
    };
    let steps = [
        JOIN,
        server(None),
        server(Some("other.test:443")),
        Step::Input(Input::Gateway(GatewayEvent::ShardDisconnected)),
        Step::Input(Input::Gateway(GatewayEvent::ShardResumed)),
    ];
    live(switches(SameChannel::Nothing), policy(), false, &steps);
}

#[test]
fn a_join_while_leaving_asks_for_a_turn_of_its_own() {
    let steps = [JOIN, Step::Input(Input::Intent(Intent::Leave)), JOIN];
    live(switches(SameChannel::Nothing), policy(), false, &steps);
}

#[test]
fn a_leave_that_got_lost_is_said_again() {
    let lost = Step::Trouble { loses: 1, refuses: 0, code: 4006, hangs: 0 };
    let steps = [JOIN, lost, Step::Input(Input::Intent(Intent::Leave))];
    live(switches(SameChannel::Nothing), policy(), false, &steps);
}
