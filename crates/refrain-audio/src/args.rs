//! The command that turns an address into Ogg Opus: what it is told, and what it must never be told.

use crate::{AudioError, AudioErrorKind, PipelineConfig};
use refrain_model::MediaLocation;
use std::{ffi::OsString, time::Duration};

/// ffmpeg cuts longer addresses off in silence.
const LONGEST_URL: usize = 4000;
const LONGEST_HEADERS: usize = 32 * 1024;
/// No track is longer; ffmpeg refuses numbers that are out of all proportion.
const LATEST_START: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// Headers that ffmpeg or the proxy has to set by itself; another value would break or confuse the exchange.
const RESERVED: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "icy-metadata",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// How the wanted position is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seek {
    /// From the start, or from the present of a live source.
    Start,
    /// The input is asked for the position.
    Input(Duration),
    /// All before the position is fetched, decoded and thrown away.
    Discard(Duration),
}

impl Seek {
    /// Where the stream then begins.
    pub(crate) fn start(self) -> Duration {
        match self {
            Self::Start => Duration::ZERO,
            Self::Input(at) | Self::Discard(at) => at,
        }
    }
}

/// A checked request: the arguments and the environment of the child, and what its log must not show.
pub(crate) struct Request {
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// The address as ffmpeg will name it in its log.
    pub(crate) url: String,
    pub(crate) secrets: Vec<String>,
}

impl Request {
    /// Checks the location and writes the command.
    ///
    /// # Errors
    /// [`AudioErrorKind::NotAudio`] for an address that is not http or https, or no address at all;
    /// [`AudioErrorKind::Spawn`] for a proxy that ffmpeg would pass by.
    pub(crate) fn new(config: &PipelineConfig, media: &MediaLocation, seek: Seek) -> Result<Self, AudioError> {
        Self::checked(config, media, |url, headers| arguments(config, url, headers, seek))
    }

    /// Checks the location and writes the command that shows the head of the response.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn probe(config: &PipelineConfig, media: &MediaLocation) -> Result<Self, AudioError> {
        Self::checked(config, media, probe_arguments)
    }

    fn checked(
        config: &PipelineConfig,
        media: &MediaLocation,
        arguments: impl FnOnce(&str, &[(&str, &str)]) -> Vec<OsString>,
    ) -> Result<Self, AudioError> {
        let url = checked_url(&media.url)?;
        let headers = checked_headers(&media.headers);
        let mut secrets: Vec<String> = headers.iter().map(|(_, value)| value.to_string()).collect();
        secrets.extend(url.split_once('?').map(|(_, query)| query.to_owned()));
        let env = environment(config.proxy.as_deref())?;
        secrets.extend(config.proxy.clone());
        Ok(Self { args: arguments(&url, &headers), env, url, secrets })
    }
}

fn arguments(config: &PipelineConfig, url: &str, headers: &[(&str, &str)], seek: Seek) -> Vec<OsString> {
    // The status of a refused request is a warning, the duration of the input is information; `level` tags each line.
    let mut args: Vec<OsString> =
        ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"].map(OsString::from).into();
    // `-reconnect_streamed` is left out on purpose: with it, ffmpeg 5.1 takes the end of a body of unknown length for a
    // cut, asks again and spins for ever, deaf to SIGTERM.
    args.extend(["-reconnect", "1", "-reconnect_delay_max", "5"].map(OsString::from));
    args.extend(input_options(url, headers));
    let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
    // A fifth of what ffmpeg reads by default before it makes up its mind: on a slow link that is heard.
    add(&["-probesize", "1048576", "-analyzeduration", "2000000"]);
    if let Seek::Input(at) = seek {
        add(&["-ss", &seconds(at)]);
    }
    add(&["-i", url]);
    if let Seek::Discard(at) = seek {
        add(&["-ss", &seconds(at)]);
    }

    // Output: one packet a page, each page flushed, or the first frame would wait for a second's worth of them.
    add(&["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-ac", "2", "-ar", "48000"]);
    if config.volume_percent != 100 {
        let (whole, hundredths) = (config.volume_percent / 100, config.volume_percent % 100);
        add(&["-af", &format!("volume={whole}.{hundredths:02}")]);
    }
    add(&["-c:a", "libopus", "-b:a", &config.bitrate.to_string(), "-vbr", "on"]);
    add(&["-frame_duration", "20", "-application", "audio"]);
    add(&["-f", "ogg", "-page_duration", "20000", "-flush_packets", "1", "pipe:1"]);
    args
}

