use super::*;
use std::io::Write as _;

const SECOND: Duration = Duration::from_secs(1);

async fn server() -> (MediaServer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.mp3");
    std::fs::write(&path, (0..400_000_u32).map(|n| n as u8).collect::<Vec<_>>()).unwrap();
    let tune = Sound::Bytes(Bytes::from_static(b"0123456789"));
    let server = MediaServer::start([("tune.wav".into(), tune), ("long.mp3".into(), Sound::File(path))]).await.unwrap();
    (server, folder)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn get(url: String, range: Option<&str>) -> (u16, String, Vec<u8>) {
    let mut request = client().get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = request.send().await.unwrap();
    let header = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), header.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
}

/// The bytes that come before the body ends or breaks off, and whether it ended in good order.
async fn body(url: String) -> (Vec<u8>, bool) {
    let mut response = client().get(url).send().await.unwrap();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.write_all(&chunk).unwrap(),
            Ok(None) => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}

fn cut(after: u64, by: Cut) -> MediaFault {
    MediaFault::Cut { after, by }
}

#[tokio::test]
async fn serves_the_whole_and_its_parts() {
    let (server, _folder) = server().await;
    assert_eq!(get(server.url("tune.wav"), None).await, (200, String::new(), b"0123456789".to_vec()));
    assert_eq!(get(server.url("tune.wav"), Some("bytes=7-")).await, (206, "bytes 7-9/10".into(), b"789".to_vec()));
    assert_eq!(get(server.url("tune.wav"), Some("bytes=-2")).await, (206, "bytes 8-9/10".into(), b"89".to_vec()));
    assert_eq!(get(server.url("tune.wav"), Some("bytes=20-")).await, (416, "bytes */10".into(), Vec::new()));
    let (status, _, bytes) = get(server.url("long.mp3"), Some("bytes=1-399999")).await;
    assert_eq!((status, bytes.len(), bytes[0]), (206, 399_999, 1));
}

#[tokio::test]
async fn serves_what_is_no_music_and_remembers_who_asked() {
    let (server, _folder) = server().await;
    for (path, status) in
        [("nothing.mp3", 404), ("page.html", 200), ("picture.png", 200), ("archive.zip", 200), ("broken", 503)]
    {
        assert_eq!(get(server.url(path), None).await.0, status, "{path}");
    }
    let asked: Vec<_> = server.requests().into_iter().map(|request| (request.path, request.status)).collect();
    let expected = [("/nothing.mp3", 404), ("/page.html", 200), ("/picture.png", 200), ("/archive.zip", 200)];
    assert_eq!(asked[..4], expected.map(|(path, status)| (path.to_owned(), Some(status))));
    assert_eq!(server.requests_for("page.html", Duration::ZERO).len(), 1);
    assert_eq!(server.requests_for("page.html", server.now()).len(), 0);
    assert_eq!(server.requests_for("p*", Duration::ZERO).len(), 2);
}

