//! The queue as a guild sees it.

mod behaviour;
mod model;

use refrain_model::{ChannelId, Track, TrackInfo, UserId};
use refrain_queue::{Added, Limits, Queue, QueueError};
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
