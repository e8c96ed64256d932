//! Sites and machines that fail: the queue is kept, and the music goes on by itself.

use crate::world::{
    World,
    audio::Fate,
    secs,
    site::{Mood, Song, failure},
};
use refrain_guild::{AnnouncementKind, Command, FailureClass, GuildOutput, Observation, SilenceReason};
use refrain_model::LoopMode;
use std::{collections::BTreeSet, time::Duration};

fn songs(count: usize) -> Vec<Song> {
    vec![Song::of(secs(20)); count]
}

#[test]
fn an_outage_of_the_site_or_of_this_machine_keeps_the_queue_and_the_music_goes_on_by_itself() {
    for class in [FailureClass::Site, FailureClass::Machine] {
        let mut world = World::playing(&songs(6));
        world.sites.mood = Mood::failing(class);
        world.run(secs(30));
        let before: BTreeSet<String> = world.titles().into_iter().collect();
        assert_eq!(before.len(), 5, "the one that played is over");
        world.run(secs(1_800));
        assert_eq!(world.titles().into_iter().collect::<BTreeSet<_>>(), before, "{class:?}");
        assert!(world.observations().any(|o| matches!(o, Observation::OutageBegan)));
        assert!(!world.observations().any(|o| matches!(o, Observation::TrackFailed { .. })));
        world.sites.mood = Mood::WELL;
        world.run(secs(90));
        assert!(world.is_heard(), "{class:?}: {:?}", world.guild().silence());
        assert!(world.observations().any(|o| matches!(o, Observation::OutageOver { .. })));
    }
}

#[test]
fn a_skip_while_this_machine_fails_skips_one_track() {
    let mut world = World::playing_songs(60);
    world.sites.mood = Mood::failing(FailureClass::Machine);
    world.command(Command::Skip { count: 1 });
    world.run(secs(600));
    assert_eq!(world.titles().len(), 59);
}

#[test]
fn members_read_one_message_about_an_outage_and_one_line_at_its_end() {
    let mut world = World::playing(&songs(30));
    world.sites.mood = Mood { retry_after: Some(secs(30)), ..Mood::failing(FailureClass::Site) };
    world.run(secs(8));
    assert!(world.announced().next().is_none(), "the first one still plays");
    world.run(secs(300));
    world.sites.mood = Mood::WELL;
    world.run(secs(100));
    let numbers: BTreeSet<u64> = world.announced().map(|(_, a)| a.incident).collect();
    assert_eq!(numbers.len(), 1, "one incident is one message");
    let words = world.words();
    assert!(matches!(words.first(), Some(AnnouncementKind::SourceTrouble(t)) if !t.outage && t.kept == 29));
    assert!(matches!(words.last(), Some(AnnouncementKind::SourceBack { .. })), "{words:?}");
}

#[test]
fn a_site_that_asks_to_be_left_alone_is_left_alone_up_to_a_quarter_of_an_hour() {
    for (asked, until) in [(secs(120), secs(120)), (secs(86_400), secs(900))] {
        let mut world = World::playing(&songs(1));
        world.sites.mood = Mood { retry_after: Some(asked), ..Mood::failing(FailureClass::Site) };
        world.audio.strike(Fate::Breaks(failure(FailureClass::Site, None)));
        world.run(secs(2_000));
        let opened: Vec<_> = world.opened().iter().map(|(at, ..)| *at).collect();
        for pair in opened.windows(2) {
            assert!(pair[1].since(pair[0]) >= until, "{asked:?}: {opened:?}");
        }
        assert!(opened.len() >= 2, "{asked:?}");
    }
}

#[test]
fn the_pauses_grow_to_a_minute_and_no_further() {
    let mut world = World::playing(&songs(1));
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.audio.strike(Fate::Breaks(failure(FailureClass::Site, None)));
    world.run(secs(3_600));
    let opened: Vec<_> = world.opened().iter().map(|(at, ..)| *at).collect();
    let pauses: Vec<Duration> = opened.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(pauses.iter().all(|pause| *pause <= secs(80)), "{pauses:?}");
    assert!((40..110).contains(&opened.len()), "{} openings in an hour", opened.len());
}

