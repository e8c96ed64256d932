//! One attempt at a request: bytes out, bytes in.

use crate::{RestError, attempts::Failure, error::chain};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{io, time::Duration};
use tokio::time;
use twilight_http::request::Request;

/// The longest answer that is read. The longest that the bot asks for are the registered commands, some 30 KB.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long a connection that is not used stays open.
const IDLE: Duration = Duration::from_secs(60);
/// How long connecting may take, so that a dead address is noticed before an acknowledgement is late.
const CONNECTING: Duration = Duration::from_millis(1500);

pub(crate) type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A connection pool. HTTP/1.1: a dead connection hurts one request, not all.
pub(crate) fn http() -> io::Result<Http> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECTING));
    let connector =
        HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().wrap_connector(connector);
    let mut builder = Client::builder(TokioExecutor::new());
    Ok(builder.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build(connector))
}

/// A request that can be sent any number of times.
pub(crate) struct Prepared {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Prepared {
    /// `base` ends with the version: `https://discord.com/api/v10`.
    pub(crate) fn new(
        base: &str,
        token: &HeaderValue,
        agent: &HeaderValue,
        request: Request,
    ) -> Result<Self, RestError> {
        let invalid = |what: &str| RestError::Invalid { reason: what.to_owned() };
        let method = Method::from_bytes(request.method().name().as_bytes()).map_err(|_| invalid("method"))?;
        let uri = format!("{base}/{}", request.path()).parse().map_err(|_| invalid("path"))?;
        let mut headers = request.headers().cloned().unwrap_or_default();
        headers.insert(header::USER_AGENT, agent.clone());
        if request.use_authorization_token() {
            headers.insert(header::AUTHORIZATION, token.clone());
        }
        let (kind, body) = match (request.form(), request.body()) {
            (Some(form), _) => {
                let kind = HeaderValue::from_bytes(&form.content_type()).map_err(|_| invalid("content type"))?;
                (Some(kind), Bytes::from(form.clone().build()))
            }
            (None, Some(body)) => (Some(HeaderValue::from_static("application/json")), Bytes::copy_from_slice(body)),
            (None, None) => (None, Bytes::new()),
        };
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        // hyper leaves it out where there is no body; Discord wants it with these methods.
        if matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        Ok(Self { method, uri, headers, body })
    }

    /// Whether it carries the bot's token.
    pub(crate) fn is_authorized(&self) -> bool {
        self.headers.contains_key(header::AUTHORIZATION)
    }

    fn to_http(&self) -> http::Request<Full<Bytes>> {
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// What came back.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Sends a request once. The error says how far it came.
pub(crate) async fn exchange(
    http: &Http,
    request: &Prepared,
    limit: Duration,
) -> Result<Received, (Failure, RestError)> {
    let exchange = async {
        let answer = http.request(request.to_http()).await.map_err(|failed| {
            let how = if failed.is_connect() { Failure::NotSent } else { Failure::NoAnswer };
            (how, RestError::Unreachable { reason: chain(&failed) })
        })?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        let body = body.map_err(|failed| (Failure::NoAnswer, RestError::Unreachable { reason: chain(&*failed) }))?;
        Ok(Received { status: head.status, headers: head.headers, body: body.to_bytes() })
    };
    time::timeout(limit, exchange).await.unwrap_or(Err((Failure::NoAnswer, RestError::TimedOut)))
}
