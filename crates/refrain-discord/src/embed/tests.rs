//! Answers as people read them.

use super::*;
use refrain::Page;
use refrain::{
    Delay, FailureClass, NowPlaying, Played, PlayedAll, QueueView, Skipped, SourceFailure, Stopped, Undone,
    VoiceSummary, store::Favorite,
};
use refrain_model::{ChannelId, TrackId, UserId};
use std::{sync::Arc, time::Duration};

fn some_track(id: u64, title: &str) -> Arc<Track> {
    Arc::new(Track {
        id: TrackId(id),
        info: TrackInfo {
            title: title.into(),
            page_url: format!("https://example.org/watch_(v)?n={id}"),
            uploader: Some("Somebody".into()),
            thumbnail: Some("https://example.org/p.jpg".into()),
            duration: Some(Duration::from_secs(185)),
            live: false,
        },
        requested_by: UserId::new(7),
        requested_in: ChannelId::new(8),
    })
}

fn now(voice: VoiceSummary, paused: bool) -> NowPlaying {
    NowPlaying {
        track: some_track(1, "A song"),
        position: Duration::from_secs(65),
        paused,
        voice,
        looping: LoopMode::Off,
        volume: 100,
        trouble: None,
        silence: None,
    }
}

const STABLE: VoiceSummary = VoiceSummary::Stable { channel: ChannelId::new(9) };

fn view(tracks: Vec<Arc<Track>>, number: usize, pages: usize, total: usize) -> QueueView {
    let first_position = (number - 1) * 10 + 1;
    let page = Page { number, pages, first_position, tracks, total };
    let (now, total) = (Some(now(STABLE, false)), Some(Duration::from_secs(4000)));
    QueueView { now, page, total, looping: LoopMode::Off, shuffled: false }
}

fn shown(embeds: &[Embed]) -> String {
    serde_json::to_string_pretty(embeds).unwrap()
}

#[test]
fn what_people_see_after_play() {
    let at = |position| queued(&Played { track: some_track(1, "**A** [song]"), position, delayed: None });
    insta::assert_snapshot!(shown(&[at(1), at(3)]));
}

#[test]
fn what_people_see_after_skip_and_stop() {
    let (one, two) = (some_track(1, "One"), some_track(2, "Two"));
    let first = skipped(&Skipped { skipped: vec![one.clone()], current: Some(two.clone()) });
    let both = skipped(&Skipped { skipped: vec![one, two], current: None });
    insta::assert_snapshot!(shown(&[first, both]));
}

#[test]
fn what_people_see_of_the_current_track() {
    let mut live = now(STABLE, false);
    Arc::make_mut(&mut live.track).info.live = true;
    live.volume = 80;
    let mut unknown = now(VoiceSummary::Idle, true);
    Arc::make_mut(&mut unknown.track).info.duration = None;
    unknown.looping = LoopMode::Track;
    let coming = now(VoiceSummary::Retrying { channel: None }, false);
    let all = [now(STABLE, false), now(STABLE, true), coming, live, unknown];
    insta::assert_snapshot!(shown(&all.each_ref().map(now_playing)));
}

#[test]
fn what_people_see_of_the_queue() {
    let some = view((1..=3).map(|n| some_track(n, &format!("Song {n}"))).collect(), 2, 2, 13);
    let last = view(Vec::new(), 1, 1, 0);
    let empty = QueueView { now: None, ..last.clone() };
    let mixed = QueueView { looping: LoopMode::Queue, shuffled: true, ..some.clone() };
    insta::assert_snapshot!(shown(&[queue(&some), queue(&last), queue(&empty), queue(&mixed)]));
}

#[test]
fn the_longest_titles_still_fit_discord() {
    let long = |n| {
        let mut track = some_track(n, &"*🎵".repeat(400));
        Arc::make_mut(&mut track).info.page_url = format!("https://example.org/{}", "(".repeat(170));
        track
    };
    let mut page = view((0..25).map(long).collect(), 1, 1, 25);
    if let Some(now) = &mut page.now {
        now.track = long(99);
    }
    let everything = [
        queue(&page),
        queued(&Played { track: long(1), position: 2, delayed: None }),
        skipped(&Skipped { skipped: vec![long(1)], current: Some(long(2)) }),
        history(&(0..50).map(long).collect::<Vec<_>>()),
        favorites(&(0..100).map(|_| favorite(&"*".repeat(80), &[&"y".repeat(500)])).collect::<Vec<_>>()),
        failure(&"x".repeat(9000)),
    ];
    for embed in everything {
        twilight_validate::embed::embed(&embed).unwrap();
    }
}

fn favorite(name: &str, queries: &[&str]) -> Favorite {
    let queries = queries.iter().map(|query| (*query).to_owned()).collect();
    Favorite { name: name.into(), queries, by: Some(UserId::new(7)) }
}

/// Sentences, one a line.
fn read(embeds: &[Embed]) -> String {
    embeds.iter().map(|embed| embed.description.clone().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_people_read_after_changing_what_comes() {
    let (one, two) = (some_track(1, "One"), some_track(2, "T*o"));
    let undo = |restored| undone(&Undone { restored });
    let all = [
        stopped(Stopped { removed: 1, look_ups: 0 }),
        stopped(Stopped { removed: 4, look_ups: 2 }),
        stopped(Stopped { removed: 0, look_ups: 1 }),
        disconnected(Stopped { removed: 3, look_ups: 0 }),
        disconnected(Stopped { removed: 0, look_ups: 1 }),
        delayed(&Delay::Slow),
        delayed(&Delay::Source(SourceFailure::new(FailureClass::Site, "network", "I cannot reach the site."))),
        cleared(0),
        cleared(1),
        cleared(12),
        removed(std::slice::from_ref(&two)),
        removed(&[one.clone(), two.clone()]),
        undo(vec![two.clone()]),
        undo(vec![one.clone(), two.clone()]),
        moved(&one, 3),
        shuffled(true),
        shuffled(false),
        looping(LoopMode::Off),
        looping(LoopMode::Track),
        looping(LoopMode::Queue),
        volume(80),
        history(&[]),
        history(&[one, two]),
    ];
    insta::assert_snapshot!(read(&all));
}

#[test]
fn what_people_read_about_favorites() {
    let (song, list) = (favorite("morning", &["https://example.org/x"]), favorite("par*ty", &["one", "two"]));
    let played = |count: u64, position, left_out| PlayedAll {
        tracks: (0..count).map(|n| some_track(n, "A song")).collect(),
        position,
        left_out,
    };
    let mut all = vec![favorites(&[]), favorites(&[song.clone(), list.clone()])];
    all.extend([kept(&song, false), kept(&list, true), dropped(&list), failure(&not_yours(&song))]);
    all.extend([queued_all(&played(1, 1, 0)), queued_all(&played(7, 3, 2))]);
    all.extend(more_queued(&played(7, 0, 0)));
    all.extend(more_queued(&played(1, 0, 1)));
    assert_eq!(more_queued(&played(1, 0, 0)), None);
    insta::assert_snapshot!(read(&all));
}
