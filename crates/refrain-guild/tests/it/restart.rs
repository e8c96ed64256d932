//! A process that is killed and begins again.

use crate::world::{
    A, World, secs,
    site::{Mood, Song},
};
use refrain_guild::{
    Command, FailureClass, GuildOutput, Observation, Panel, PanelFace, PanelNews, Scene, SettingChange,
};
use refrain_model::AutoResume;
use std::time::Duration;

fn news(world: &World) -> Option<PanelNews> {
    let news = world.outputs().filter_map(|(_, output)| {
        let GuildOutput::ShowPanel(Panel { face: PanelFace::Track { news, .. }, .. }) = output else { return None };
        *news
    });
    news.last()
}

#[test]
fn the_music_goes_on_a_second_before_where_it_was_heard_at_most() {
    for _ in 0..20 {
        let mut world = World::playing_songs(3);
        world.run(secs(17));
        let at = world.position();
        world.kill(secs(5));
        world.run(secs(10));
        let from = world.opened()[0].2;
        assert!(from <= at && at.saturating_sub(from) <= secs(1), "{at:?} {from:?}");
        assert!(world.is_heard() && world.titles().len() == 3);
        assert!(matches!(news(&world), Some(PanelNews::Resumed { .. })));
    }
}

#[test]
fn a_process_killed_within_a_dead_connection_goes_on_where_it_was_heard() {
    let mut world = World::playing_songs(1);
    world.run(secs(30));
    let at = world.position();
    world.discord.go_dark();
    world.run(secs(9));
    world.kill(secs(5));
    world.run(secs(10));
    let from = world.opened()[0].2;
    // As long as the next proof is not overdue, what has flowed counts.
    assert!(from <= at + secs(7) && from + secs(7) >= at, "{at:?} {from:?}");
}

#[test]
fn a_restart_within_an_outage_loses_no_track() {
    let mut world = World::playing(&vec![Song::of(secs(30)); 6]);
    world.sites.mood = Mood::failing(FailureClass::Site);
    world.run(secs(60));
    let before = world.titles().len();
    world.kill(secs(5));
    world.run(secs(12));
    world.kill(secs(5));
    world.run(secs(300));
    assert_eq!(world.titles().len(), before);
    world.sites.mood = Mood::WELL;
    world.run(secs(80));
    assert!(world.is_heard());
}

#[test]
fn another_track_than_the_interrupted_one_is_no_music_that_is_back() {
    let mut world = World::playing_songs(2);
    world.kill(secs(5));
    for song in world.sites.songs.values_mut().take(1) {
        song.gone = true;
    }
    world.run(secs(20));
    assert!(world.is_heard());
    assert!(!world.observations().any(|o| matches!(o, Observation::BackAfterRestart { .. })));
}

#[test]
fn a_source_without_ranges_begins_again_after_a_restart_and_is_not_given_up() {
    let mut world = World::playing(&[Song { seekable: false, ..Song::of(secs(180)) }]);
    world.run(secs(60));
    world.kill(secs(5));
    world.run(secs(10));
    assert!(world.is_heard() && world.titles().len() == 1);
    assert!(world.position() < secs(10));
}

#[test]
fn a_radio_goes_on_at_its_present_after_a_restart() {
    let mut world = World::playing(&[Song { live: true, secretly_live: true, ..Song::of(secs(9_000)) }]);
    world.run(secs(60));
    world.kill(secs(5));
    world.run(secs(10));
    assert!(world.is_heard());
}

#[test]
fn the_bot_comes_back_as_the_guild_has_set() {
    for (set, there, paused) in
        [(AutoResume::Resume, true, false), (AutoResume::Paused, true, true), (AutoResume::StayAway, false, false)]
    {
        let mut world = World::playing_songs(1);
        world.command(Command::Configure(SettingChange::AutoResume(set)));
        world.run(secs(2));
        world.kill(secs(5));
        world.run(secs(20));
        assert_eq!(world.discord.channel.is_some(), there, "{set:?}");
        assert_eq!(world.is_heard(), there && !paused, "{set:?}");
        assert_eq!(world.titles().len(), 1);
    }
}

#[test]
fn the_bot_stays_away_where_nobody_listens_or_nothing_leads_in() {
    for scene in [Scene::Open { listeners: Some(0) }, Scene::Gone] {
        let mut world = World::playing_songs(1);
        world.scenes.insert(A, scene);
        world.kill(secs(5));
        world.run(secs(60));
        assert_eq!((world.discord.channel, world.titles().len()), (None, 1), "{scene:?}");
        assert!(matches!(news(&world), None | Some(PanelNews::StaysAway { .. })));
    }
}

#[test]
fn a_bot_that_is_told_to_leave_before_it_comes_back_stays_out_after_the_next_restart_too() {
    for seed in 0..100 {
        let mut world = World::playing_with(seed);
        world.kill(secs(5));
        world.command(Command::Disconnect);
        world.run(secs(10));
        assert_eq!(world.discord.channel, None, "{seed}");
        world.forget();
        world.kill(secs(5));
        world.run(secs(60));
        assert_eq!((world.discord.channel, world.op4s().iter().flatten().count()), (None, 0), "{seed}");
    }
}

#[test]
fn an_end_in_good_order_keeps_what_members_want() {
    let mut world = World::playing_songs(2);
    let at = world.position();
    world.command(Command::ShutDown);
    world.run(secs(10));
    assert!(world.finished && world.audio.sources.is_empty());
    world.begin_after_the_end(secs(3));
    world.forget();
    world.run(secs(10));
    assert!(world.is_heard() && world.titles().len() == 2);
    assert!(world.position() >= at && world.position() <= at + secs(10) + Duration::from_millis(500));
}

#[test]
fn an_interruption_that_a_killed_process_left_open_is_settled_by_the_next() {
    let mut world = World::playing_songs(1);
    world.discord.switches.refuses = 9;
    world.discord.end(4006);
    world.take_from_discord();
    world.run(secs(20));
    world.forget();
    world.discord.switches.refuses = 0;
    world.kill(secs(5));
    world.run(secs(10));
    let settled = world.outputs().filter(|(_, o)| matches!(o, GuildOutput::SettleLeftover(_))).count();
    assert_eq!(settled, 1);
}
