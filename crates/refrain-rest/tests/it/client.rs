//! The client against a server on this machine that answers as it is told.

use refrain_rest::{Delivery, RestClient, RestConfig, RestError};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use twilight_http::request::{Method, Request};

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Reply {
    /// Status, headers, body.
    Answer(u16, &'static str, &'static str),
    Reset,
    Silence,
}

use Reply::{Answer, Reset, Silence};

const GOOD: Reply = Answer(200, "", r#"{"id":"5"}"#);

struct Server {
    client: RestClient,
    /// The heads of all requests and when they came.
    came: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Server {
    /// Gives these replies in order, and the last one to all that comes later.
    async fn new(replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let came = Arc::new(Mutex::new(Vec::new()));
        let replies = Arc::new(Mutex::new(replies.iter().copied().collect::<VecDeque<_>>()));
        let heads = came.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, replies.clone(), heads.clone()));
            }
        });
        let config = RestConfig { token: "secret-token".into(), origin };
        Self { client: RestClient::new(&config).unwrap(), came }
    }

    fn came(&self) -> Vec<(Instant, String)> {
        self.came.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, replies: Arc<Mutex<VecDeque<Reply>>>, came: Arc<Mutex<Vec<(Instant, String)>>>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut head)).unwrap().to_lowercase();
        let length =
            text.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        came.lock().unwrap().push((Instant::now(), text));
        let reply = {
            let mut replies = replies.lock().unwrap();
            if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0] }
        };
        match reply {
            Answer(status, headers, body) => {
                let length = body.len();
                let answer = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Silence => std::future::pending().await,
        }
    }
}

fn message() -> Request {
    Request::builder(&twilight_http::routing::Route::CreateMessage { channel_id: 5 })
        .body(b"{}".to_vec())
        .build()
        .unwrap()
}

fn callback() -> Request {
    let path = "interactions/5/interaction-token/callback".to_owned();
    let request = Request::builder_raw(Method::Post, path);
    request.use_authorization_token(false).body(b"{}".to_vec()).build().unwrap()
}

trait BuilderRaw {
    fn builder_raw(method: Method, path: String) -> twilight_http::request::RequestBuilder;
}

