//! The voice connection, as a guild uses it.

use crate::world::{A, B, TEXT, World, secs};
use refrain_guild::{
    AnnouncementKind, Answer, Command, CommandError, Doing, GuildInput, GuildOutput, MissingPermission, NotHeard,
    Observation, PanelFace, PanelFailure, PanelWaits, Scene, SilenceReason,
};
use refrain_recovery::GatewayEvent;
use std::time::Duration;

fn forbid(world: &mut World) {
    world.scenes.insert(A, Scene::Forbidden { missing: MissingPermission::Connect });
    world.input(GuildInput::ChannelChanged);
}

#[test]
fn recover_without_the_permission_to_connect_leaves_the_music_alone() {
    let mut world = World::playing_songs(1);
    forbid(&mut world);
    let id = world.command(Command::Recover { voice_channel: Some(A) });
    world.run(secs(30));
    let missing = Some(MissingPermission::Connect);
    assert_eq!(world.answer_to(id), &Err(CommandError::NoAccess { channel: A, missing }));
    assert!(world.is_heard() && world.op4s().is_empty());
}

#[test]
fn a_lost_connection_waits_for_the_permission_says_so_and_comes_back_with_it() {
    let mut world = World::playing_songs(1);
    forbid(&mut world);
    world.discord.end(4006);
    world.take_from_discord();
    world.run(secs(60));
    let doing = world.guild().voice_view().doing;
    assert!(matches!(doing, Doing::AwaitingPermission { missing: Some(MissingPermission::Connect) }), "{doing:?}");
    assert_eq!(world.op4s(), [], "it never leaves what it cannot rejoin");
    let told = world.words().into_iter().any(|word| {
        matches!(word, AnnouncementKind::Interrupted(i)
            if matches!(i.next, refrain_guild::NextStep::AwaitingPermission { channel: A, missing: MissingPermission::Connect }))
    });
    assert!(told, "{:?}", world.words());
    world.scenes.insert(A, Scene::Open { listeners: Some(2) });
    world.input(GuildInput::ChannelChanged);
    world.run(secs(5));
    assert!(world.is_heard(), "{:?}", world.guild().voice_view());
}

#[test]
fn music_that_nobody_can_hear_is_held_told_and_goes_on() {
    for (mute, suppress, why) in [(true, false, NotHeard::Muted), (false, true, NotHeard::Suppressed)] {
        let mut world = World::playing_songs(1);
        (world.discord.mute, world.discord.suppress) = (mute, suppress);
        world.discord.refuses_to_speak = true;
        world.discord.say_state();
        world.take_from_discord();
        world.run(secs(2));
        let at = world.position();
        assert_eq!(world.guild().silence(), Some(SilenceReason::NotHeard));
        world.run(secs(30));
        assert_eq!(world.position(), at, "the position is held");
        let asks = world.outputs().any(|(_, o)| matches!(o, GuildOutput::RequestToSpeak { channel: A }));
        assert_eq!(asks, suppress);
        assert!(matches!(world.words()[..], [AnnouncementKind::NotHeard { why: told, .. }] if *told == why));
        let waits = world.outputs().any(|(_, o)| {
            matches!(o, GuildOutput::ShowPanel(panel)
                if matches!(panel.face, PanelFace::Track { waits: Some(PanelWaits::NotHeard(w)), .. } if w == why))
        });
        assert!(waits);
        (world.discord.mute, world.discord.suppress) = (false, false);
        world.discord.say_state();
        world.take_from_discord();
        world.run(secs(2));
        assert!(world.is_heard() && matches!(world.words().last(), Some(AnnouncementKind::HeardAgain)));
    }
}

#[test]
fn a_pause_within_a_dead_connection_does_not_skip_what_was_not_heard() {
    let mut world = World::playing_songs(1);
    world.run(secs(30));
    world.discord.go_dark();
    world.take_from_discord();
    world.run(secs(4));
    world.command(Command::Pause);
    world.run(secs(3));
    world.command(Command::Resume { voice_channel: None });
    // The listener of the world checks what is skipped.
    world.run(secs(60));
    assert!(world.is_heard());
}