/// Reads no further than the head of the response: the child is ended there.
fn probe_arguments(url: &str, headers: &[(&str, &str)]) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+trace"].map(OsString::from).into();
    args.extend(input_options(url, headers));
    args.extend(["-i", url, "-t", "0", "-f", "null", "-"].map(OsString::from));
    args
}

/// How an address may be read, and with which headers. `httpproxy` is the CONNECT of https.
fn input_options(url: &str, headers: &[(&str, &str)]) -> Vec<OsString> {
    let mut args = Vec::new();
    let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
    add(&["-protocol_whitelist", "http,https,tcp,tls,crypto,httpproxy", "-rw_timeout", "15000000", "-icy", "0"]);
    if url.starts_with("https://") {
        add(&["-tls_verify", "1"]);
        if let Some(roots) = extra_roots() {
            add(&["-ca_file", &roots]);
        }
    }
    if !headers.is_empty() {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        add(&["-headers", &lines]);
    }
    args
}

fn seconds(at: Duration) -> String {
    let at = at.min(LATEST_START);
    format!("{}.{:06}", at.as_secs(), at.subsec_micros())
}

/// The roots that the rest of the process trusts too; absolute, because the child runs elsewhere.
fn extra_roots() -> Option<String> {
    let file = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty())?;
    std::path::absolute(file).ok()?.into_os_string().into_string().ok()
}

fn checked_url(url: &str) -> Result<String, AudioError> {
    let refuse = |why: &str| Err(AudioError::new(AudioErrorKind::NotAudio, format!("its address {why}")));
    if url.len() > LONGEST_URL {
        return refuse("is longer than 4000 bytes, which ffmpeg would cut off");
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("has a blank or a control character in it");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return refuse("has no scheme; only http and https are read");
    };
    // ffmpeg knows its protocols by their names in lower case.
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return refuse("is neither http nor https; nothing else is read");
    }
    if rest.starts_with(['/', '?', '#']) || rest.is_empty() {
        return refuse("names no host");
    }
    Ok(format!("{scheme}://{rest}"))
}

/// The headers that may be sent. What could smuggle in another line, or is not ours to set, is dropped.
fn checked_headers(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut room = LONGEST_HEADERS;
    let kept: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.trim()))
        .filter(|(name, value)| is_token(name) && is_field_value(value) && !is_reserved(name))
        .take_while(|(name, value)| {
            let size = name.len() + value.len() + 4;
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        })
        .collect();
    if kept.len() < headers.len() {
        tracing::debug!(dropped = headers.len() - kept.len(), "request headers of a media location were not sent");
    }
    kept
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn is_field_value(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c == '\t' || !c.is_control())
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