impl BuilderRaw for Request {
    fn builder_raw(method: Method, path: String) -> twilight_http::request::RequestBuilder {
        twilight_http::request::RequestBuilder::raw(method, path)
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[tokio::test]
async fn a_request_carries_the_token_where_it_is_the_bots_and_names_the_bot() {
    let server = Server::new(&[GOOD]).await;
    let answer = server.client.send_raw(message(), Delivery::once()).await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().unwrap()["id"], "5");
    server.client.send_raw(callback(), Delivery::once()).await.unwrap();
    let came = server.came();
    assert!(came[0].1.starts_with("post /api/v10/channels/5/messages http/1.1\r\n"), "{}", came[0].1);
    assert!(came[0].1.contains("authorization: bot secret-token\r\n"));
    assert!(came[0].1.contains("user-agent: discordbot (https://"));
    assert!(came[0].1.contains("content-type: application/json\r\n"));
    assert!(!came[1].1.contains("authorization"));
}

#[tokio::test]
async fn trouble_is_ridden_out_where_sending_twice_does_no_harm() {
    let trouble = [Answer(502, "", "<html>"), Reset, Answer(503, "", "{}"), Silence, GOOD];
    let server = Server::new(&trouble).await;
    let delivery = Delivery::harmless_until(soon()).attempt_within(Duration::from_millis(300));
    server.client.send_raw(callback(), delivery).await.unwrap();
    assert_eq!(server.came().len(), 5);
}

#[tokio::test]
async fn what_would_be_done_twice_is_not_sent_twice() {
    for trouble in [Answer(502, "", "<html>"), Reset, Answer(500, "", "{}")] {
        let server = Server::new(&[trouble, GOOD]).await;
        let failed = server.client.send_raw(message(), Delivery::not_twice_until(soon())).await.unwrap_err();
        assert!(failed.is_retryable(), "{failed:?}");
        assert_eq!(server.came().len(), 1);
    }
}

#[tokio::test]
async fn an_acknowledgement_that_was_lost_is_told_from_one_by_another_bot() {
    let twice = Answer(400, "", r#"{"code":40060,"message":"Interaction has already been acknowledged."}"#);
    for (replies, repeated) in [(vec![Reset, twice], true), (vec![twice], false)] {
        let server = Server::new(&replies).await;
        let failed = server.client.send_raw(callback(), Delivery::harmless_until(soon())).await.unwrap_err();
        assert_eq!(failed.code(), Some(40060));
        assert!(matches!(failed, RestError::Refused { repeated: told, .. } if told == repeated), "{failed:?}");
    }
}

#[tokio::test]
async fn a_429_of_each_scope_is_waited_out_and_holds_back_what_it_is_about() {
    let user = Answer(
        429,
        "retry-after: 1\r\nx-ratelimit-scope: user\r\n",
        r#"{"message":"","retry_after":0.6,"global":false}"#,
    );
    let cloudflare = Answer(429, "retry-after: 1\r\n", "error code: 1015");
    let global = Answer(429, "x-ratelimit-global: true\r\nretry-after: 1\r\n", r#"{"retry_after":0.6,"global":true}"#);
    for (limited, callback_waits) in [(user, false), (global, false), (cloudflare, true)] {
        let server = Server::new(&[limited, GOOD]).await;
        let told = tokio::join!(server.client.send_raw(message(), Delivery::once()), async {
            while server.came().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The answer is on its way.
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.client.send_raw(callback(), Delivery::once()).await
        });
        assert!(told.0.is_ok() && told.1.is_ok());
        let came = server.came();
        let first = came[0].0;
        let after =
            |what: &str| came.iter().skip(1).find(|(_, head)| head.contains(what)).unwrap().0.duration_since(first);
        let second = Duration::from_secs(1);
        assert!(after("channels") >= second, "{:?}", after("channels"));
        assert_eq!(after("interactions") >= second, callback_waits, "{:?}", after("interactions"));
    }
}

#[tokio::test]
async fn a_request_that_has_nothing_to_say_any_more_or_no_time_is_not_sent() {
    let server = Server::new(&[Answer(429, "retry-after: 1\r\nx-ratelimit-scope: user\r\n", "{}"), GOOD]).await;
    let stale = Arc::new(AtomicBool::new(false));
    let (old, late) = tokio::join!(
        async {
            let sending = server.client.send_raw(message(), Delivery::once().unless(stale.clone()));
            let (sent, ()) = tokio::join!(sending, async {
                while server.came().is_empty() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                stale.store(true, Ordering::Relaxed);
            });
            sent
        },
        server.client.send_raw(message(), Delivery::harmless_until(Instant::now() + Duration::from_millis(300))),
    );
    assert_eq!(old.unwrap_err(), RestError::Superseded);
    assert_eq!(late.unwrap_err(), RestError::TimedOut);
    assert_eq!(server.came().len(), 1);
}

#[tokio::test]
async fn a_rejected_token_is_not_sent_again() {
    let server = Server::new(&[Answer(401, "", r#"{"message":"401: Unauthorized","code":0}"#)]).await;
    for _ in 0..3 {
        assert_eq!(server.client.send_raw(message(), Delivery::once()).await.unwrap_err(), RestError::TokenRejected);
    }
    // The token of an interaction is another one.
    assert!(matches!(
        server.client.send_raw(callback(), Delivery::once()).await.unwrap_err(),
        RestError::Refused { status: 401, .. }
    ));
    assert_eq!(server.came().len(), 2);
}

#[tokio::test]
async fn no_error_tells_a_token() {
    let server = Server::new(&[Reset]).await;
    for request in [message(), callback()] {
        let failed = server.client.send_raw(request, Delivery::once()).await.unwrap_err();
        let words = format!("{failed} {failed:?} {:?}", server.client);
        assert!(!words.contains("token"), "{words}");
    }
}
