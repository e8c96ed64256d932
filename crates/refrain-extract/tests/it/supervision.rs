//! Children that do not behave, and people who try things.

use crate::stage::{GUILD, Stage, dead, process_id, query, site, until};
use refrain_extract::{ErrorKind, Extractor, ExtractorConfig, Query};
use std::{fs, time::Duration};
use url::Url;

#[tokio::test]
async fn the_time_limit_ends_yt_dlp_and_what_it_started() {
    // Long enough for yt-dlp to start on a busy machine, short of the 600 s that the plugin sleeps.
    let stage = Stage::with(|config| config.time_limit = Duration::from_secs(20)).await;
    let error = stage.extractor.resolve(&site("sleep"), GUILD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.is_retryable());
    dead(process_id(&stage.plugins.path().join("grandchild.pid")).await).await;
    until("an empty work directory", || (stage.run_directories() == 0).then_some(())).await;
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_is_ended() {
    let stage = Stage::with(|config| config.time_limit = Duration::from_secs(300)).await;
    let extractor = stage.extractor.clone();
    let request = tokio::spawn(async move { extractor.resolve(&site("sleep"), GUILD).await });
    let grandchild = process_id(&stage.plugins.path().join("grandchild.pid")).await;
    request.abort();
    dead(grandchild).await;
    until("an empty work directory", || (stage.run_directories() == 0).then_some(())).await;
}

#[tokio::test]
async fn shutting_down_ends_what_is_under_way() {
    let stage = Stage::with(|config| config.time_limit = Duration::from_secs(300)).await;
    let extractor = stage.extractor.clone();
    let request = tokio::spawn(async move { extractor.resolve(&site("sleep"), GUILD).await });
    let grandchild = process_id(&stage.plugins.path().join("grandchild.pid")).await;
    stage.extractor.shutdown().await;
    dead(grandchild).await;
    assert_eq!(request.await.unwrap().unwrap_err().kind(), ErrorKind::ShuttingDown);
    let late = stage.extractor.resolve(&site("tune"), GUILD).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::ShuttingDown);
}

