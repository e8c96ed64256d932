//! The queue as a guild sees it.

mod adding;
mod behaviour;
mod editing;
mod invariants;
mod life;
mod looping;
mod model;
mod moving_about;
mod restoring;
mod shuffling;
mod undoing;

use refrain_model::{ChannelId, Track, TrackId, TrackInfo, UserId};
use refrain_queue::{Added, AddedAll, Limits, Place, Queue, QueueError};
use std::{sync::Arc, time::Duration};

/// A track of this name, in seconds.
fn song(title: &str, seconds: Option<u64>) -> TrackInfo {
    TrackInfo {
        title: title.into(),
        page_url: format!("https://music.example/{title}"),
        uploader: None,
        thumbnail: None,
        duration: seconds.map(Duration::from_secs),
        live: false,
    }
}

/// Adds a song of three minutes.
fn add(queue: &mut Queue, title: &str) -> Result<Added, QueueError> {
    queue.enqueue(song(title, Some(180)), UserId::new(7), ChannelId::new(8))
}

/// Adds a song of three minutes at a place.
fn add_at(queue: &mut Queue, title: &str, place: Place) -> Result<Added, QueueError> {
    queue.add(song(title, Some(180)), UserId::new(7), ChannelId::new(8), place)
}

/// Adds songs of three minutes at a place.
fn add_all(queue: &mut Queue, titles: &[&str], place: Place) -> Result<AddedAll, QueueError> {
    let infos = titles.iter().map(|title| song(title, Some(180))).collect();
    queue.add_all(infos, UserId::new(7), ChannelId::new(8), place)
}

/// A queue in which the first of these songs plays.
fn playing(titles: &[&str]) -> Queue {
    let mut queue = Queue::new(Limits::default());
    for title in titles {
        add(&mut queue, title).expect("a handful of tracks fits a queue of a thousand");
    }
    queue
}

fn titles<'a>(tracks: impl IntoIterator<Item = &'a Arc<Track>>) -> Vec<&'a str> {
    tracks.into_iter().map(|track| track.info.title.as_str()).collect()
}

/// The whole queue at a glance: what was (the most recent last), what plays, what comes.
fn shown(queue: &Queue) -> String {
    let part = |tracks: Vec<&str>| tracks.join(" ");
    let heard = part(titles(queue.history().rev()));
    format!("{heard} > {} > {}", part(titles(queue.current())), part(titles(queue.upcoming())))
}

/// The number of the current track.
fn now(queue: &Queue) -> TrackId {
    queue.current().expect("something is current").id
}
