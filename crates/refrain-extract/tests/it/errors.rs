//! Each class of error, produced for real.

use crate::{
    server::Server,
    stage::{GUILD, Stage, query, site},
};
use refrain_extract::{ErrorKind, ExtractError};
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
    let message = error.user_message();
    assert!(message.ends_with('.') && !message.contains("yt-dlp:") && !message.contains("ERROR"), "{message}");
    let detail = error.to_string();
    assert!(detail.len() < 2000 && !detail.contains("sig="), "{detail}");
}

#[tokio::test]
async fn what_a_site_says_is_classified() {
    let stage = Stage::with(|config| config.time_limit *= 4).await;
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
    let stage = Stage::with(|config| config.time_limit *= 4).await;
    let cases = [
        ("/nothing.mp3", ErrorKind::Gone),
        ("/status/410", ErrorKind::Gone),
        ("/status/403?sig=secret", ErrorKind::Forbidden),
        ("/status/429", ErrorKind::RateLimited),
        ("/status/503", ErrorKind::Network),
        ("/page.html", ErrorKind::BadInput),
    ];
    let mut cases = cases.map(|(path, expected)| (stage.server.url(path), expected)).to_vec();
    cases.push(("http://no-such-host.invalid/tune.mp3".into(), ErrorKind::Network));
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
    let stage = Stage::with(|config| config.time_limit *= 4).await;
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
