//! What the head of a site's answer tells beside its status. Only plain `http` shows it: a tunnel carries sealed bytes.

use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER},
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest wait that a site is believed.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// How long the site asks to be left alone, when it refused for now and says so: in seconds or as a date.
pub(super) fn retry_after(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // A number that does not fit is far beyond the limit.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(date(text)?))?;
        at.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(MAX_WAIT))
}

/// Whether the answer looks like a radio station's: sound of no known length.
pub(super) fn may_be_endless(method: &Method, status: StatusCode, headers: &HeaderMap) -> bool {
    if method != Method::GET || !status.is_success() || headers.contains_key(CONTENT_RANGE) {
        return false;
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    // These are texts that name the sound's address.
    let list = kind.contains("mpegurl") || kind.contains("scpls");
    let sound = kind.starts_with("audio/") || kind.starts_with("application/ogg");
    let station = headers.keys().any(|name| name.as_str().starts_with("icy-"));
    (sound || station) && !list && !headers.contains_key(CONTENT_LENGTH)
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may send today, in seconds since 1970.
fn date(text: &str) -> Option<u64> {
    let rest = text.split_once(", ")?.1.strip_suffix(" GMT")?;
    let mut parts = rest.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let (day, year) = (day.parse::<u64>().ok()?, year.parse::<u64>().ok()?);
    let mut time = time.splitn(3, ':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if parts.next().is_some()
        || !(1..=31).contains(&day)
        || !(1970..=9999).contains(&year)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    // Days since 1970, counted in years that begin in March, so that the leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_wait_is_read_in_both_forms() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (status, text, expected) in [
            (429, "7", Some(7)),
            (503, " 120 ", Some(120)),
            (429, "0", Some(0)),
            (429, "99999999999999999999999", Some(86_400)),
            (429, "Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            (429, "Sun, 06 Nov 1994 08:40:37 GMT", Some(0)),
            (429, "Mon, 06 Nov 1995 08:50:37 GMT", Some(86_400)),
            (429, "Sun, 06 Nop 1994 08:50:37 GMT", None),
            (429, "soon", None),
            (429, "-1", None),
            (429, "", None),
            (200, "7", None),
            (404, "7", None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let wait = retry_after(status, &headers(&[("retry-after", text)]), now);
            assert_eq!(wait, expected.map(Duration::from_secs), "{status} {text:?}");
        }
        assert_eq!(retry_after(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), now), None);
    }

    #[test]
    fn dates_are_counted_right() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 23:59:59 GMT", Some(951_868_799)),
            ("Wed, 01 Mar 2000 00:00:00 GMT", Some(951_868_800)),
            ("Fri, 31 Dec 2100 00:00:00 GMT", Some(4_133_894_400)),
            ("Thu, 00 Jan 1970 00:00:00 GMT", None),
            ("Thu, 01 Jan 1969 00:00:00 GMT", None),
            ("Thu, 01 Jan 1970 24:00:00 GMT", None),
            ("Thu, 01 Jan 1970 00:00:00", None),
            ("01 Jan 1970", None),
        ] {
            assert_eq!(date(text), seconds, "{text}");
        }
    }

    #[test]
    fn a_station_is_told_from_a_file() {
        for (pairs, expected) in [
            (&[("content-type", "audio/mpeg"), ("icy-br", "128")][..], true),
            (&[("content-type", "Audio/AAC")][..], true),
            (&[("content-type", "application/octet-stream"), ("icy-name", "x")][..], true),
            (&[("content-type", "audio/mpeg"), ("content-length", "5")][..], false),
            (&[("content-type", "audio/mpeg"), ("content-range", "bytes 0-5/*")][..], false),
            (&[("content-type", "audio/x-mpegurl")][..], false),
            (&[("content-type", "text/html")][..], false),
            (&[][..], false),
        ] {
            assert_eq!(may_be_endless(&Method::GET, StatusCode::OK, &headers(pairs)), expected, "{pairs:?}");
        }
        let station = headers(&[("content-type", "audio/mpeg")]);
        assert!(!may_be_endless(&Method::HEAD, StatusCode::OK, &station));
        assert!(!may_be_endless(&Method::GET, StatusCode::NOT_FOUND, &station));
    }
}
