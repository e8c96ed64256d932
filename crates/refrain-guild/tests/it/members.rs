//! What members ask for, and what they are answered.

use crate::world::{
    A, B, World, secs,
    site::{Mood, Song},
};
use refrain_guild::{
    Answer, AskerChannel, Command, CommandError, Delay, FailureClass, GuildInput, GuildOutput, Scene, Seek,
    SourceEvent, Stopped,
};
use refrain_model::{LoopMode, SettingChange};
use refrain_queue::Place;

fn asker_in(world: &mut World, channel: refrain_model::ChannelId) {
    world.asker = AskerChannel::In { channel, open: true };
}

#[test]
fn thirty_plays_at_once_are_queued_in_the_order_in_which_members_asked() {
    let mut world = World::idle();
    world.sites.mood.slow = secs(8);
    let plays: Vec<_> = (0..30).map(|_| world.play()).collect();
    world.run(secs(30));
    let places: Vec<usize> = plays
        .iter()
        .map(|id| if let Ok(Answer::Played(played)) = world.answer_to(*id) { played.position } else { usize::MAX })
        .collect();
    assert_eq!(places, (0..30).collect::<Vec<_>>());
}

#[test]
fn a_look_up_that_hangs_holds_the_others_up_for_ten_seconds_at_most() {
    let mut world = World::playing_songs(1);
    world.sites.mood.slow = secs(2);
    world.hang_next_look_up();
    let (hangs, other) = (world.play(), world.play());
    world.run(secs(13));
    assert!(world.is_answered(other) && !world.is_answered(hangs));
    world.run(secs(14 * 60));
    assert_eq!(world.answer_to(hangs), &Err(CommandError::LookUpTimedOut));
}

#[test]
fn stop_and_disconnect_end_the_look_ups_under_way_and_the_bot_stays_out() {
    for command in [Command::Stop, Command::Disconnect] {
        let mut world = World::playing_songs(2);
        world.sites.mood.slow = secs(4);
        let play = world.play();
        let id = world.command(command.clone());
        world.run(secs(60));
        assert_eq!(world.answer_to(play), &Err(CommandError::Stopped));
        let stopped = Stopped { removed: 2, look_ups: 1 };
        let expected = if command == Command::Stop { Answer::Stopped(stopped) } else { Answer::Disconnected(stopped) };
        assert_eq!(world.answer_to(id), &Ok(expected));
        assert!(world.titles().is_empty() && world.audio.sources.is_empty());
        assert_eq!(world.discord.channel.is_some(), command == Command::Stop);
    }
}

#[test]
fn the_loop_ends_with_the_music() {
    for command in [Command::Stop, Command::Disconnect] {
        let mut world = World::playing_songs(1);
        world.command(Command::Loop { mode: LoopMode::Queue, toggle: false });
        world.command(command);
        assert_eq!(world.guild().queue().looping(), LoopMode::Off);
    }
}

#[test]
fn a_bot_that_is_alone_comes_to_the_member_who_asks_and_stays_with_others() {
    for (listeners, expected) in [(0, B), (2, A)] {
        let mut world = World::playing_songs(1);
        world.scenes.insert(A, Scene::Open { listeners: Some(listeners) });
        world.input(GuildInput::ChannelChanged);
        asker_in(&mut world, B);
        world.sites.next.push(Song::of(secs(60)));
        let request = world.request("a song", Place::Now);
        let id = world.command(Command::Play(request));
        world.run(secs(5));
        assert_eq!(world.discord.channel, Some(expected), "{listeners} listeners");
        assert!(matches!(world.answer_to(id), Ok(Answer::Played(_))) && world.is_heard());
    }
}

#[test]
fn a_bot_that_is_out_joins_the_channel_where_the_member_is_when_the_track_is_found() {
    let mut world = World::idle();
    world.sites.mood.slow = secs(5);
    let id = world.play();
    asker_in(&mut world, B);
    world.resend_asker();
    world.run(secs(15));
    assert_eq!(world.discord.channel, Some(B));
    assert!(matches!(world.answer_to(id), Ok(Answer::Played(_))));
}

#[test]
fn a_member_who_has_left_voice_is_told_why_nothing_plays() {
    let mut world = World::idle();
    world.asker = AskerChannel::Nowhere;
    let id = world.play();
    world.run(secs(30));
    assert_eq!(world.answer_to(id), &Err(CommandError::AskerLeft));
    assert!(world.op4s().is_empty() && world.titles().is_empty());
}

#[test]
fn a_play_answers_when_it_is_heard_and_says_when_its_source_fails() {
    let mut world = World::idle();
    let id = world.play();
    world.run(secs(3));
    assert!(matches!(world.answer_to(id), Ok(Answer::Played(played)) if played.delayed.is_none()));

    let mut world = World::idle();
    world.sites.mood = Mood::failing(FailureClass::Site);
    let id = world.play();
    world.run(secs(2));
    assert!(!world.is_answered(id));
    world.run(secs(4));
    let answer = world.answer_to(id);
    assert!(matches!(answer, Ok(Answer::Played(p)) if matches!(p.delayed, Some(Delay::Source(_)))), "{answer:?}");

    let mut world = World::idle();
    world.sites.next = vec![Song::of(secs(60))];
    world.hang_next_opening();
    let id = world.play();
    world.run(secs(130));
    let answer = world.answer_to(id);
    assert!(matches!(answer, Ok(Answer::Played(p)) if p.delayed == Some(Delay::Slow)), "{answer:?}");
}

