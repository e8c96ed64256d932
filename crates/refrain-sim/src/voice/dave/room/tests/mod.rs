//! Rooms with real members in them: each client is an independent implementation of the protocol, behind a line that
//! delivers when the test lets it.

mod call;
mod client;
mod random;

use super::*;
use crate::voice::dave::{commit::CommitWelcome, group::Group};
use call::Call;
use davey::DaveSession;
use std::num::NonZeroU16;

const CHANNEL: u64 = 7;

#[test]
fn a_client_alone_sends_plain_opus_and_a_person_makes_it_a_group() {
    let mut call = Call::new(250.0);
    call.join(1);
    assert_eq!(call.settled().heard(1), ["ExternalSender"]);
    call.people(&[9]);
    assert_eq!(call.settled().heard(1), ["ExternalSender", "Proposals", "Commit"]);
    assert_eq!(call.room.group.epoch(), 1);
}

#[test]
fn a_person_who_commits_first_welcomes_the_client() {
    let mut call = Call::new(0.0);
    call.people(&[9]);
    call.join(1);
    assert_eq!(call.settled().heard(1), ["ExternalSender", "Proposals", "Welcome"]);
}

#[test]
fn members_come_and_go_over_epochs_and_transitions() {
    let mut call = Call::new(250.0);
    call.people(&[8, 9]);
    call.join(1);
    call.settled();
    call.join(2);
    assert_eq!(call.settled().heard(2), ["ExternalSender", "Welcome", "ExecuteTransition"]);
    call.people(&[9]);
    call.settled();
    call.leave(1);
    assert_eq!(
        call.settled().heard(2),
        ["ExternalSender", "Welcome", "ExecuteTransition", "Proposals", "Commit", "ExecuteTransition"]
            .iter()
            .chain(&["Proposals", "Commit", "ExecuteTransition"])
            .copied()
            .collect::<Vec<_>>()
    );
    assert_eq!(call.room.group.epoch(), 4);
}

#[test]
fn the_first_commit_of_an_epoch_wins_and_the_others_are_dropped() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    for user in [1, 2, 3] {
        call.join(user);
    }
    call.settled();
    call.people(&[8, 9]);
    for user in [1, 2, 3] {
        while call.deliver(user, true) {}
        assert!(matches!(call.clients[&user].outbox.back(), Some(DaveSaid::CommitWelcome(_))), "all commit");
    }
    let epoch = call.room.group.epoch();
    for user in [2, 1, 3] {
        call.deliver(user, false);
    }
    assert_eq!(call.room.group.epoch(), epoch + 1);
    call.settled();
    for user in [1, 2, 3] {
        let commits = call.heard(user).iter().filter(|name| **name == "Commit").count();
        assert!(call.clients[&user].heard.iter().all(|name| name != "PrepareEpoch"), "nobody lost the group");
        assert!(commits <= 3);
    }
}

#[test]
fn commits_that_are_not_valid_change_nothing() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    call.join(1);
    while call.deliver(1, false) {}
    while call.deliver(1, true) {}
    let Some(DaveSaid::CommitWelcome(good)) = call.clients[&1].outbox.back().cloned() else {
        panic!("the client commits");
    };
    let group = &mut call.room.group;
    let refused = |group: &mut Group, user: u64, payload: &[u8]| group.commit(user, payload, 0.0).unwrap_err();
    assert_eq!(refused(group, 5, &good), "the sender is not in the channel");
    assert_eq!(refused(group, 1, &good[..40]), "the message is cut short");
    let mut other_group = good.clone();
    other_group[12] ^= 1;
    assert_eq!(refused(group, 1, &other_group), "it is of another group");
    let mut other_epoch = good.clone();
    other_epoch[20] ^= 1;
    assert_eq!(refused(group, 1, &other_epoch), "it is of another epoch");
    let mut other_leaf = good.clone();
    other_leaf[25] ^= 1;
    assert_eq!(refused(group, 1, &other_leaf), "it is signed as another member");
    let length = good.len();
    let commit = CommitWelcome::read(&good).unwrap().message.len();
    assert_eq!(refused(group, 1, &good[..commit]), "it adds members without a Welcome");
    assert!(refused(group, 1, &good[..length - 1]).contains("Welcome"));
    assert_eq!(group.epoch(), 0);
    group.commit(1, &good, 0.0).unwrap();
    assert_eq!(refused(group, 1, &good), "it is of another epoch");
}

