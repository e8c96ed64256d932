//! Who waits for whom.

use crate::stage::{GUILD, Stage, query, until};
use refrain_extract::{ErrorKind, Extractor};
use refrain_model::{FailureClass, GuildId};
use std::{fs, time::Duration};
use tokio::task::JoinSet;

const PAGE: &str = "echo '{\"url\": \"http://a.example/v\", \"title\": \"T\"}'";

#[tokio::test]
async fn a_hundred_guilds_that_resolve_at_once_lose_nothing() {
    // All together they take far longer than one of them may.
    let script = format!("sleep 0.3\n{PAGE}");
    let (stage, _folder) = Stage::with_script(&script, |config| config.time_limit = Duration::from_secs(5)).await;
    let mut guilds = JoinSet::new();
    for guild in 0..100 {
        let extractor = stage.extractor.clone();
        guilds.spawn(async move { extractor.resolve(&format!("http://a.example/{guild}"), GuildId::new(guild)).await });
    }
    while let Some(result) = guilds.join_next().await {
        let result = result.unwrap();
        assert!(result.is_ok(), "{result:?}");
    }
}

/// A stand-in that writes down its last argument and holds the one place until `go` lies beside it.
async fn one_place() -> (Stage, tempfile::TempDir) {
    let script = format!(
        "for last; do :; done\necho \"$last\" >> \"$here/order\"\nwhile [ ! -e \"$here/go\" ]; do sleep 0.05; done\n{PAGE}"
    );
    Stage::with_script(&script, |config| {
        config.concurrency = 1;
        config.time_limit = Duration::from_secs(120);
    })
    .await
}

/// Asks, and returns once the request stands in line: it is polled before this goes on.
async fn ask(extractor: &Extractor, requests: &mut JoinSet<()>, guild: u64, name: &str, resolve: bool) {
    let (extractor, url) = (extractor.clone(), format!("http://a.example/{name}"));
    requests.spawn(async move {
        let guild = GuildId::new(guild);
        if resolve {
            extractor.resolve(&url, guild).await.map(drop).unwrap();
        } else {
            extractor.lookup(&query(&url), guild).await.map(drop).unwrap();
        }
    });
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn tracks_that_are_to_play_come_before_look_ups_and_guilds_take_turns() {
    let (stage, folder) = one_place().await;
    let (e, mut requests) = (&stage.extractor, JoinSet::new());
    ask(e, &mut requests, 1, "first", false).await;
    let order = folder.path().join("order");
    until("the first run", || fs::read_to_string(&order).ok().filter(|text| !text.is_empty())).await;
    for (guild, name, resolve) in [
        (1, "look-1a", false),
        (1, "look-1b", false),
        (2, "look-2", false),
        (3, "dropped", true),
        (4, "play-4", true),
        (5, "play-5", true),
    ] {
        if name == "dropped" {
            let mut gone = JoinSet::new();
            ask(e, &mut gone, guild, name, resolve).await;
            gone.shutdown().await;
        } else {
            ask(e, &mut requests, guild, name, resolve).await;
        }
    }
    fs::write(folder.path().join("go"), "").unwrap();
    while let Some(request) = requests.join_next().await {
        request.unwrap();
    }
    let ran = fs::read_to_string(&order).unwrap();
    let ran = ran.lines().map(|url| url.rsplit('/').next().unwrap()).collect::<Vec<_>>();
    assert_eq!(ran, ["first", "play-4", "play-5", "look-1a", "look-2", "look-1b"]);
}

#[tokio::test]
async fn a_guild_that_asks_for_too_much_is_refused_and_shutting_down_answers_who_waits() {
    let (stage, folder) = one_place().await;
    let mut requests = JoinSet::new();
    for n in 0..100 {
        let extractor = stage.extractor.clone();
        requests.spawn(async move { extractor.lookup(&query(&format!("song {n}")), GUILD).await });
    }
    let order = folder.path().join("order");
    until("the first run", || fs::read_to_string(&order).ok().filter(|text| !text.is_empty())).await;
    stage.extractor.shutdown().await;
    let mut kinds = Vec::new();
    while let Some(result) = requests.join_next().await {
        let error = result.unwrap().unwrap_err();
        assert_eq!(error.class(), FailureClass::Request, "{error}");
        kinds.push(error.kind());
    }
    let count = |kind| kinds.iter().filter(|found| **found == kind).count();
    // One ran and 64 waited.
    assert_eq!((count(ErrorKind::Busy), count(ErrorKind::ShuttingDown)), (35, 65));
}
