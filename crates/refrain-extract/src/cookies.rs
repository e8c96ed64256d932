//! The cookies that yt-dlp collected for the sound, as a request header.
//!
//! yt-dlp prints them as `name=value; Domain=d; Path=/; Secure; Expires=n; name2=…`, values quoted as Python's
//! `http.cookies` quotes them. A domain with a dot before it includes its sub-domains; one without is that host alone.

use http::HeaderValue;
use url::{Host, Url};

/// The longest header, in bytes. Servers take little more.
const MAX_HEADER: usize = 8 * 1024;

/// Picks out what this address is sent: by domain, path and scheme. Empty when nothing is.
pub(crate) fn cookies_for(list: &str, url: &Url) -> String {
    let mut header = String::new();
    let mut current: Option<(String, bool)> = None;
    let mut add = |cookie: Option<(String, bool)>| {
        let Some((cookie, true)) = cookie else { return };
        if header.len() + cookie.len() + 2 <= MAX_HEADER {
            let separator = if header.is_empty() { "" } else { "; " };
            header.extend([separator, &cookie]);
        }
    };
    for part in split(list) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim(), value.trim());
        let fits = match name.to_ascii_lowercase().as_str() {
            "domain" => domain_fits(value.trim_matches('"'), url),
            "path" => path_fits(value.trim_matches('"'), url.path()),
            "secure" => url.scheme() == "https",
            "expires" | "version" => true,
            _ => {
                add(current.take());
                let cookie = format!("{name}={}", unquoted(value));
                let sendable = HeaderValue::from_str(&cookie).is_ok_and(|cookie| cookie.to_str().is_ok());
                current = Some((cookie, sendable));
                continue;
            }
        };
        current = current.map(|(cookie, so_far)| (cookie, so_far && fits));
    }
    add(current);
    header
}

/// Splits at semicolons that are not in quotes.
fn split(list: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    list.split(move |c| {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        c == ';' && !quoted
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

/// The value as the site set it: most values with `=` or `/` in them come quoted. One that would end the cookie stays quoted.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    let mut plain = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let octal = rest.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[3..];
            }
            None => {
                plain.extend(rest.chars().next());
                rest = rest.chars().next().map_or("", |c| &rest[c.len_utf8()..]);
            }
        }
    }
    plain.push_str(rest);
    if plain.contains(';') { value.to_owned() } else { plain }
}

fn domain_fits(domain: &str, url: &Url) -> bool {
    let (Some(host), domain) = (url.host_str(), domain.to_ascii_lowercase()) else { return false };
    // Python names a host without a dot so.
    if host == domain || (!host.contains('.') && domain == format!("{host}.local")) {
        return true;
    }
    // An address has no sub-domains.
    let named = matches!(url.host(), Some(Host::Domain(_)));
    named && domain.len() > 1 && domain.starts_with('.') && (host.ends_with(&domain) || host == &domain[1..])
}

fn path_fits(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(list: &str, url: &str) -> String {
        cookies_for(list, &Url::parse(url).unwrap())
    }

    #[test]
    fn cookies_go_to_their_own_host_path_and_scheme_alone() {
        let list = "a=1; Domain=.a.example; Path=/; Secure; Expires=1; b=\"x;y\"; Domain=b.example; c=3; Path=/v";
        assert_eq!(sent(list, "https://m.a.example/v/w"), "a=1; c=3");
        assert_eq!(sent(list, "https://a.example/"), "a=1");
        assert_eq!(sent(list, "http://m.a.example/v"), "c=3");
        assert_eq!(sent(list, "https://b.example/vx"), "b=\"x;y\"");
        assert_eq!(sent(list, "https://nota.example/"), "");
        // Without a dot before it, a domain is one host.
        assert_eq!(sent(list, "https://m.b.example/"), "");
        assert_eq!(sent("a=1; Domain=1", "https://127.0.0.1/"), "");
        assert_eq!(sent("a=1; Domain=.0.0.1", "https://127.0.0.1/"), "");
        assert_eq!(sent("a=1; Domain=127.0.0.1", "http://127.0.0.1:8080/x"), "a=1");
        assert_eq!(sent("a=1; Domain=nas.local; Path=/", "http://nas/x"), "a=1");
        assert_eq!(sent("a=1; Domain=.; Path=/", "http://nas./x"), "");
    }

    #[test]
    fn values_are_sent_as_the_site_set_them() {
        for (quoted, plain) in [
            (r#""YWJj/ZA==""#, "YWJj/ZA=="),
            (r#""say \"hi\" \\ \054""#, r#"say "hi" \ ,"#),
            ("plain", "plain"),
            (r#""""#, ""),
            (r#"""#, r#"""#),
            (r#""end\""#, "end"),
        ] {
            assert_eq!(sent(&format!("a={quoted}"), "https://a.example/"), format!("a={plain}"), "{quoted}");
        }
        // A line break cannot get into a header; the rest goes on.
        assert_eq!(sent(r#"a="x\015\012Host: b"; Path=/; b=2"#, "https://a.example/"), "b=2");
        assert_eq!(sent(r#"a="x\073 c=3"; b=2"#, "https://a.example/"), r#"a="x\073 c=3"; b=2"#);
    }

    #[test]
    fn the_header_is_bounded() {
        let list = (0..5000).map(|n| format!("name{n}=value; Path=/; ")).collect::<String>();
        assert!((MAX_HEADER - 20..=MAX_HEADER).contains(&sent(&list, "https://a.example/").len()));
    }
}
