//! Back after a restart of the process: nothing is known of the connection of before, and Discord may still show it.

use crate::rig::{A, B, Rig};
use refrain_recovery::{DriverEvent, GatewayEvent, Input, Intent, Notice, Output, State, Timer};

fn returns(shown: Option<refrain_model::ChannelId>) -> Rig {
    let mut rig = Rig::new();
    rig.gateway(GatewayEvent::GuildAvailable { channel: shown });
    rig.input(Input::Intent(Intent::Return { channel: A }));
    rig
}

#[test]
fn it_joins_the_channel_of_before_and_takes_its_turn_like_a_recovery() {
    let mut rig = returns(None);
    assert_eq!(rig.acts(), [Output::Persist { channel: Some(A) }, Output::SendVoiceState { channel: Some(A) }]);
    assert!(rig.turns.contains(&Output::AskTurn { urgency: refrain_recovery::Urgency::Recovery }));
    rig.answer(A);
    rig.driver(DriverEvent::Connected);
    assert!(matches!(rig.machine.state(), State::Stable(_)));
    assert!(rig.told().is_empty(), "nobody needs to be told what was over at once");
}

#[test]
fn where_discord_still_shows_it_in_the_channel_it_leaves_first() {
    let mut rig = returns(Some(A));
    assert_eq!(rig.op4s(), [None]);
    rig.voice_state(None);
    assert_eq!(rig.op4s(), [None, Some(A)]);
}

#[test]
fn unanswered_it_is_not_given_up() {
    let mut rig = returns(None);
    rig.wake(Timer::Reconnect);
    assert_eq!((rig.machine.intent(), rig.name()), (Some(A), "RETRYING"));
    assert!(!rig.told().contains(&Notice::JoinUnanswered));
    rig.wake(Timer::Backoff);
    assert!(rig.op4s().len() > 1, "it goes on trying");
}

#[test]
fn who_asks_for_another_channel_meanwhile_gets_it() {
    let mut rig = returns(None);
    rig.join(B);
    rig.answer(B);
    rig.driver(DriverEvent::Connected);
    assert_eq!(rig.machine.intent(), Some(B));
    rig.input(Input::Intent(Intent::Return { channel: B }));
    assert!(rig.acts().is_empty(), "there already");
}
