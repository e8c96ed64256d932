//! Each class of error, produced for real.

use crate::{
    server::Server,
    stage::{GUILD, Stage, query, site},
};
use refrain_extract::{BadQuery, ErrorKind, ExtractError, nothing_found};
use refrain_model::FailureClass;
use std::{fs, time::Duration};
use tokio::task::JoinSet;

/// Resolves each address and compares the class of the error.
async fn expect(stage: &Stage, cases: Vec<(String, ErrorKind)>) {
    let mut runs = JoinSet::new();
    for (url, expected) in cases {
        let extractor = stage.extractor.clone();
        runs.spawn(async move { (extractor.resolve(&url, GUILD).await, url, expected) });
    }
    while let Some(run) = runs.join_next().await {
        let (result, url, expected) = run.unwrap();
        let error = result.expect_err(&url);
        assert_eq!(error.kind(), expected, "{url}: {error}");
        assert_readable(&error);
    }
}

fn assert_readable(error: &ExtractError) {
    let (message, failure) = (error.user_message(), error.failure());
    assert_eq!((&*failure.message, &*failure.kind, failure.class), (message, error.kind().name(), error.class()));
    // A member whose track is kept is not sent to look for another one.
    let waits = failure.class != FailureClass::Track;
    assert_eq!(message.contains("music waits"), waits, "{message}");
    assert!(!waits || !message.contains("another"), "{message}");
    assert_eq!(error.is_retryable(), waits, "{error}");
    assert!(message.ends_with('.') && !message.contains("yt-dlp:") && !message.contains("ERROR"), "{message}");
    let detail = error.to_string();
    assert!(detail.len() < 2000 && !detail.contains("sig="), "{detail}");
}

#[tokio::test]
async fn what_a_site_says_is_classified() {
    let stage = Stage::new().await;
    let cases = [
        ("bot-check", ErrorKind::BotCheck),
        ("age", ErrorKind::AgeRestricted),
        ("private", ErrorKind::Private),
        ("members", ErrorKind::MembersOnly),
        ("login", ErrorKind::LoginRequired),
        ("region", ErrorKind::RegionBlocked),
        ("geo", ErrorKind::RegionBlocked),
        ("gone", ErrorKind::Gone),
        ("upcoming", ErrorKind::NotLive),
        ("offline", ErrorKind::NotLive),
        ("rate", ErrorKind::RateLimited),
        ("drm", ErrorKind::NoAudio),
        ("no-formats", ErrorKind::NoAudio),
        ("crash", ErrorKind::ExtractorBroken),
        ("odd", ErrorKind::Unknown),
    ];
    expect(&stage, cases.map(|(kind, expected)| (site(kind), expected)).into()).await;
}

#[tokio::test]
async fn what_a_server_answers_is_classified() {
    let stage = Stage::with(|config| config.egress = "127.0.0.1".parse().unwrap()).await;
    // Nobody listens there any more.
    let gone = Server::start().await;
    let address = gone.address;
    drop(gone);
    let closed = |path: &str| format!("http://{address}{path}");
    let cases = [
        ("/nothing.mp3", ErrorKind::Gone),
        ("/status/410", ErrorKind::Gone),
        ("/status/403?sig=secret", ErrorKind::Forbidden),
        ("/status/429", ErrorKind::RateLimited),
        ("/status/503", ErrorKind::Network),
        ("/status/500", ErrorKind::Network),
        ("/status/401", ErrorKind::LoginRequired),
        ("/hang-up", ErrorKind::Network),
        ("/page.html", ErrorKind::BadInput),
    ];
    let mut cases = cases.map(|(path, expected)| (stage.server.url(path), expected)).to_vec();
    cases.push(("http://no-such-host.invalid/tune.mp3".into(), ErrorKind::Network));
    cases.push(("https://no-such-host.invalid/tune.mp3".into(), ErrorKind::Network));
    cases.push((closed("/tune.mp3"), ErrorKind::Network));
    cases.push((closed("/tune.mp3").replace("http:", "https:"), ErrorKind::Network));
    expect(&stage, cases).await;
}

