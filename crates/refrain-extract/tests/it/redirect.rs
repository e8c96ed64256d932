//! Links that lead elsewhere, and sound without an end.

use crate::{
    server::pass,
    stage::{GUILD, Stage, query},
};
use refrain_extract::Resolved;
use std::{process::Stdio, sync::atomic::Ordering, time::Duration};

/// What ffmpeg gets when it asks for the sound as it is told to, through the guard.
async fn bytes_of(stage: &Stage, resolved: &Resolved) -> usize {
    let headers = resolved.media.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
    let output = tokio::process::Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-loglevel",
            "error",
            "-headers",
            &headers,
            "-i",
            &resolved.media.url,
            "-f",
            "s16le",
            "pipe:1",
        ])
        .env("http_proxy", stage.extractor.proxy().as_str())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("ffmpeg is installed by `cargo xtask setup`");
    output.stdout.len()
}

fn cookie(resolved: &Resolved) -> Option<&str> {
    let mut headers = resolved.media.headers.iter();
    headers.find(|(name, _)| name == "Cookie").map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_link_that_redirects_to_a_signed_address_is_kept_and_resolved_again() {
    let stage = Stage::new().await;
    let link = stage.server.url("/latest");
    let found = stage.extractor.lookup(&query(&link), GUILD).await.unwrap();
    assert_eq!(found[0].page_url, link);

    // The first opening uses what the look-up found; each later one, as after `/seek` or a restart, gets a new address.
    for opening in 1..=3 {
        let resolved = stage.extractor.resolve(&found[0].page_url, GUILD).await.unwrap();
        assert_eq!(stage.server.signed.load(Ordering::SeqCst), opening);
        assert_eq!(resolved.info.page_url, link);
        assert_eq!(resolved.media.url, stage.server.url(&format!("/signed/tune.wav?expire=4102444800&sig={opening}")));
        // The cookie of this path alone, as the site set it, and none that is for https.
        assert_eq!(cookie(&resolved), Some(format!("pass={}", pass(opening)).as_str()));
        assert_eq!(bytes_of(&stage, &resolved).await, 16_000);
        let printed = format!("{resolved:?}");
        assert!(!printed.contains("sig=") && !printed.contains("key/"), "{printed}");
    }
}

#[tokio::test]
async fn a_radio_link_is_given_back_without_being_read_to_its_end() {
    let stage = Stage::new().await;
    let link = stage.server.url("/radio");
    let resolved = stage.extractor.resolve(&link, GUILD).await.unwrap();
    assert_eq!((resolved.info.page_url.as_str(), resolved.media.url.as_str()), (link.as_str(), link.as_str()));
    assert_eq!((resolved.live, resolved.length, resolved.maybe_endless), (false, None, true));
    // A file says how long it is.
    let file = stage.extractor.resolve(&stage.server.url("/tune.wav"), GUILD).await.unwrap();
    assert!(!file.maybe_endless);
    let page = stage.extractor.resolve("https://www.youtube.com/watch?v=refrain0001", GUILD).await.unwrap();
    assert_eq!((page.live, page.length, page.maybe_endless), (false, Some(Duration::from_secs(60)), false));
}