#[test]
fn a_volume_within_a_dead_connection_does_not_skip_what_was_not_heard() {
    let mut world = World::playing_songs(1);
    world.run(secs(30));
    world.discord.go_dark();
    world.take_from_discord();
    world.run(secs(8));
    world.command(Command::Volume { percent: Some(60) });
    world.run(secs(60));
    assert!(world.is_heard());
}

#[test]
fn a_process_that_stood_still_neither_skips_nor_says_twice() {
    for seconds in [2, 5, 10] {
        let mut world = World::playing_songs(1);
        world.run(secs(30));
        let at = world.position();
        world.freeze(secs(seconds));
        world.run(secs(10));
        let moved = world.position().saturating_sub(at);
        assert!(world.is_heard());
        let expected = secs(10);
        assert!(moved + Duration::from_millis(1_500) >= expected && moved <= expected + Duration::from_millis(1_500));
    }
}

#[test]
fn a_kick_keeps_the_queue_and_a_member_brings_the_music_back() {
    let mut world = World::playing_songs(2);
    world.discord.put(None);
    world.take_from_discord();
    world.run(secs(600));
    assert_eq!((world.guild().silence(), world.titles().len()), (Some(SilenceReason::OutOfVoice), 2));
    assert!(world.op4s().iter().all(Option::is_none));
    assert!(matches!(world.words()[..], [AnnouncementKind::Ended(refrain_guild::Ending::Kicked)]));
    let id = world.command(Command::Resume { voice_channel: Some(B) });
    world.run(secs(5));
    assert!(world.is_heard() && matches!(world.answer_to(id), Ok(Answer::NowPlaying(_))));
}

#[test]
fn nothing_brings_the_bot_back_after_disconnect_but_a_member() {
    let mut world = World::playing_songs(1);
    world.command(Command::Disconnect);
    world.run(secs(2));
    world.forget();
    world.discord.gateway(GatewayEvent::ShardReady);
    world.discord.gateway(GatewayEvent::GuildAvailable { channel: None });
    world.take_from_discord();
    world.run(secs(3_600));
    assert_eq!(world.op4s(), []);
}

#[test]
fn a_panel_whose_channel_is_gone_moves_to_where_music_was_asked_for_last() {
    for failure in [PanelFailure::ChannelGone { channel: TEXT }, PanelFailure::Forbidden { channel: TEXT }] {
        let mut world = World::playing_songs(3);
        world.input(GuildInput::PanelFailed(failure));
        let elsewhere = refrain_model::ChannelId::new(10);
        let mut request = world.request("a song", refrain_queue::Place::End);
        request.requested_in = elsewhere;
        world.command(Command::Play(request));
        world.run(secs(2));
        world.command(Command::Skip { count: 1 });
        world.run(secs(3));
        let shown = world.outputs().any(|(_, o)| {
            matches!(o, GuildOutput::ShowPanel(panel) if panel.place.is_none() && panel.channel == Some(elsewhere))
        });
        assert!(shown, "{failure:?}");
    }
}

#[test]
fn an_interruption_is_one_message_from_its_third_second_to_its_end() {
    let mut world = World::playing_songs(1);
    world.discord.switches.refuses = 3;
    world.discord.end(4006);
    world.take_from_discord();
    world.run(secs(120));
    assert!(world.is_heard());
    let first = world.announced().next().map(|(at, _)| at);
    assert!(first.is_some_and(|at| at.since_epoch() >= secs(3 + 11)), "{first:?}");
    let mut numbers: Vec<u64> = world.announced().map(|(_, a)| a.incident).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), 1);
    let back = world.words().iter().any(|word| matches!(word, AnnouncementKind::Back { .. }));
    assert!(back, "{:?}", world.words());
}

#[test]
fn the_bot_leaves_after_a_minute_without_listeners_and_keeps_the_queue() {
    let mut world = World::playing_songs(2);
    world.scenes.insert(A, Scene::Open { listeners: Some(0) });
    world.input(GuildInput::ChannelChanged);
    world.run(secs(50));
    assert!(world.is_heard());
    world.run(secs(30));
    assert_eq!((world.discord.channel, world.titles().len()), (None, 2));
    assert!(world.observations().any(|o| matches!(o, Observation::Leaving { .. })));
}