#[tokio::test]
async fn a_status_comes_with_what_the_server_asks_for_and_only_as_often_as_it_was_ordered() {
    let (server, _folder) = server().await;
    let busy = MediaFault::Status { code: 429, retry_after_s: Some(7) };
    server.order(FaultRule::new("tune.wav", busy).for_requests(1));
    let response = client().get(server.url("tune.wav")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(get(server.url("tune.wav"), None).await.0, 200);
}

#[tokio::test]
async fn a_body_breaks_off_where_it_was_told_to_in_the_way_it_was_told_to() {
    let (server, _folder) = server().await;
    for (by, well) in [(Cut::Close, false), (Cut::Reset, false), (Cut::End, true)] {
        server.order(FaultRule::new("tune.wav", cut(4, by)).for_requests(1));
        let (bytes, ended_well) = body(server.url("tune.wav")).await;
        assert_eq!(ended_well, well, "{by:?}");
        // What is on its way when a connection is reset may be lost.
        assert!(bytes == b"0123" || by == Cut::Reset && b"0123".starts_with(&bytes), "{by:?}: {bytes:?}");
    }
    server.order(FaultRule::new("tune.wav", MediaFault::Refuse).for_requests(1));
    assert!(client().get(server.url("tune.wav")).send().await.is_err());
}

#[tokio::test]
async fn without_a_length_a_body_comes_in_chunks_or_until_the_connection_ends() {
    let (server, _folder) = server().await;
    for fault in [MediaFault::Chunked, MediaFault::Unframed] {
        let id = server.order(FaultRule::new("tune.wav", fault));
        let response = client().get(server.url("tune.wav")).send().await.unwrap();
        assert_eq!(response.content_length(), None);
        assert_eq!(response.bytes().await.unwrap(), "0123456789");
        let end = server.order(FaultRule::new("tune.wav", cut(4, Cut::End)));
        assert_eq!(body(server.url("tune.wav")).await, (b"0123".to_vec(), true));
        assert!(server.lift(id) && server.lift(end));
    }
    server.order(FaultRule::new("tune.wav", MediaFault::Chunked));
    server.order(FaultRule::new("tune.wav", cut(4, Cut::Close)));
    assert_eq!(body(server.url("tune.wav")).await, (b"0123".to_vec(), false));
    server.lift_all();
    server.order(FaultRule::new("tune.wav", MediaFault::Unranged));
    assert_eq!(get(server.url("tune.wav"), Some("bytes=7-")).await.0, 200);
}

#[tokio::test]
async fn a_body_on_its_way_is_hit_by_what_is_ordered_then() {
    let (server, _folder) = server().await;
    server.set_pace("long.mp3", Pace { burst: 1_000, per_second: 1_000 });
    let mut response = client().get(server.url("long.mp3")).send().await.unwrap();
    assert!(!response.chunk().await.unwrap().unwrap().is_empty());
    assert_eq!(server.open_bodies("long.mp3"), 1);
    server.order(FaultRule::new("long.mp3", cut(0, Cut::Reset)).for_requests(1));
    while let Ok(chunk) = response.chunk().await {
        assert!(chunk.is_some(), "it ended in good order");
    }
    while server.open_bodies("long.mp3") > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_body_that_has_stalled_stays_open_and_comes_to_nothing() {
    let (server, _folder) = server().await;
    let id = server.order(FaultRule::new("tune.wav", cut(4, Cut::Stall)));
    let mut response = client().get(server.url("tune.wav")).send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "0123");
    server.lift(id);
    assert!(tokio::time::timeout(SECOND / 5, response.chunk()).await.is_err());
    assert_eq!(server.open_bodies("tune.wav"), 1);
}

#[tokio::test]
async fn the_site_tells_its_pages_and_that_there_is_none() {
    let (server, _folder) = server().await;
    let page = || async {
        let bytes = get(server.url("site/tune"), None).await.2;
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
    };
    assert_eq!(
        (page().await["title"].as_str(), page().await["sound"].as_str()),
        (Some("First Light"), Some("tune.wav"))
    );
    server.set_page("tune", Page::opus("Radio", None, "radio.ogg").live());
    assert_eq!((page().await["live"].as_bool(), page().await["duration"].as_f64()), (Some(true), None));
    let lost = server.order(FaultRule::new("site/*", MediaFault::UnknownHost));
    assert_eq!(page().await["host"], "sounds.invalid");
    server.lift(lost);
    server.order(FaultRule::new("site/tune", MediaFault::Unavailable { words: "Video unavailable".into() }));
    assert_eq!(page().await["unavailable"], "Video unavailable");
}

#[tokio::test]
async fn a_link_leads_to_an_address_that_is_good_with_its_cookie_until_the_next() {
    let (server, _folder) = server().await;
    let go = || async {
        let response = client().get(server.url("go/tune.wav")).send().await.unwrap();
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        (response.status().as_u16(), header("location"), header("set-cookie"))
    };
    let (status, place, cookie) = go().await;
    assert_eq!(status, 302);
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let follow = |cookie: &str| client().get(server.url(&place[1..])).header("cookie", cookie).send();
    assert_eq!(follow(&cookie).await.unwrap().text().await.unwrap(), "0123456789");
    assert_eq!(follow("pass=0").await.unwrap().status(), 403);
    go().await;
    assert_eq!(follow(&cookie).await.unwrap().status(), 403);
}