#[test]
fn a_commit_without_all_proposals_of_the_epoch_is_refused_and_the_next_one_has_them() {
    let mut call = Call::new(1e9);
    call.people(&[9]);
    call.join(1);
    while call.deliver(1, false) {}
    while call.deliver(1, true) {}
    call.people(&[8, 9]);
    call.deliver(1, false);
    assert_eq!(call.room.group.epoch(), 0, "it does not add the second person");
    while call.deliver(1, true) {}
    call.deliver(1, false);
    assert_eq!(call.room.group.epoch(), 1);
    call.settled();
}

#[test]
fn who_goes_before_being_added_is_taken_back() {
    let mut call = Call::new(1e9);
    call.people(&[9]);
    call.join(1);
    call.settled();
    call.people(&[8, 9]);
    call.people(&[9]);
    call.settled();
    assert_eq!(call.heard(1)[3..], ["Proposals", "Proposals"]);
    assert_eq!(call.room.group.epoch(), 1);
}

#[test]
fn who_cannot_process_a_message_is_removed_and_added_again() {
    let mut call = Call::new(250.0);
    call.people(&[8, 9]);
    call.join(1);
    call.settled();
    let client = call.clients.get_mut(&1).unwrap();
    client.give_up(0);
    call.settled();
    assert_eq!(call.heard(1).last(), Some(&"ExecuteTransition"));
    assert!(call.heard(1).contains(&"Welcome"));
}

#[test]
fn a_group_in_which_nobody_is_left_to_commit_is_made_anew() {
    let mut call = Call::new(250.0);
    call.join(1);
    call.join(2);
    call.settled();
    for user in [1, 2] {
        let client = call.clients.get_mut(&user).unwrap();
        client.give_up(0);
    }
    call.settled();
}

#[test]
fn the_last_one_left_begins_anew() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    call.join(1);
    call.settled();
    call.people(&[]);
    call.settled();
    assert_eq!(call.heard(1)[3..], ["PrepareEpoch", "PrepareTransition"]);
    assert_eq!(call.room.group.epoch(), 0);
    call.people(&[8]);
    call.settled();
}

#[test]
fn a_client_that_speaks_no_version_takes_everybody_down_and_up_again_when_it_goes() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    call.join(1);
    call.join(2);
    call.settled();
    call.join_as(3, false);
    call.settled();
    assert_eq!(call.heard(1)[call.heard(1).len() - 2..], ["PrepareTransition", "ExecuteTransition"]);
    assert_eq!(call.room.group.version(), 0);
    call.join(4);
    assert!(call.settled().heard(4).is_empty(), "who comes now is told version 0 and nothing else");
    call.leave(3);
    call.settled();
    assert_eq!(call.heard(4)[..2], ["PrepareEpoch", "ExternalSender"]);
    assert_eq!(call.heard(4).last(), Some(&"ExecuteTransition"), "media goes over when all are ready");
}

#[test]
fn a_transition_that_somebody_never_confirms_is_executed_all_the_same() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    call.join(1);
    call.settled();
    call.clients.get_mut(&1).unwrap().is_cooperative = false;
    call.people(&[8, 9]);
    while call.deliver(1, true) || call.deliver(1, false) {}
    assert_eq!(call.heard(1).last(), Some(&"Commit"));
    call.wait(1999.0);
    assert!(call.clients[&1].inbox.is_empty());
    call.wait(1.0);
    assert_eq!(call.settled().heard(1).last(), Some(&"ExecuteTransition"));
}

