//! yt-dlp's JSON, read into the model's values. Fields that are absent, null or of an odd type are unknown, no errors.

use crate::{
    ErrorKind, ExtractError,
    cookies::cookies_for,
    query::web_url,
    text::{self, operator_line},
};
use http::{HeaderName, HeaderValue};
use refrain_model::{MediaLocation, TrackInfo};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The longest address that is taken over.
const MAX_URL: usize = 8 * 1024;
/// How many request headers are taken over.
const MAX_HEADERS: usize = 32;
/// Longer than any track or stream: more is nonsense.
const MAX_SECONDS: f64 = 60.0 * 60.0 * 24.0 * 30.0;
/// Headers that belong to whoever makes the request, or to the hop.
const OWN_HEADERS: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "host",
    "icy-metadata",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A track and where its sound is right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// What it is. Its `page_url` is what to resolve again.
    pub info: TrackInfo,
    /// It is live now: it comes in real time, and there is no place in it to go back to. A live show that is over and
    /// was recorded is not live.
    pub live: bool,
    /// Its length, where the site tells and it is not live.
    pub length: Option<Duration>,
    /// The server sends sound without saying how much, as radio stations do, though the site does not call it live. Seen
    /// only where the sound is a plain `http` link that was looked up itself; `false` means that nothing is known.
    pub maybe_endless: bool,
    /// Where the sound is fetched from.
    pub media: MediaLocation,
    /// yt-dlp's name of the format. With the same id and size, a new address leads to the same bytes.
    pub format_id: Option<String>,
    /// The audio codec, as yt-dlp names it.
    pub acodec: Option<String>,
    /// The audio's bit rate in kbit/s, rounded.
    pub abr: Option<u32>,
    /// The exact size in bytes.
    pub filesize: Option<u64>,
    /// Before this moment (seconds since 1970) the address is not served.
    pub available_at: Option<u64>,
    /// The site wants requests for ranges of at most so many bytes.
    pub chunk_size: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Page {
    title: Option<Value>,
    webpage_url: Option<Value>,
    original_url: Option<Value>,
    url: Option<Value>,
    uploader: Option<Value>,
    channel: Option<Value>,
    artist: Option<Value>,
    thumbnail: Option<Value>,
    thumbnails: Option<Value>,
    playlist_index: Option<Value>,
    duration: Option<Value>,
    is_live: Option<Value>,
    live_status: Option<Value>,
    http_headers: Option<Value>,
    cookies: Option<Value>,
    format_id: Option<Value>,
    acodec: Option<Value>,
    abr: Option<Value>,
    filesize: Option<Value>,
    available_at: Option<Value>,
    downloader_options: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Results {
    entries: Option<Vec<Option<Page>>>,
}

/// Reads the line that `-j` prints. `endless` are the addresses that answered with sound of no known length.
pub(crate) fn resolved(json: &[u8], asked: &Url, endless: &[String]) -> Result<Resolved, ExtractError> {
    let page: Page = parse(json)?;
    let address = page.url.as_ref().and_then(Value::as_str).unwrap_or_default();
    let url = Some(address).filter(|url| url.len() <= MAX_URL).and_then(|url| web_url(url).ok()).ok_or_else(|| {
        let detail = format!("the sound is not at an http address: {:?}", operator_line(address));
        ExtractError::new(ErrorKind::NoAudio, detail)
    })?;
    let info = page.info(Some(asked)).ok_or_else(|| garbled("the page has no address"))?;
    let endless = |media: &Url| endless.iter().any(|seen| Url::parse(seen).is_ok_and(|seen| seen == *media));
    let maybe_endless = !info.live && info.duration.is_none() && endless(&url);
    let media = MediaLocation { expires_at: expiry(&url), headers: headers(&page, &url), url: String::from(url) };
    Ok(Resolved {
        live: info.live,
        length: info.duration,
        maybe_endless,
        info,
        media,
        format_id: text(page.format_id.as_ref()),
        acodec: text(page.acodec.as_ref()).filter(|codec| codec != "none"),
        abr: number(page.abr.as_ref()).filter(|abr| *abr <= 1e6).map(|abr| abr.round() as u32),
        filesize: whole(page.filesize.as_ref()),
        available_at: whole(page.available_at.as_ref()),
        chunk_size: whole(page.downloader_options.as_ref().and_then(|options| options.get("http_chunk_size"))),
    })
}

/// Reads the document that a flat search prints: the candidates, the best first. Broken entries are left out.
pub(crate) fn candidates(json: &[u8]) -> Result<Vec<TrackInfo>, ExtractError> {
    let results: Results = parse(json)?;
    Ok(results.entries.unwrap_or_default().into_iter().flatten().take(50).filter_map(|page| page.info(None)).collect())
}

impl Page {
    /// The page to resolve again. `asked` is the link that led here; a search has none.
    ///
    /// The link as it was given is kept, because what it redirects to may expire. A list's link stands for all of its
    /// tracks, so a track that comes out of a list has the link that the list names it by.
    fn page_url(&self, asked: Option<&Url>) -> Option<String> {
        let named = match asked {
            Some(asked) if self.playlist_index.is_none() => return Some(asked.to_string()),
            Some(_) => [self.original_url.as_ref(), self.webpage_url.as_ref()],
            None => [self.webpage_url.as_ref(), self.url.as_ref()],
        };
        named.into_iter().flatten().find_map(address).or_else(|| asked.map(Url::to_string))
    }

    fn info(&self, asked: Option<&Url>) -> Option<TrackInfo> {
        let page = self.page_url(asked)?;
        let title = text(self.title.as_ref()).unwrap_or_else(|| "untitled".into());
        let live = self.is_live.as_ref().and_then(Value::as_bool).unwrap_or(false)
            || self.live_status.as_ref().and_then(Value::as_str) == Some("is_live");
        let seconds = number(self.duration.as_ref()).filter(|s| *s > 0.0 && *s < MAX_SECONDS && !live);
        let best_thumbnail = || {
            let all = self.thumbnails.as_ref()?.as_array()?;
            all.last()?.get("url").and_then(address)
        };
        Some(TrackInfo {
            title,
            page_url: page,
            uploader: [&self.uploader, &self.channel, &self.artist].into_iter().find_map(|name| text(name.as_ref())),
            thumbnail: self.thumbnail.as_ref().and_then(address).or_else(best_thumbnail),
            duration: seconds.map(Duration::from_secs_f64),
            live,
        })
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, ExtractError> {
    serde_json::from_slice(json).map_err(|e| garbled("yt-dlp printed something that is not its JSON").caused_by(e))
}

fn garbled(detail: &str) -> ExtractError {
    ExtractError::new(ErrorKind::Garbled, detail)
}

fn address(value: &Value) -> Option<String> {
    let url = value.as_str().filter(|url| url.len() <= MAX_URL)?;
    web_url(url).ok().map(String::from)
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).and_then(text::title)
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64).filter(|number| number.is_finite())
}

/// A whole number; yt-dlp writes some of them as floats.
fn whole(value: Option<&Value>) -> Option<u64> {
    number(value).filter(|number| (0.0..=9e15).contains(number)).map(|number| number.round() as u64)
}

/// The request headers to replay, and the cookies that belong to this host.
fn headers(page: &Page, url: &Url) -> Vec<(String, String)> {
    let given = page.http_headers.iter().filter_map(Value::as_object).flatten().filter_map(|(name, value)| {
        let value = value.as_str()?;
        let known = HeaderName::try_from(name.as_str()).ok()?;
        let wanted = !OWN_HEADERS.contains(&known.as_str()) && is_header_value(value);
        wanted.then(|| (name.clone(), value.to_owned()))
    });
    let mut headers = given.take(MAX_HEADERS).collect::<Vec<_>>();
    let cookies = page.cookies.as_ref().and_then(Value::as_str).map(|cookies| cookies_for(cookies, url));
    headers.extend(cookies.filter(|cookies| !cookies.is_empty()).map(|cookies| ("Cookie".to_owned(), cookies)));
    headers
}

fn is_header_value(value: &str) -> bool {
    value.len() <= 4096 && HeaderValue::from_str(value).is_ok_and(|value| value.to_str().is_ok())
}

/// When an address expires, in seconds since 1970: `expire=N` in the query or `/expire/N/` in the path.
fn expiry(url: &Url) -> Option<u64> {
    let in_query = || {
        let pair = url.query_pairs().find(|(name, _)| matches!(&**name, "expire" | "expires" | "Expires"));
        pair.and_then(|(_, value)| value.parse().ok())
    };
    let in_path = || {
        let mut parts = url.path_segments()?;
        parts.find(|part| *part == "expire")?;
        parts.next()?.parse().ok()
    };
    // A plausible moment of this century, not a length of time or a date of another form.
    in_query().or_else(in_path).filter(|at| (1_000_000_000..=99_999_999_999).contains(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn expiry_is_read_from_the_query_or_the_path() {
        assert_eq!(expiry(&url("https://a.example/v?x=1&expire=1795200000")), Some(1_795_200_000));
        assert_eq!(expiry(&url("https://a.example/v/expire/1795200000/ei/x")), Some(1_795_200_000));
        assert_eq!(expiry(&url("https://a.example/v?expires=600")), None);
        assert_eq!(expiry(&url("https://a.example/expire")), None);
    }

    #[test]
    fn headers_that_could_do_harm_are_dropped() {
        let json = br#"{"url": "https://a.example/v", "title": "T", "duration": "odd", "abr": 127.6, "filesize": 10.0,
            "http_headers": {"User-Agent": "U", "Cookie": "c", "Host": "h", "X-A": "b\r\nX-B: c", "B d": "x", "N": 1}}"#;
        let resolved = resolved(json, &url("https://page.example/"), &[]).unwrap();
        assert_eq!(resolved.media.headers, [("User-Agent".to_owned(), "U".to_owned())]);
        assert_eq!((resolved.abr, resolved.filesize, resolved.info.duration), (Some(128), Some(10), None));
        assert_eq!(resolved.info.page_url, "https://page.example/");
    }

    #[test]
    fn what_is_no_address_on_the_web_is_no_sound() {
        let asked = url("https://page.example/");
        for json in [r#"{"url": "rtmp://a.example/v"}"#, r#"{"url": "file:///etc/passwd"}"#, r#"{"url": 3}"#, "{}"] {
            assert_eq!(resolved(json.as_bytes(), &asked, &[]).unwrap_err().kind(), ErrorKind::NoAudio);
        }
        assert_eq!(resolved(b"not JSON", &asked, &[]).unwrap_err().kind(), ErrorKind::Garbled);
        assert_eq!(resolved(b"[]", &asked, &[]).unwrap_err().kind(), ErrorKind::Garbled);
    }

    #[test]
    fn broken_entries_of_a_search_are_left_out() {
        let json = br#"{"entries": [null, {"url": "https://a.example/1", "title": "One", "live_status": "is_live",
            "duration": 5, "channel": "C", "thumbnails": [{"url": "https://a.example/s.jpg"}, {"url": "https://a.example/l.jpg"}]},
            {"url": "javascript:x"}]}"#;
        let found = candidates(json).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].live && found[0].duration.is_none());
        assert_eq!(found[0].thumbnail.as_deref(), Some("https://a.example/l.jpg"));
        assert_eq!(found[0].uploader.as_deref(), Some("C"));
        assert_eq!(candidates(br#"{"entries": null}"#).unwrap(), []);
    }
}
