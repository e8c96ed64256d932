//! Sources that break, stall, end early, or come in real time.

use crate::world::{
    World,
    audio::Fate,
    secs,
    site::{Mood, Song, failure},
};
use refrain_guild::{
    AnnouncementKind, Answer, Command, CommandError, FailureClass, GuildOutput, Observation, Seek, SilenceReason,
};
use std::time::Duration;

fn radio() -> Song {
    Song { live: true, ..Song::of(secs(100)) }
}

#[test]
fn a_source_that_stalls_for_five_seconds_is_opened_again_where_it_was_heard() {
    let mut world = World::playing_songs(1);
    let at = world.position();
    world.audio.strike(Fate::Stalls(None));
    world.run(secs(4));
    assert_eq!((world.guild().silence(), world.opened().len()), (Some(SilenceReason::Starved), 0));
    world.run(secs(3));
    assert!(world.is_heard());
    let opened = world.opened();
    assert!(opened.len() == 1 && opened[0].2 <= at && at.saturating_sub(opened[0].2) <= secs(6), "{at:?} {opened:?}");
}

#[test]
fn a_short_stall_is_waited_out() {
    let mut world = World::playing_songs(1);
    world.audio.strike(Fate::Stalls(Some(secs(3))));
    world.run(secs(30));
    assert!(world.is_heard() && world.opened().is_empty());
}

#[test]
fn an_end_well_before_the_known_length_is_opened_again_there() {
    let mut world = World::playing_songs(2);
    let at = world.position();
    world.audio.strike(Fate::Ends { live: false });
    world.run(secs(5));
    assert_eq!(world.titles().len(), 2, "the track goes on");
    assert!(world.observations().any(|o| matches!(o, Observation::SourceEndedEarly { .. })));
    assert_eq!(world.opened()[0].2, at);
    assert!(world.is_heard());
}

#[test]
fn a_second_end_at_the_same_place_is_the_end() {
    let mut world = World::playing_songs(2);
    for _ in 0..2 {
        world.audio.strike(Fate::Ends { live: false });
        world.run(Duration::from_millis(1));
        world.sites.mood.early = 100;
        world.run(secs(200));
    }
    assert!(world.titles().len() < 2, "{:?}", world.titles());
}

#[test]
fn an_end_near_the_known_length_is_the_end() {
    let mut world = World::playing_songs(2);
    world.run(secs(165));
    world.audio.strike(Fate::Ends { live: false });
    world.run(secs(5));
    assert_eq!(world.titles(), ["song 2"]);
}

#[test]
fn a_station_that_closes_in_good_order_is_asked_for_again() {
    for secretly_live in [false, true] {
        let mut world = World::playing(&[Song { secretly_live, ..radio() }]);
        world.run(secs(600));
        assert_eq!(world.titles(), ["song 1"], "a live stream ends when a member says so");
        assert!((4..=12).contains(&world.opened().len()), "{}", world.opened().len());
        assert!(world.opened().iter().all(|(_, _, from)| from.is_zero()), "live is at its present");
    }
}

#[test]
fn a_station_that_nothing_marks_and_that_resets_is_heard_again_at_its_present() {
    let mut world = World::playing(&[Song { secretly_live: true, length: secs(3_600), ..radio() }]);
    world.run(secs(30));
    for reset in [true, false] {
        world.audio.strike(if reset {
            Fate::Breaks(failure(FailureClass::Site, None))
        } else {
            Fate::Ends { live: true }
        });
        world.run(secs(10));
        assert_eq!((world.is_heard(), world.titles()), (true, vec!["song 1".to_owned()]), "reset: {reset}");
    }
    let opened = world.opened();
    assert!(opened.len() == 2 && opened.iter().all(|(_, _, from)| from.is_zero()), "at its present: {opened:?}");
}

#[test]
fn a_stream_that_breaks_once_in_a_while_is_never_given_up() {
    let mut world = World::playing(&[Song { length: secs(80), ..radio() }]);
    world.run(secs(4 * 3_600));
    assert_eq!(world.titles(), ["song 1"]);
    let retries: Vec<u32> = world
        .observations()
        .filter_map(|o| if let Observation::SourceRetry { attempt, .. } = o { Some(*attempt) } else { None })
        .collect();
    assert!(retries.len() > 100 && retries.iter().all(|attempt| *attempt == 1), "the budget refills: {retries:?}");
}

#[test]
fn a_station_that_accepts_and_closes_at_once_is_asked_for_with_growing_pauses() {
    let mut world = World::playing(&[Song { length: secs(12), ..radio() }]);
    for song in world.sites.songs.values_mut() {
        song.length = Duration::from_millis(200);
    }
    world.run(secs(600));
    assert!((8..=22).contains(&world.opened().len()), "{} openings in ten minutes", world.opened().len());
    assert_eq!(world.titles(), ["song 1"]);
}

