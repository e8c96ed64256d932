//! Commands in the middle of trouble, and one trouble in the middle of another.

use crate::world::{
    A, B, World,
    audio::Fate,
    secs,
    site::{Mood, Song, failure},
};
use refrain_guild::{
    AnnouncementKind, Answer, AskerChannel, Command, CommandError, Delay, FailureClass, GuildInput, GuildOutput,
    Observation, Scene, Seek, SettingChange, SilenceReason,
};
use refrain_queue::Place;
use std::time::Duration;

fn volume(percent: u16) -> Command {
    Command::Volume { percent: Some(percent) }
}

fn breaks() -> Fate {
    Fate::Breaks(failure(FailureClass::Site, None))
}

/// The volumes that sources were asked for with since the world began.
fn volumes(world: &World) -> Vec<u16> {
    let opened = world
        .outputs()
        .filter_map(|(_, output)| if let GuildOutput::OpenSource(open) = output { Some(open.volume) } else { None });
    opened.collect()
}

#[test]
fn a_volume_that_failed_and_is_asked_for_again_wakes_nobody_in_vain() {
    let mut world = World::playing_songs(1);
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.command(volume(50));
    world.run(Duration::from_millis(500));
    world.sites.mood = Mood::WELL;
    world.hang_next_opening();
    world.command(volume(60));
    // `World::step` panics where a timer is due still after it was handled.
    world.run(secs(20));
    assert!(world.is_heard());
}

#[test]
fn a_volume_that_cannot_be_applied_costs_the_track_none_of_its_attempts() {
    let mut world = World::playing_songs(2);
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.command(volume(50));
    world.run(secs(40));
    world.sites.mood = Mood::WELL;
    world.forget();
    world.audio.strike(breaks());
    world.run(secs(3));
    assert!(world.is_heard(), "its first break is made good at once: {:?}", world.guild().silence());
    assert_eq!(world.titles(), ["song 1", "song 2"]);
    assert_eq!(volumes(&world), [50], "with the volume that was asked for");
}

#[test]
fn the_volume_follows_the_default_and_can_be_asked_for_again_after_it_was_given_up() {
    let mut world = World::playing_songs(1);
    world.command(Command::Configure(SettingChange::DefaultVolume(50)));
    world.run(secs(3));
    assert_eq!(volumes(&world), [50]);
    world.sites.mood = Mood::failing(FailureClass::Track);
    world.command(volume(70));
    world.run(secs(3));
    world.sites.mood = Mood::WELL;
    world.command(volume(70));
    world.run(secs(3));
    assert_eq!(volumes(&world), [50, 70, 70]);
}

#[test]
fn a_pause_ends_the_word_about_a_source_and_does_not_say_that_the_music_is_back() {
    let mut world = World::playing_songs(1);
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.audio.strike(breaks());
    world.run(secs(10));
    assert!(matches!(world.words().last(), Some(AnnouncementKind::SourceTrouble(_))));
    world.command(Command::Pause);
    world.run(secs(1));
    let good_news = world.words().into_iter().any(|word| matches!(word, AnnouncementKind::SourceBack { .. }));
    assert!(!good_news, "{:?}", world.words());
}

#[test]
fn a_pause_of_a_muted_bot_does_not_say_that_members_hear_it() {
    let mut world = World::playing_songs(1);
    world.discord.mute = true;
    world.discord.say_state();
    world.take_from_discord();
    world.run(secs(10));
    world.command(Command::Pause);
    world.run(secs(1));
    assert!(!world.words().into_iter().any(|word| matches!(word, AnnouncementKind::HeardAgain)), "{:?}", world.words());
}

#[test]
fn a_seek_while_the_bot_is_out_is_saved_at_once() {
    let mut world = World::playing_songs(1);
    world.discord.put(None);
    world.take_from_discord();
    world.run(secs(90));
    world.forget();
    world.command(Command::Seek(Seek::To(secs(150))));
    let saved = world
        .outputs()
        .any(|(_, output)| matches!(output, GuildOutput::SavePlayhead(playhead) if playhead.position == secs(150)));
    assert!(saved);
}

#[test]
fn a_recover_in_the_middle_of_a_seek_leaves_the_seek_alone() {
    let mut world = World::playing(&[Song::of(secs(600))]);
    world.sites.mood.slow = secs(20);
    let seek = world.command(Command::Seek(Seek::To(secs(150))));
    world.run(secs(1));
    world.command(Command::Recover { voice_channel: Some(A) });
    world.run(secs(60));
    assert!(matches!(world.answer_to(seek), Ok(Answer::NowPlaying(_))), "{:?}", world.answer_to(seek));
    assert!(world.position() >= secs(150));
}

#[test]
fn a_site_that_asks_for_rest_gets_it_also_when_the_music_breaks_off() {
    let mut world = World::playing_songs(1);
    world.run(secs(15));
    world.sites.mood = Mood { retry_after: Some(secs(120)), ..Mood::failing(FailureClass::Site) };
    world.command(Command::Seek(Seek::To(secs(150))));
    world.run(secs(5));
    world.forget();
    world.audio.strike(breaks());
    world.run(secs(100));
    assert_eq!(world.opened(), [], "the site asked for two minutes");
}