/// All that the child sees of the environment.
fn environment(proxy: Option<&str>) -> Result<Vec<(&'static str, OsString)>, AudioError> {
    let mut env = vec![("LC_ALL", OsString::from("C"))];
    env.extend(std::env::var_os("PATH").map(|path| ("PATH", path)));
    if let Some(proxy) = proxy {
        // With any other scheme ffmpeg goes straight to the server, past the proxy that guards the private network.
        if !proxy.starts_with("http://") {
            let what = "the configured proxy is no http:// address, the only kind ffmpeg can use; correct it";
            return Err(AudioError::new(AudioErrorKind::Spawn, what));
        }
        env.extend(["http_proxy", "https_proxy"].map(|name| (name, OsString::from(proxy))));
    }
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, headers: &[(&str, &str)], seek: Seek) -> Result<Vec<String>, AudioError> {
        let headers = headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let media = MediaLocation { url: url.into(), headers, expires_at: None };
        let request = Request::new(&PipelineConfig::default(), &media, seek)?;
        Ok(request.args.into_iter().map(|arg| arg.into_string().unwrap()).collect())
    }

    fn value(args: &[String], option: &str) -> Option<String> {
        args.iter().position(|arg| arg == option).map(|at| args[at + 1].clone())
    }

    #[test]
    fn reads_http_and_https_and_nothing_else() {
        for url in ["http://a/b?c", "https://a", "HTTPS://a/b"] {
            let args = request(url, &[], Seek::Start).unwrap();
            assert!(value(&args, "-i").unwrap().starts_with("http"), "{url}");
        }
        for url in [
            "file:///etc/passwd",
            "/etc/passwd",
            "concat:http://a|http://b",
            "ftp://a/b",
            "pipe:0",
            "-i",
            "",
            "http://",
            "http:///b",
            "http://a/\r\nx",
        ] {
            let error = request(url, &[], Seek::Start).unwrap_err();
            assert_eq!(error.kind(), AudioErrorKind::NotAudio, "{url}");
        }
    }

    #[test]
    fn seeks_on_the_side_that_was_asked_for() {
        let at = Duration::from_millis(61_020);
        let place = |args: &[String], option: &str| args.iter().position(|arg| arg == option).unwrap();
        let args = request("http://a/b", &[], Seek::Input(at)).unwrap();
        assert_eq!(value(&args, "-ss").as_deref(), Some("61.020000"));
        assert!(place(&args, "-ss") < place(&args, "-i") && place(&args, "-i") < place(&args, "-map"));
        let args = request("http://a/b", &[], Seek::Discard(at)).unwrap();
        assert_eq!(value(&args, "-ss").as_deref(), Some("61.020000"));
        assert!(place(&args, "-i") < place(&args, "-ss"));
        assert_eq!(value(&request("http://a/b", &[], Seek::Start).unwrap(), "-ss"), None);
    }

    #[test]
    fn a_probe_is_bound_by_the_same_rules() {
        let headers = vec![("Cookie".to_owned(), "k=v".to_owned()), ("Range".to_owned(), "bytes=9-".to_owned())];
        let media = MediaLocation { url: "https://a/b".into(), headers, expires_at: None };
        let probe = Request::probe(&PipelineConfig::default(), &media).unwrap();
        let args: Vec<_> = probe.args.into_iter().map(|arg| arg.into_string().unwrap()).collect();
        assert_eq!(value(&args, "-headers").as_deref(), Some("Cookie: k=v\r\n"));
        assert_eq!(value(&args, "-tls_verify").as_deref(), Some("1"));
        assert!(value(&args, "-protocol_whitelist").is_some());
        let media = MediaLocation { url: "file:///etc/passwd".into(), headers: Vec::new(), expires_at: None };
        assert!(Request::probe(&PipelineConfig::default(), &media).is_err());
    }

    #[test]
    fn changes_the_volume_only_when_asked_to() {
        let media = MediaLocation { url: "http://a/b".into(), headers: Vec::new(), expires_at: None };
        let filter = |volume_percent| {
            let config = PipelineConfig { volume_percent, ..PipelineConfig::default() };
            let args = Request::new(&config, &media, Seek::Start).unwrap().args;
            value(&args.into_iter().map(|arg| arg.into_string().unwrap()).collect::<Vec<_>>(), "-af")
        };
        assert_eq!(filter(100), None);
        assert_eq!(filter(5).as_deref(), Some("volume=0.05"));
        assert_eq!(filter(150).as_deref(), Some("volume=1.50"));
    }

    #[test]
    fn sends_the_headers_it_was_given_but_no_forged_ones() {
        let headers = [
            ("User-Agent", "Mozilla/5.0"),
            ("X-Evil", "a\r\nHost: b"),
            ("X-Evil: 1\r\nY", "z"),
            ("", "z"),
            ("Host", "elsewhere"),
            ("range", "bytes=1-"),
            ("Cookie", "k=v; l=w"),
        ];
        let args = request("http://a/b", &headers, Seek::Start).unwrap();
        assert_eq!(value(&args, "-headers").as_deref(), Some("User-Agent: Mozilla/5.0\r\nCookie: k=v; l=w\r\n"));
    }

    #[test]
    fn refuses_a_proxy_that_ffmpeg_would_pass_by() {
        let config = PipelineConfig { proxy: Some("socks5://u:pw@p:1".into()), ..PipelineConfig::default() };
        let media = MediaLocation { url: "http://a/b".into(), headers: Vec::new(), expires_at: None };
        let error = Request::new(&config, &media, Seek::Start).err().unwrap();
        assert_eq!(error.kind(), AudioErrorKind::Spawn);
        assert!(!error.to_string().contains("pw") && !format!("{config:?}").contains("pw"));
    }
}