#[tokio::test]
async fn a_child_that_ignores_the_polite_signal_is_killed() {
    let script = "trap '' TERM\necho $$ > \"$here/pid\"\nwhile :; do sleep 1; done";
    let (stage, folder) = Stage::with_script(script, |config| config.time_limit = Duration::from_secs(3)).await;
    let error = stage.extractor.lookup(&query("x"), GUILD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    dead(process_id(&folder.path().join("pid")).await).await;
}

#[tokio::test]
async fn what_a_child_leaves_running_is_ended_with_it() {
    // The one left behind holds the pipes open.
    let script = "sleep 600 & echo $! > \"$here/pid\"\necho '{\"entries\": []}'";
    let (stage, folder) = Stage::with_script(script, |_| {}).await;
    assert_eq!(stage.extractor.lookup(&query("x"), GUILD).await.unwrap(), []);
    dead(process_id(&folder.path().join("pid")).await).await;
}

#[tokio::test]
async fn output_is_bounded() {
    let stage = Stage::with(|config| config.max_output = 1024 * 1024).await;
    let error = stage.extractor.resolve(&site("flood"), GUILD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooMuchOutput);
    // On the other pipe only the end is kept, and it is that which counts.
    let script = "yes 'ERROR: odd' | head -c 20000000 >&2\necho 'ERROR: [x] y: Private video' >&2\nexit 1";
    let (stage, _folder) = Stage::with_script(script, |_| {}).await;
    let error = stage.extractor.lookup(&query("x"), GUILD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Private);
}

#[tokio::test]
async fn options_cannot_be_brought_in_by_a_query() {
    let stage = Stage::new().await;
    let marker = stage.data.path().join("marker");
    let exec = format!("--exec before_dl:touch\\ {}", marker.display());
    for words in [exec.as_str(), "-U", "--version", "-- -U", "'; touch x #"] {
        // They are words like others: the stand-in for the search finds its songs.
        let found = stage.extractor.lookup(&Query::Search(words.to_owned()), GUILD).await.unwrap();
        assert_eq!(found[0].title, "First Light", "{words}");
    }
    let refused = [
        Query::Search(format!("song\n{exec}")),
        Query::Search(String::new()),
        Query::Search("x".repeat(100_000)),
        Query::Url(Url::parse("file:///etc/passwd").unwrap()),
    ];
    for query in refused {
        assert_eq!(stage.extractor.lookup(&query, GUILD).await.unwrap_err().kind(), ErrorKind::BadInput, "{query:?}");
    }
    for url in [exec.as_str(), "-U", "ytsearch5:x", "ftp://a.example/x", "https://me:pw@a.example/"] {
        assert_eq!(stage.extractor.resolve(url, GUILD).await.unwrap_err().kind(), ErrorKind::BadInput, "{url}");
    }
    assert!(!marker.exists());
}

#[tokio::test]
async fn a_child_sees_no_more_than_it_needs() {
    let script = "env > \"$here/env\"\npwd > \"$here/pwd\"\necho \"$@\" > \"$here/args\"\ncp cookies.txt \"$here/cookies\"\n\
                  stat -c %a . private.conf cookies.txt > \"$here/modes\"\necho changed > cookies.txt\necho '{\"entries\": []}'";
    let jar = tempfile::NamedTempFile::new().unwrap();
    fs::write(jar.path(), "a jar").unwrap();
    let (stage, folder) = Stage::with_script(script, |config| config.cookies = Some(jar.path().to_owned())).await;
    stage.extractor.lookup(&query("x"), GUILD).await.unwrap();
    let seen = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();

    // Cargo sets dozens of its own for this test.
    let names = seen("env").lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect::<Vec<_>>();
    assert!(!names.iter().any(|name| name.starts_with("CARGO") || name == "USER"), "{names:?}");
    assert!(seen("env").contains("LANG=C.UTF-8") && seen("env").contains(&format!("HOME={}", seen("pwd").trim())));
    assert_eq!(seen("modes").split_whitespace().collect::<Vec<_>>(), ["700", "600", "600"]);
    // Everyone on the machine can read a command line.
    assert!(!seen("args").contains("child-") && !seen("args").contains('@'), "{}", seen("args"));
    // yt-dlp writes its cookie file anew; the operator's stays as it is.
    assert_eq!((seen("cookies").as_str(), fs::read_to_string(jar.path()).unwrap().as_str()), ("a jar", "a jar"));
    until("an empty work directory", || (stage.run_directories() == 0).then_some(())).await;
}

#[tokio::test]
async fn no_more_than_so_many_run_at_a_time() {
    let script = "mkdir \"$here/busy\" || exit 7\nsleep 0.2\nrmdir \"$here/busy\"\necho '{\"entries\": []}'";
    let (stage, _folder) = Stage::with_script(script, |config| config.concurrency = 1).await;
    let (words, e) = (query("x"), &stage.extractor);
    let (a, b, c) = tokio::join!(e.lookup(&words, GUILD), e.lookup(&words, GUILD), e.lookup(&words, GUILD));
    assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?} {b:?} {c:?}");
}

#[tokio::test]
async fn odd_ends_are_told_apart() {
    for (script, expected) in [
        ("echo 'not JSON'", ErrorKind::Garbled),
        ("exit 0", ErrorKind::NoAudio),
        ("echo 'Usage: yt-dlp' >&2; echo 'yt-dlp: error: no such option' >&2; exit 2", ErrorKind::Spawn),
        ("echo null; echo 'ERROR: HTTP Error 404: Not Found' >&2; exit 1", ErrorKind::Gone),
        ("echo 'Traceback' >&2; exit 1", ErrorKind::Unknown),
        ("kill -9 $$", ErrorKind::Spawn),
    ] {
        let (stage, _folder) = Stage::with_script(script, |_| {}).await;
        let error = stage.extractor.lookup(&query("x"), GUILD).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{script}: {error}");
    }
    let partly = "echo '{\"entries\": [null, {\"url\": \"https://a.example/\", \"title\": \"T\"}]}'; exit 1";
    let (stage, _folder) = Stage::with_script(partly, |_| {}).await;
    assert_eq!(stage.extractor.lookup(&query("x"), GUILD).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_yt_dlp_the_start_says_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    for named in ["/nowhere/yt-dlp", "no-such-program-as-this"] {
        let error = Extractor::start(ExtractorConfig::new(named, data.path())).await.unwrap_err();
        assert!(error.to_string().contains("cargo xtask setup") && error.to_string().contains(named), "{error}");
    }
}
