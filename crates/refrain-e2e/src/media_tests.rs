use super::*;

async fn server() -> (MediaServer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.mp3");
    std::fs::write(&path, (0..400_000_u32).map(|n| n as u8).collect::<Vec<_>>()).unwrap();
    let tune = Sound::Bytes(Bytes::from_static(b"0123456789"));
    let server = MediaServer::start([("tune.wav".into(), tune), ("long.mp3".into(), Sound::File(path))]).await.unwrap();
    (server, folder)
}

async fn get(url: String, range: Option<&str>) -> (u16, String, Vec<u8>) {
    let mut request = reqwest::Client::builder().no_proxy().build().unwrap().get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = request.send().await.unwrap();
    let header = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), header.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
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
    let asked: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/nothing.mp3", "/page.html", "/picture.png", "/archive.zip", "/broken"]);
}

#[test]
fn ranges_that_make_no_sense_are_none() {
    for value in ["bytes=5-4", "bytes=-", "bytes=10-", "items=1-2", "bytes=-0", "bytes=18446744073709551615-"] {
        assert_eq!(parse_range(value, 10), None, "{value}");
    }
    assert_eq!(parse_range("bytes=0-18446744073709551615", 10), Some((0, 10)));
}