#[test]
fn plain_opus_is_taken_for_a_while_after_a_group_is_made_and_silence_always() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    call.join(1);
    call.settled();
    let at = call.now_ms;
    let hear = |call: &mut Call, frame: &[u8], later_ms: f64| call.room.hear(1, frame.to_vec(), at + later_ms);
    assert_eq!(hear(&mut call, &[0xfc, 1], 9_000.0), Heard::TransportOnly(vec![0xfc, 1]));
    assert_eq!(hear(&mut call, &[0xfc, 1], 11_000.0), Heard::Undecryptable);
    assert_eq!(hear(&mut call, &SILENCE, 11_000.0), Heard::Opus(SILENCE.to_vec()));
    let mut forged = call.clients.get_mut(&1).unwrap().frame(&[0xfc, 1, 2, 3]);
    forged[0] ^= 1;
    assert_eq!(hear(&mut call, &forged, 0.0), Heard::Undecryptable);
}

#[test]
fn frames_on_their_way_are_heard_although_the_last_person_left() {
    let mut call = Call::new(250.0);
    call.people(&[9]);
    call.join(1);
    call.settled();
    let frame = call.clients.get_mut(&1).unwrap().frame(&[0xfc, 1, 2, 3]);
    call.people(&[]);
    let later = call.now_ms + 9_000.0;
    assert_eq!(call.room.hear(1, frame.clone(), later), Heard::Opus(vec![0xfc, 1, 2, 3]));
    assert_eq!(call.room.hear(1, frame, later + 2_000.0), Heard::Unheard);
}

#[test]
fn key_packages_of_somebody_else_or_with_another_lifetime_are_refused() {
    let mut call = Call::new(250.0);
    call.join(1);
    let foreign = DaveSession::new(NonZeroU16::MIN, 2, CHANNEL, None).unwrap().create_key_package().unwrap();
    let group = &mut call.room.group;
    assert!(group.key_package(1, &foreign, 0.0).unwrap_err().contains("credential"));
    let own = DaveSession::new(NonZeroU16::MIN, 1, CHANNEL, None).unwrap().create_key_package().unwrap();
    let mut forged = own.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert!(group.key_package(1, &forged, 0.0).unwrap_err().contains("valid"));
    assert!(group.key_package(1, &own[..last], 0.0).unwrap_err().contains("decoded"));
    let wrapped = [&[0, 1, 0, 5][..], &own].concat();
    assert_eq!(group.key_package(1, &wrapped, 0.0), Ok(()), "as the whitepaper has it");
    assert_eq!(group.key_package(1, &own, 0.0), Ok(()), "as clients send it");
}

#[test]
fn a_commit_from_before_a_proposal_was_taken_back_does_not_count() {
    let mut call = Call::new(250.0);
    for user in [1, 2, 3] {
        call.join(user);
    }
    call.settled();
    call.leave(3);
    assert!(call.deliver(1, true), "the first commit removes them");
    call.join(4);
    call.deliver(4, false);
    while call.deliver(1, true) {}
    call.leave(4);
    while call.deliver(1, true) {}
    let epoch = call.room.group.epoch();
    call.deliver(1, false);
    assert_eq!(call.room.group.epoch(), epoch, "the member has another commit by now");
    call.settled();
    assert_eq!(call.room.group.epoch(), epoch + 1);
}

#[test]
fn a_client_that_gives_up_while_a_welcome_is_on_its_way_is_in_the_group_in_the_end() {
    let mut call = Call::new(0.0);
    call.people(&[9]);
    call.join(1);
    // The first group's transition is 0, as this one: the Welcome that comes next seems to be answered.
    call.clients.get_mut(&1).unwrap().give_up(0);
    call.settled();
    assert_eq!(call.heard(1).last(), Some(&"Welcome"));
}