#[test]
fn a_deferred_track_goes_on_where_it_was_and_its_trouble_is_not_blamed_on_the_next_one() {
    let mut world = World::playing(&[Song::of(secs(600)), Song::of(secs(20))]);
    world.run(secs(100));
    let at = world.position();
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.audio.strike(breaks());
    while world.titles()[0] == "song 1" {
        world.step(world.now + secs(60));
    }
    let blamed = world.words().into_iter().any(|word| {
        matches!(word, AnnouncementKind::SourceTrouble(trouble) if trouble.deferred && trouble.title != "song 1")
    });
    assert!(!blamed, "{:?}", world.words());
    world.sites.mood = Mood::WELL;
    world.run(secs(60));
    let from = world.opened().last().map(|(_, _, from)| *from).unwrap_or_default();
    assert!(world.titles() == ["song 1"] && from <= at && at.saturating_sub(from) <= secs(7), "{at:?} {from:?}");
}

#[test]
fn who_asked_for_a_deferred_track_is_told_where_it_stands() {
    let mut world = World::idle();
    world.sites.mood = Mood::failing(FailureClass::Site);
    let asked = world.add(&[Song::of(secs(60)), Song::of(secs(60)), Song::of(secs(60))]);
    world.run(secs(4));
    let answer = world.answer_to(asked[0]).clone();
    assert!(
        matches!(&answer, Ok(Answer::Played(played)) if matches!(played.delayed, Some(Delay::Source(_)))),
        "{answer:?}"
    );
}

#[test]
fn a_switch_that_discord_does_not_answer_keeps_the_track_and_the_music_goes_on() {
    let mut world = World::playing_songs(2);
    world.scenes.insert(A, Scene::Open { listeners: Some(0) });
    world.input(GuildInput::ChannelChanged);
    world.asker = AskerChannel::In { channel: B, open: true };
    world.discord.switches.loses = 100;
    let request = world.request("words", Place::Now);
    let asked = world.command(Command::Play(request));
    world.run(secs(45));
    assert!(matches!(world.answer_to(asked), Err(CommandError::JoinFailed(_))), "{:?}", world.answer_to(asked));
    world.discord.switches.loses = 0;
    world.run(secs(10));
    assert!(world.is_heard(), "{:?} {:?}", world.titles(), world.guild().silence());
}

#[test]
fn an_outage_is_over_when_nothing_is_left_to_play() {
    let mut world = World::playing(&vec![Song::of(secs(20)); 5]);
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.run(secs(300));
    assert!(world.observations().any(|o| matches!(o, Observation::OutageBegan)));
    world.command(Command::Stop);
    assert!(world.observations().any(|o| matches!(o, Observation::OutageOver { .. })));
}

#[test]
fn two_tracks_that_fail_in_turn_are_no_outage() {
    let mut world = World::playing(&[Song::of(secs(20)), Song::of(secs(60)), Song::of(secs(60))]);
    world.command(Command::Skip { count: 1 });
    world.run(secs(5));
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.audio.strike(breaks());
    world.run(secs(200));
    assert!(!world.observations().any(|o| matches!(o, Observation::OutageBegan)), "only two tracks are there");
}

#[test]
fn a_process_that_ends_while_a_member_waits_says_that_the_track_is_kept() {
    let mut world = World::idle();
    world.sites.mood.slow = secs(60);
    let asked = world.add(&[Song::of(secs(60))])[0];
    while world.titles().is_empty() {
        world.step(world.now + secs(60));
    }
    world.command(Command::ShutDown);
    world.run(secs(1));
    assert_eq!(world.answer_to(asked), &Err(CommandError::Restarting));
}

#[test]
fn a_station_goes_to_its_present_when_the_bot_is_unmuted() {
    let mut world = World::playing(&[Song { live: true, ..Song::of(secs(3_600)) }]);
    world.discord.mute = true;
    world.discord.say_state();
    world.take_from_discord();
    world.run(secs(60));
    world.discord.mute = false;
    world.discord.say_state();
    world.take_from_discord();
    world.run(secs(5));
    assert!(world.is_heard() && world.opened().len() == 1);
}

#[test]
fn a_halt_outlives_a_restart() {
    let gone = Song { gone: true, ..Song::of(secs(60)) };
    let mut all = vec![Song::of(secs(20))];
    all.extend(vec![gone; 14]);
    let mut world = World::playing(&all);
    world.run(secs(120));
    let kept = world.titles();
    assert_eq!(world.guild().silence(), Some(SilenceReason::Halted));
    world.kill(secs(5));
    world.run(secs(120));
    assert_eq!((world.titles(), world.guild().silence()), (kept, Some(SilenceReason::Halted)));
}
