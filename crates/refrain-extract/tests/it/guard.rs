//! The egress guard, from the outside.

use crate::{server::Server, stage::Stage};
use base64::{Engine, prelude::BASE64_STANDARD};
use refrain_extract::Extractor;
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to the guard, a request's head sent on it with the credential.
async fn ask(extractor: &Extractor, head: &str) -> TcpStream {
    let proxy = extractor.proxy();
    let credential = proxy.as_str().strip_prefix("http://").unwrap().split('@').next().unwrap().to_owned();
    let credential = BASE64_STANDARD.encode(credential);
    send(extractor, &format!("{head}\r\nProxy-Authorization: Basic {credential}")).await
}

async fn send(extractor: &Extractor, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(extractor.proxy().address()).await.unwrap();
    stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// Reads until the text ends so.
async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push(char::from(stream.read_u8().await.unwrap()));
    }
    text
}

#[tokio::test]
async fn nobody_without_the_credential_uses_it() {
    let stage = Stage::new().await;
    let url = stage.server.url("/tune.wav");
    let wrong = BASE64_STANDARD.encode("child-0:guess");
    for head in [
        format!("GET {url} HTTP/1.1\r\nHost: x"),
        format!("GET {url} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {wrong}"),
        format!("CONNECT {} HTTP/1.1\r\nHost: x", stage.server.address),
    ] {
        let answer = rest(send(&stage.extractor, &head).await).await;
        assert!(answer.starts_with("HTTP/1.1 407 "), "{answer}");
        assert!(answer.contains("proxy-authenticate: Basic"), "{answer}");
    }
    assert_eq!(stage.server.asked(), [] as [String; 0]);
    assert!(!format!("{:?}", stage.extractor.proxy()).contains("child-"));
}

#[tokio::test]
async fn a_request_is_passed_on_without_what_was_meant_for_the_guard() {
    let stage = Stage::new().await;
    let head = format!("GET {}?a=b HTTP/1.1\r\nHost: lies.example\r\nX-Kept: 1", stage.server.url("/page.html"));
    let answer = rest(ask(&stage.extractor, &head).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("No music here"), "{answer}");
    let asked = stage.server.asked().remove(0).to_ascii_lowercase();
    assert!(asked.starts_with("get /page.html?a=b http/1.1"), "{asked}");
    assert!(asked.contains(&format!("host: {}\r\n", stage.server.address)) && asked.contains("x-kept: 1"), "{asked}");
    assert!(!asked.contains("proxy-") && !asked.contains("lies"), "{asked}");
}

#[tokio::test]
async fn a_body_is_passed_on_as_it_comes() {
    let stage = Stage::new().await;
    let mut answer = ask(&stage.extractor, &format!("GET {} HTTP/1.1\r\nHost: x", stage.server.url("/slow"))).await;
    // The server sends the second half only when the first has arrived here.
    read_to(&mut answer, "half").await;
    stage.server.go_on.notify_one();
    assert_eq!(rest(answer).await, "done");
}

#[tokio::test]
async fn a_tunnel_carries_bytes_both_ways() {
    let stage = Stage::new().await;
    let mut tunnel = ask(&stage.extractor, &format!("CONNECT {} HTTP/1.1\r\nHost: x", stage.server.address)).await;
    assert!(read_to(&mut tunnel, "\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
    tunnel.write_all(b"GET /slow HTTP/1.1\r\n\r\n").await.unwrap();
    read_to(&mut tunnel, "half").await;
    stage.server.go_on.notify_one();
    assert_eq!(rest(tunnel).await, "done");
}

#[tokio::test]
async fn every_way_to_write_a_private_address_is_refused() {
    let stage = Stage::new().await;
    let inside = Server::start().await;
    let port = inside.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        for head in [format!("GET http://{host}:{port}/ HTTP/1.1"), format!("CONNECT {host}:{port} HTTP/1.1")] {
            let answer = rest(ask(&stage.extractor, &format!("{head}\r\nHost: x")).await).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{head}: {answer}");
            assert!(
                answer.contains("x-refrain-refused: private-address") && answer.contains("egress guard"),
                "{answer}"
            );
        }
    }
    assert_eq!(inside.asked(), [] as [String; 0]);
}

#[tokio::test]
async fn what_is_no_proxy_request_is_refused() {
    let stage = Stage::new().await;
    for head in [
        "GET / HTTP/1.1",
        "GET ftp://a.example/ HTTP/1.1",
        "GET https://a.example/ HTTP/1.1",
        "CONNECT a.example HTTP/1.1",
    ] {
        let answer = rest(ask(&stage.extractor, &format!("{head}\r\nHost: x")).await).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
    }
}

#[tokio::test]
async fn it_ends_with_the_extractor() {
    let stage = Stage::new().await;
    let mut tunnel = ask(&stage.extractor, &format!("CONNECT {} HTTP/1.1\r\nHost: x", stage.server.address)).await;
    read_to(&mut tunnel, "\r\n\r\n").await;
    let address = stage.extractor.proxy().address();
    stage.extractor.shutdown().await;
    assert_eq!(tunnel.read(&mut [0]).await.unwrap_or(0), 0);
    crate::stage::until("a closed port", || {
        std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err().then_some(())
    })
    .await;
}

#[tokio::test]
async fn ffmpeg_reads_through_it() {
    let stage = Stage::new().await;
    let output = tokio::process::Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-i", &stage.server.url("/tune.wav"), "-f", "s16le", "pipe:1"])
        .env("http_proxy", stage.extractor.proxy().as_str())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("ffmpeg is installed by `cargo xtask setup`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.len(), 16_000);
    assert!(!stage.server.asked()[0].to_ascii_lowercase().contains("proxy-"));
}