#[test]
fn a_resume_that_is_refused_changes_nothing() {
    let mut world = World::playing_songs(1);
    world.command(Command::Pause);
    world.discord.put(None);
    world.take_from_discord();
    world.run(secs(5));
    world.forget();
    // Kicked: an override knows where to go. Left for lack of listeners: nobody knows.
    let mut world = left_alone();
    let id = world.command(Command::Resume { voice_channel: None });
    world.run(secs(1));
    assert_eq!(world.answer_to(id), &Err(CommandError::NotConnected));
    let id = world.command(Command::NowPlaying);
    world.run(secs(1));
    assert!(matches!(world.answer_to(id), Ok(Answer::NowPlaying(now)) if now.paused), "{:?}", world.answer_to(id));
}

/// Paused, and then left because nobody listens.
fn left_alone() -> World {
    let mut world = World::playing_songs(1);
    world.command(Command::Pause);
    world.scenes.insert(A, Scene::Open { listeners: Some(0) });
    world.input(GuildInput::ChannelChanged);
    world.run(secs(90));
    assert_eq!(world.discord.channel, None);
    world.scenes.insert(A, Scene::Open { listeners: Some(2) });
    world.forget();
    world
}

#[test]
fn a_seek_while_the_bot_is_out_says_where_the_music_will_go_on() {
    let mut world = left_alone();
    let id = world.command(Command::Seek(Seek::To(secs(100))));
    world.run(secs(1));
    assert!(matches!(world.answer_to(id), Ok(Answer::NowPlaying(now)) if now.position == secs(100)));
    world.command(Command::Resume { voice_channel: Some(A) });
    world.run(secs(5));
    assert_eq!(world.opened()[0].2, secs(100));
    assert!(world.is_heard());

    let mut world = World::idle();
    let id = world.command(Command::Seek(Seek::To(secs(100))));
    world.run(secs(1));
    assert_eq!(world.answer_to(id), &Err(CommandError::NothingPlaying));
}

#[test]
fn commands_wait_for_the_record_and_go_on_without_it_after_three_more_reads() {
    for failures in [2, 9] {
        let mut world = World::new(7);
        world.all = Some(Vec::new());
        world.disk.load_fails = failures;
        world.boot();
        let id = world.play();
        world.run(secs(12));
        assert!(matches!(world.answer_to(id), Ok(Answer::Played(_))) && world.is_heard());
        let saves = world.outputs().filter(|(_, o)| matches!(o, GuildOutput::Save { .. })).count();
        assert_eq!(saves > 0, failures == 2, "a record that cannot be read is not overwritten");
    }
}

#[test]
fn an_answer_waits_for_its_save() {
    let mut world = World::playing_songs(3);
    let id = world.command(Command::Remove { position: 1, count: 1 });
    assert!(!world.is_answered(id), "it is not on the disk yet");
    world.run(secs(1));
    assert!(matches!(world.answer_to(id), Ok(Answer::Removed(tracks)) if tracks.len() == 1));
    let stored = world.disk.stored().unwrap();
    assert_eq!(stored.queue.upcoming.len(), 1);
}

#[test]
fn no_more_than_the_guilds_share_is_looked_up_at_a_time() {
    let mut world = World::idle();
    world.sites.mood.slow = secs(60);
    let all: Vec<_> = (0..100).map(|_| world.play()).collect();
    world.run(secs(1));
    let refused = all.iter().filter(|id| world.is_answered(**id)).count();
    assert_eq!(refused, 36);
    assert!(matches!(world.answer_to(all[99]), Err(CommandError::TooManyLookUps { max: 64 })));
}

#[test]
fn what_means_nothing_changes_nothing() {
    let mut world = World::playing_songs(2);
    let (id, at) = (refrain_guild::SourceId(1 << 40), secs(3));
    for event in [
        SourceEvent::Starved,
        SourceEvent::Flowing,
        SourceEvent::Rewound { to: at },
        SourceEvent::NotKept { to: at },
        SourceEvent::Ended { at, live: false },
        SourceEvent::Opened { from: at, facts: refrain_guild::SourceFacts::default() },
    ] {
        world.input(GuildInput::Source { id, event });
    }
    world.input(GuildInput::Turn);
    assert!(world.outputs().next().is_none(), "{:?}", world.outputs().next());
}

#[test]
fn the_bot_leaves_when_the_queue_has_run_out_as_long_ago_as_the_guild_has_set() {
    let mut world = World::playing(&[Song::of(secs(20))]);
    world.command(Command::Configure(SettingChange::WaitAfterQueueEmpties(100)));
    world.run(secs(100));
    assert!(world.discord.channel.is_some());
    world.run(secs(20));
    assert_eq!(world.discord.channel, None);
}
