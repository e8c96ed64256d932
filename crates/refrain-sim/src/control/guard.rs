//! Who may call: programs of this machine, and the simulator's own page. Not pages of the web, although a browser on
//! this machine would carry their requests here.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::answer::Refusal;

/// Refuses what a foreign page sent, and says that no answer is a page unless it says so itself.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = match check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(words) => Refusal::new(StatusCode::FORBIDDEN, words).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'"));
    response
}

/// A page of the web that resolves its own name to 127.0.0.1 betrays itself by the Host, any other by its Origin
/// (`null` included). Programs send no Origin.
fn check(headers: &HeaderMap) -> Result<(), String> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_local(host) {
        return Err(format!("the Host `{host}` is not this simulator's: call it by 127.0.0.1 or localhost"));
    }
    match headers.get(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.as_bytes() == format!("http://{host}").as_bytes() => Ok(()),
        Some(_) => Err("the request comes from another site's page, which may not call the control API".into()),
    }
}

/// 127.0.0.1 or localhost, with a port or without. (The port is the one the request came in by, or a forwarded one.)
fn is_local(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    matches!(name, "127.0.0.1" | "localhost") && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        check(&headers).is_ok()
    }

    #[test]
    fn programs_and_the_own_page_may_call() {
        assert!(checked("127.0.0.1:4000", None));
        assert!(checked("localhost:4000", None));
        assert!(checked("127.0.0.1:4000", Some("http://127.0.0.1:4000")));
        assert!(checked("localhost:4000", Some("http://localhost:4000")));
    }

    #[test]
    fn foreign_pages_and_names_that_point_here_may_not() {
        for origin in ["null", "https://example.org", "http://127.0.0.1:4001", "http://localhost:4000", ""] {
            assert!(!checked("127.0.0.1:4000", Some(origin)), "{origin}");
        }
        for host in ["example.org:4000", "example.org", "127.0.0.1.example.org:4000", "localhost:x", ""] {
            assert!(!checked(host, None), "{host}");
        }
    }
}