#[test]
fn a_track_whose_source_fails_lets_the_others_go_first_and_is_played_later() {
    let mut world = World::playing_songs(3);
    let first = world.titles()[0].clone();
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.audio.strike(Fate::Breaks(failure(FailureClass::Site, None)));
    while world.titles()[0] == first {
        world.step(world.now + secs(60));
    }
    world.sites.mood = Mood::WELL;
    world.run(secs(10));
    assert_eq!(world.titles().last(), Some(&first));
    assert!(world.is_heard());
}

#[test]
fn a_looped_track_outlasts_an_outage() {
    let mut world = World::playing(&songs(2));
    world.command(Command::Loop { mode: LoopMode::Track, toggle: false });
    world.sites.mood = Mood::failing(FailureClass::Site);
    let first = world.titles()[0].clone();
    world.run(secs(600));
    assert_eq!((world.titles()[0].clone(), world.guild().queue().looping()), (first, LoopMode::Track));
    world.sites.mood = Mood::WELL;
    world.run(secs(90));
    assert!(world.is_heard());
}

#[test]
fn what_is_about_the_track_passes_it_over_with_words() {
    let gone = Song { gone: true, ..Song::of(secs(60)) };
    let mut world = World::playing(&[Song::of(secs(20)), gone.clone(), gone, Song::of(secs(60))]);
    world.run(secs(30));
    assert_eq!(world.titles(), ["song 4"]);
    assert!(world.is_heard());
    let words = world.words();
    assert!(
        matches!(words.last(), Some(AnnouncementKind::TracksFailed { tracks, earlier: 0 }) if tracks.len() == 2),
        "{words:?}"
    );
    let numbers: BTreeSet<u64> = world.announced().map(|(_, a)| a.incident).collect();
    assert_eq!(numbers.len(), 1);
}

#[test]
fn ten_tracks_in_a_row_that_are_gone_stop_the_music_with_the_queue_kept_until_a_member_asks() {
    let gone = Song { gone: true, ..Song::of(secs(60)) };
    let mut all = vec![Song::of(secs(20))];
    all.extend(vec![gone; 12]);
    all.push(Song::of(secs(600)));
    for skips in [false, true] {
        let mut world = World::playing(&all);
        world.run(secs(120));
        assert_eq!(world.guild().silence(), Some(SilenceReason::Halted));
        let kept = world.titles().len();
        let halted = world.words().into_iter().find_map(|word| {
            if let AnnouncementKind::Halted { failed, kept, .. } = word { Some((*failed, *kept)) } else { None }
        });
        assert_eq!(halted, Some((10, kept)), "{:?}", world.words());
        let opened = world.opened().len();
        world.run(secs(100));
        assert_eq!(world.opened().len(), opened, "it waits for a member");
        let skip = Command::Skip { count: kept - 1 };
        world.command(if skips { skip } else { Command::Resume { voice_channel: None } });
        world.run(secs(30));
        assert!(world.is_heard(), "{:?} {:?}", world.titles(), world.guild().silence());
    }
}

#[test]
fn trouble_of_less_than_three_seconds_is_not_told() {
    let mut world = World::playing_songs(1);
    world.audio.strike(Fate::Breaks(failure(FailureClass::Site, None)));
    world.run(secs(60));
    assert!(world.is_heard());
    assert!(world.announced().next().is_none(), "{:?}", world.words());
}

#[test]
fn an_opening_that_takes_minutes_is_waited_for() {
    let mut world = World::playing(&songs(2));
    world.sites.mood.slow = secs(600);
    world.run(secs(1_300));
    assert_eq!(world.titles(), Vec::<String>::new(), "both have played");
    let failed =
        world.observations().any(|o| matches!(o, Observation::SourceRetry { .. } | Observation::TrackFailed { .. }));
    assert!(!failed, "a place in a line is no failure");
    assert!(!world.outputs().any(|(_, o)| matches!(o, GuildOutput::Announce(_))));
}