#[tokio::test]
async fn a_refusal_says_what_would_do() {
    let stage = Stage::new().await;
    let error = stage.extractor.lookup(&query(&stage.server.url("/page.html")), GUILD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
    assert!(error.user_message().contains("audio file") && !error.is_retryable());
    assert!(error.to_string().contains("Unsupported URL"), "{error}");
}

#[tokio::test]
async fn nothing_leads_to_a_private_address() {
    let stage = Stage::new().await;
    // Another server of this machine, which the policy does not name.
    let inside = Server::start().await;
    let cases = vec![
        (inside.url("/tune.wav"), ErrorKind::PrivateAddress),
        (format!("http://localhost:{}/tune.wav", inside.address.port()), ErrorKind::PrivateAddress),
        (format!("https://{}/tune.wav", inside.address), ErrorKind::PrivateAddress),
        (stage.server.url(&format!("/redirect?to={}", inside.url("/tune.wav"))), ErrorKind::PrivateAddress),
        ("http://169.254.169.254/latest/meta-data".into(), ErrorKind::PrivateAddress),
        ("http://[::1]/".into(), ErrorKind::PrivateAddress),
        (site("private-media"), ErrorKind::PrivateAddress),
        (site(&format!("fetch/{}/", inside.address)), ErrorKind::PrivateAddress),
    ];
    expect(&stage, cases).await;
    assert_eq!(inside.asked(), [] as [String; 0]);
}

#[tokio::test]
async fn a_site_that_asks_to_be_left_alone_is_heard() {
    let stage = Stage::new().await;
    let error = stage.extractor.resolve(&stage.server.url("/busy/429/77"), GUILD).await.unwrap_err();
    assert_eq!((error.kind(), error.class()), (ErrorKind::RateLimited, FailureClass::Site));
    assert_eq!(error.failure().retry_after, Some(Duration::from_secs(77)));
    let error = stage.extractor.resolve(&stage.server.url("/busy/503/5"), GUILD).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Network, Some(Duration::from_secs(5))));
    let error = stage.extractor.resolve(&stage.server.url("/status/429"), GUILD).await.unwrap_err();
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn a_fault_of_this_machine_is_none_of_the_tracks_and_ends_with_the_fault() {
    let stage = Stage::new().await;
    let runs = stage.data.path().join("yt-dlp/runs");
    fs::remove_dir_all(&runs).unwrap();
    fs::write(&runs, "in the way").unwrap();
    let error = stage.extractor.resolve(&site("tune"), GUILD).await.unwrap_err();
    assert_eq!((error.kind(), error.class()), (ErrorKind::Spawn, FailureClass::Machine));
    assert!(error.to_string().contains("private directory"), "{error}");
    assert_readable(&error);
    fs::remove_file(&runs).unwrap();
    stage.extractor.resolve(&site("tune"), GUILD).await.unwrap();
}

#[tokio::test]
async fn a_machine_that_ran_out_of_something_is_told_from_a_site() {
    for script in [
        "echo \"OSError: [Errno 28] No space left on device: 'x'\" >&2; exit 1",
        "echo 'ERROR: [generic] x: Unable to download: [Errno 24] Too many open files' >&2; exit 1",
        "echo MemoryError >&2; exit 1",
    ] {
        let (stage, _folder) = Stage::with_script(script, |_| {}).await;
        let error = stage.extractor.resolve("http://a.example/", GUILD).await.unwrap_err();
        assert_eq!((error.kind(), error.class()), (ErrorKind::OutOfResources, FailureClass::Machine), "{script}");
        assert_readable(&error);
    }
}

#[test]
fn what_never_reaches_yt_dlp_is_about_the_track() {
    let refused = BadQuery::Empty.failure();
    assert_eq!((refused.class, &*refused.message), (FailureClass::Track, &*BadQuery::Empty.to_string()));
    let nothing = nothing_found();
    assert_eq!((nothing.class, &*nothing.kind), (FailureClass::Track, "nothing-found"));
}
