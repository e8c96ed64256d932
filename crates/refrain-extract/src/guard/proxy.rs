//! One request to the guard: a tunnel, or an HTTP exchange passed on.

use super::{
    EgressPolicy, Trouble, answer,
    connect::{NoConnection, connect},
    pass::{Entry, Passes},
};
use crate::resources::exhausted;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{CONNECTION, CONTENT_TYPE, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, UPGRADE},
};
use http_body_util::{Either, Full};
use hyper::{body::Incoming, client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long a server may take to begin its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// How long the other half of a tunnel may go on when one half has ended.
const LINGER: Duration = Duration::from_secs(30);
/// Tells a refusal of the guard's from a site's own.
const REFUSED: HeaderName = HeaderName::from_static("x-refrain-refused");

type Body = Either<Incoming, Full<Bytes>>;
/// A share of a connection's place among those that are allowed.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

/// What every request needs.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) passes: Arc<Passes>,
    pub(super) policy: Arc<EgressPolicy>,
    pub(super) stop: CancellationToken,
}

/// Answers one request.
pub(super) async fn answer(
    request: Request<Incoming>,
    shared: Shared,
    place: Place,
) -> Result<Response<Body>, Infallible> {
    let shown = request.headers().get(PROXY_AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let Some(entry) = shared.passes.check(shown) else {
        let mut response =
            words(StatusCode::PROXY_AUTHENTICATION_REQUIRED, "This proxy is for Refrain's own children.");
        response.headers_mut().insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"refrain\""));
        return Ok(response);
    };
    let Some((host, port)) = target(&request) else {
        return Ok(words(
            StatusCode::BAD_REQUEST,
            "Refrain's egress guard takes CONNECT host:port and http:// addresses.",
        ));
    };
    if request.method() != Method::CONNECT && entry.is_resting(&host, Instant::now()) {
        return Ok(words(StatusCode::SERVICE_UNAVAILABLE, "The site asked to be left alone for a while."));
    }
    let upstream = match connect(&shared.policy, &host, port).await {
        Ok(upstream) => upstream,
        Err(why) => return Ok(unconnected(&entry, &host, port, why)),
    };
    Ok(if request.method() == Method::CONNECT {
        let tunnel = tunnel(hyper::upgrade::on(request), upstream, place);
        tokio::spawn(async move { shared.stop.run_until_cancelled(tunnel).await });
        Response::new(Either::Right(Full::default()))
    } else {
        forward(request, upstream, &entry, &host).await.unwrap_or_else(|why| {
            entry.note(Trouble::Unreachable(host));
            tracing::debug!(why, "the egress guard could not pass on a request");
            words(StatusCode::BAD_GATEWAY, "The site did not answer as a web server does.")
        })
    })
}

/// The host and port that a request is for.
fn target(request: &Request<Incoming>) -> Option<(String, u16)> {
    let uri = request.uri();
    let host = uri.host().filter(|host| !host.is_empty())?.to_owned();
    if request.method() == Method::CONNECT {
        return Some((host, uri.port_u16()?));
    }
    (uri.scheme_str() == Some("http")).then(|| (host, uri.port_u16().unwrap_or(80)))
}

fn unconnected(entry: &Entry, host: &str, port: u16, why: NoConnection) -> Response<Body> {
    match why {
        NoConnection::Refused => {
            tracing::warn!(
                host,
                port,
                "the egress guard refused a connection: not a public address, or not a web port"
            );
            entry.note(Trouble::Refused(host.to_owned()));
            let mut response = words(
                StatusCode::FORBIDDEN,
                "Refused by Refrain's egress guard: the host is not on the public internet, or the port is not the web's.",
            );
            response.headers_mut().insert(REFUSED, HeaderValue::from_static("private-address"));
            response
        }
        NoConnection::NotFound(error) => {
            tracing::debug!(host, %error, "the egress guard could not resolve a host");
            entry.note(unreachable(host, &error));
            words(StatusCode::BAD_GATEWAY, "The host was not found.")
        }
        NoConnection::Unreachable(error) => {
            tracing::debug!(host, port, %error, "the egress guard could not connect");
            entry.note(unreachable(host, &error));
            words(StatusCode::GATEWAY_TIMEOUT, "The host did not answer.")
        }
    }
}

fn unreachable(host: &str, error: &io::Error) -> Trouble {
    let host = host.to_owned();
    if exhausted(error) { Trouble::Exhausted(host) } else { Trouble::Unreachable(host) }
}

fn words(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Either::Right(Full::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Passes a request on and answers with what comes back, as it comes.
async fn forward(
    mut request: Request<Incoming>,
    upstream: TcpStream,
    entry: &Entry,
    asked: &str,
) -> Result<Response<Body>, &'static str> {
    let (method, address) = (request.method().clone(), request.uri().to_string());
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    *request.uri_mut() = path.parse::<Uri>().map_err(|_| "bad path")?;
    strip_hop_by_hop(request.headers_mut());
    // The address is the truth; a Host header that says otherwise is not passed on.
    request.headers_mut().insert(HOST, host.ok_or("bad host")?);
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(upstream)).await.map_err(|_| "no HTTP connection could be made")?;
    // Ends with the exchange: when the body has been passed on, or the child has hung up and the body is dropped.
    tokio::spawn(connection);
    let mut response = timeout(ANSWER_LIMIT, sender.send_request(request))
        .await
        .map_err(|_| "the answer took too long")?
        .map_err(|_| "the answer is no HTTP")?;
    if let Some(wait) = answer::retry_after(response.status(), response.headers(), SystemTime::now()) {
        entry.note_wait(asked, wait, Instant::now());
    }
    if answer::may_be_endless(&method, response.status(), response.headers()) {
        entry.note_endless(address);
    }
    strip_hop_by_hop(response.headers_mut());
    Ok(response.map(Either::Left))
}

/// Takes out what is meant for the next hop alone. `Transfer-Encoding` is hyper's: it frames each side anew.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect::<Vec<_>>();
    for name in named.iter().filter(|name| *name != HOST) {
        headers.remove(name);
    }
    for name in [CONNECTION, PROXY_AUTHORIZATION, PROXY_AUTHENTICATE, TE, TRAILER, UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

/// Copies both ways until both sides are done.
async fn tunnel(child: OnUpgrade, upstream: TcpStream, place: Place) {
    let Ok(child) = child.await else { return };
    let (child_reads, child_writes) = split(TokioIo::new(child));
    let (upstream_reads, upstream_writes) = upstream.into_split();
    let up = pass_on(child_reads, upstream_writes);
    let down = pass_on(upstream_reads, child_writes);
    tokio::pin!(up, down);
    // A half that has ended is told to the other side. One that then never ends must not stay for ever.
    tokio::select! {
        () = &mut up => tokio::select! { () = &mut down => {}, () = sleep(LINGER) => {} },
        () = &mut down => tokio::select! { () = &mut up => {}, () = sleep(LINGER) => {} },
    }
    drop(place);
}

async fn pass_on(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    // How a half ends makes no difference: the other side sees its end.
    copy(&mut from, &mut to).await.ok();
    to.shutdown().await.ok();
}
