//! Lives that once went wrong.

use super::{
    live,
    script::{Script, Step},
};
use crate::world::{
    A, B, C, TEXT,
    audio::Fate,
    discord::Switches,
    secs,
    site::{Mood, failure},
};
use refrain_guild::{AskerChannel, Command, FailureClass, PlayRequest, Scene, Seek};
use refrain_model::{LoopMode, UserId};
use refrain_queue::Place;
use std::time::Duration;

fn play(place: Place) -> Step {
    let (query, voice_channel, requested_by) = ("words".into(), B, UserId::new(5));
    Step::Command(Command::Play(PlayRequest { query, voice_channel, requested_by, requested_in: TEXT, place }))
}

/// The songs and the delays are those of the seed.
fn lives(seed: u64, plays: bool, steps: Vec<Step>) {
    for same_channel in 0..3 {
        let (resumes, latency) = (same_channel == 0, Duration::from_millis(49));
        let switches = Switches { same_channel, resumes, latency, ..Switches::default() };
        live(&Script { seed, switches, plays, steps: steps.clone() }, None);
    }
}

#[test]
fn a_play_from_elsewhere_in_the_middle_of_an_interruption_leaves_no_wake_up_in_the_past() {
    let steps = vec![
        Step::Asker(AskerChannel::In { channel: C, open: true }),
        Step::Scene(A, Scene::Open { listeners: Some(0) }),
        play(Place::Now),
        Step::Trouble { loses: 1, refuses: 4, code: 1005, hangs: 1 },
        Step::End(4004),
        Step::Time(Duration::from_millis(1_612)),
    ];
    lives(4487, true, steps);
}

#[test]
fn a_process_that_ends_before_the_record_is_there_answers_the_commands_that_wait_for_it() {
    lives(142, false, vec![Step::Command(Command::Skip { count: 2 }), Step::Command(Command::ShutDown)]);
}

#[test]
fn what_the_frozen_record_would_not_hold_is_refused_while_the_process_ends() {
    let looping = Command::Loop { mode: LoopMode::Track, toggle: false };
    lives(209, true, vec![Step::Command(Command::ShutDown), Step::Command(looping), Step::Command(Command::Replay)]);
}

#[test]
fn a_process_that_ends_right_after_it_began_does_not_bring_the_music_back() {
    let steps = vec![Step::Kill { away: secs(9), load_fails: 0 }, Step::Events(2), Step::Command(Command::ShutDown)];
    lives(5260, true, steps);
}

#[test]
fn a_volume_that_opens_while_a_recovery_goes_back_skips_nothing() {
    lives(2713, true, vec![Step::Server, Step::Command(Command::Volume { percent: Some(170) })]);
}

#[test]
fn a_volume_that_opens_minutes_later_begins_where_the_old_sound_is_by_then() {
    let slow = Step::Sites(Mood { slow: secs(390), ..Mood::WELL });
    lives(8502, true, vec![slow, Step::Command(Command::Volume { percent: Some(79) })]);
}

#[test]
fn a_starved_source_that_a_move_sets_back_is_not_starved() {
    lives(798, true, vec![Step::Source(Fate::Stalls(None)), Step::Put(Some(B))]);
}

#[test]
fn a_play_in_a_guild_that_the_bot_was_removed_from_is_answered() {
    lives(707, false, vec![Step::Removed, play(Place::End)]);
    lives(707, true, vec![Step::Removed, play(Place::End)]);
}

#[test]
fn a_refused_recover_and_a_disconnect_right_after_a_restart() {
    let kill = || Step::Kill { away: secs(51), load_fails: 0 };
    let recover = Command::Recover { voice_channel: Some(A) };
    lives(3472, true, vec![kill(), Step::Command(Command::Skip { count: 2 }), Step::Command(recover)]);
    lives(370, true, vec![kill(), Step::Command(Command::Disconnect)]);
}

#[test]
fn a_site_that_asks_to_be_left_alone_when_a_volume_is_opened_is_left_alone_when_the_source_breaks() {
    let mood = Mood { retry_after: Some(secs(762)), ..Mood::failing(FailureClass::Site) };
    let volume = Step::Command(Command::Volume { percent: Some(150) });
    let breaks = Step::Source(Fate::Breaks(failure(FailureClass::Site, None)));
    lives(2349, true, vec![Step::Sites(mood), volume, Step::Time(secs(9)), breaks]);
}

#[test]
fn a_pause_while_the_source_fails_shows_a_pause() {
    let mood = Mood::failing(FailureClass::Machine);
    let breaks = Step::Source(Fate::Breaks(failure(FailureClass::Machine, None)));
    lives(2115, true, vec![Step::Sites(mood), breaks, Step::Command(Command::Pause), Step::Time(secs(5))]);
}

#[test]
fn a_loss_right_after_a_seek_goes_on_where_the_member_sent_the_music() {
    let seek = Step::Command(Command::Seek(Seek::Back(secs(14))));
    lives(276, true, vec![Step::Time(secs(19)), Step::End(4009), seek]);
}
