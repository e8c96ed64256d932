//! What people ask for, found.

use crate::stage::{GUILD, Stage, query, site};
use std::time::Duration;

#[tokio::test]
async fn a_link_to_a_file_is_a_track_named_after_the_file() {
    let stage = Stage::new().await;
    let url = stage.server.url("/tune.wav");
    let found = stage.extractor.lookup(&query(&url), GUILD).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].title.as_str(), found[0].duration, found[0].live), ("tune", None, false));
    assert_eq!(found[0].page_url, url);
}

#[tokio::test]
async fn resolving_what_was_just_looked_up_asks_nobody_again() {
    let stage = Stage::new().await;
    let found = stage.extractor.lookup(&query(&stage.server.url("/tune.wav")), GUILD).await.unwrap();
    let asked = stage.server.asked().len();
    assert!(asked > 0);
    let resolved = stage.extractor.resolve(&found[0].page_url, GUILD).await.unwrap();
    assert_eq!(resolved.media.url, stage.server.url("/tune.wav"));
    assert_eq!(stage.server.asked().len(), asked);
    // Who asks a second time does so because the address did not work.
    stage.extractor.resolve(&found[0].page_url, GUILD).await.unwrap();
    assert!(stage.server.asked().len() > asked);
}

#[tokio::test]
async fn a_page_is_resolved_to_its_sound_with_headers_and_expiry() {
    let stage = Stage::new().await;
    let resolved = stage.extractor.resolve("https://www.youtube.com/watch?v=refrain0001", GUILD).await.unwrap();
    assert_eq!(resolved.info.title, "First Light");
    assert_eq!(resolved.info.duration, Some(Duration::from_secs(60)));
    assert_eq!(resolved.info.uploader.as_deref(), Some("The Demo Band"));
    assert_eq!(resolved.info.thumbnail, Some(stage.server.url("/cover.png")));
    assert_eq!(resolved.info.page_url, "https://www.youtube.com/watch?v=refrain0001");
    assert!(resolved.media.url.starts_with(&stage.server.url("/tune.wav?")));
    assert_eq!(resolved.media.expires_at, Some(4_102_444_800));
    let header = |name: &str| resolved.media.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!(header("X-Refrain-Site"), Some("yes"));
    assert!(header("User-Agent").is_some() && header("Cookie").is_none());
    assert_eq!((resolved.format_id.as_deref(), resolved.acodec.as_deref()), (Some("wav"), Some("pcm_s16le")));
    assert_eq!(resolved.abr, Some(1536));
}

#[tokio::test]
async fn a_search_brings_candidates_that_can_be_resolved() {
    let stage = Stage::new().await;
    let found = stage.extractor.lookup(&query("first light"), GUILD).await.unwrap();
    let titles = found.iter().map(|track| track.title.as_str()).collect::<Vec<_>>();
    assert_eq!(titles, ["First Light", "First Light (live)", "Second Light"]);
    assert_eq!(found[2].duration, Some(Duration::from_millis(61_500)));
    let resolved = stage.extractor.resolve(&found[0].page_url, GUILD).await.unwrap();
    assert_eq!(resolved.info.title, "First Light");
}

#[tokio::test]
async fn a_search_without_results_is_no_error() {
    let stage = Stage::new().await;
    assert_eq!(stage.extractor.lookup(&query("nothing like it"), GUILD).await.unwrap(), []);
}

#[tokio::test]
async fn a_list_brings_its_first_track_without_waiting_for_the_rest() {
    // The second entry sleeps for longer than the time limit.
    let stage = Stage::new().await;
    let found = stage.extractor.lookup(&query(&site("album")), GUILD).await.unwrap();
    assert_eq!(found[0].title, "A tune");
    assert_eq!(found[0].page_url, site("tune"));
}

#[tokio::test]
async fn a_live_stream_is_told_from_a_track() {
    let stage = Stage::new().await;
    let resolved = stage.extractor.resolve(&site("live"), GUILD).await.unwrap();
    assert!(resolved.info.live && resolved.info.duration.is_none());
}

#[tokio::test]
async fn cookies_are_sent_to_the_host_they_belong_to() {
    let stage = Stage::new().await;
    let resolved = stage.extractor.resolve(&site("cookies"), GUILD).await.unwrap();
    let cookies = resolved.media.headers.iter().filter(|(name, _)| name == "Cookie").collect::<Vec<_>>();
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].1.starts_with("session=") && !cookies[0].1.contains("other"), "{}", cookies[0].1);
}