#[test]
fn a_live_show_goes_to_the_present_after_a_long_pause() {
    for (pause, anew) in [(secs(2), false), (secs(60), true)] {
        let mut world = World::playing(&[Song { length: secs(3_600), ..radio() }]);
        world.command(Command::Pause);
        world.run(pause);
        world.command(Command::Resume { voice_channel: None });
        world.run(secs(5));
        assert_eq!((world.is_heard(), !world.opened().is_empty()), (true, anew), "{pause:?}");
    }
}

#[test]
fn nobody_seeks_in_a_live_show() {
    let mut world = World::playing(&[radio()]);
    let id = world.command(Command::Seek(Seek::To(secs(30))));
    world.run(secs(1));
    assert_eq!(world.answer_to(id), &Err(CommandError::CannotSeek));
}

#[test]
fn the_old_sound_plays_on_until_the_new_volume_or_place_is_open() {
    for command in [Command::Volume { percent: Some(50) }, Command::Seek(Seek::To(secs(150)))] {
        let mut world = World::playing_songs(1);
        world.sites.mood.slow = secs(20);
        world.command(command.clone());
        let opening = world.opened().len();
        while world.audio.sources.len() == 2 {
            assert!(world.is_heard(), "{command:?}");
            world.step(world.now + secs(1));
        }
        world.run(secs(1));
        assert!(opening == 1 && world.is_heard());
        let wanted = if matches!(command, Command::Seek(_)) { secs(149) } else { secs(9) };
        assert!(world.position() >= wanted, "{command:?}: {:?}", world.position());
    }
}

#[test]
fn a_replacement_that_fails_keeps_what_plays_and_a_seek_says_so() {
    let mut world = World::playing_songs(1);
    world.sites.mood = Mood::failing(FailureClass::Site);
    let volume = world.command(Command::Volume { percent: Some(50) });
    world.run(secs(2));
    let seek = world.command(Command::Seek(Seek::To(secs(150))));
    world.run(secs(60));
    assert!(world.is_heard() && world.titles().len() == 1);
    assert_eq!(world.answer_to(volume), &Ok(Answer::Volume(50)));
    assert!(matches!(world.answer_to(seek), Err(CommandError::Source(_))));
    assert!(world.words().is_empty(), "nothing is interrupted: {:?}", world.words());
}

#[test]
fn a_seek_within_what_is_kept_needs_no_second_source() {
    let mut world = World::playing_songs(1);
    let id = world.command(Command::Seek(Seek::Back(secs(5))));
    world.run(secs(1));
    assert!(matches!(world.answer_to(id), Ok(Answer::NowPlaying(_))));
    assert!(world.opened().is_empty());
}

#[test]
fn a_source_that_cannot_be_opened_where_it_was_begins_again_and_says_so() {
    let mut world = World::playing(&[Song { seekable: false, ..Song::of(secs(180)) }]);
    world.run(secs(30));
    world.audio.strike(Fate::Breaks(failure(FailureClass::Site, None)));
    world.run(secs(5));
    assert!(world.is_heard() && world.position() < secs(10));
    let words = world.words();
    assert!(matches!(words.as_slice(), [AnnouncementKind::StartedOver { .. }]), "{words:?}");
}

#[test]
fn a_source_closes_a_minute_after_the_bot_was_disconnected_and_the_place_is_kept() {
    let mut world = World::playing_songs(1);
    let at = world.position();
    world.discord.put(None);
    world.take_from_discord();
    world.run(secs(50));
    assert_eq!(world.audio.sources.len(), 1);
    world.run(secs(20));
    assert_eq!(world.audio.sources.len(), 0, "nothing runs on for nobody");
    world.command(Command::Resume { voice_channel: Some(crate::world::A) });
    world.run(secs(5));
    let from = world.opened()[0].2;
    assert!(world.is_heard() && from <= at && at.saturating_sub(from) <= secs(6), "{at:?} {from:?}");
}

#[test]
fn sources_close_and_the_guild_ends_when_the_bot_is_removed_from_it() {
    let mut world = World::playing_songs(2);
    world.discord.put(None);
    world.take_from_discord();
    world.input(refrain_guild::GuildInput::Gateway(refrain_recovery::GatewayEvent::GuildDeleted));
    world.run(secs(10));
    assert!(world.finished && world.audio.sources.is_empty());
    assert!(world.outputs().any(|(_, o)| matches!(o, GuildOutput::Finished)));
    assert_eq!(world.titles().len(), 2, "the queue is kept until the guild is forgotten");
}
