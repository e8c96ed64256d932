//! The configuration: environment over `refrain.toml` over defaults, typed and checked before anything starts.

mod error;
mod keys;
mod layers;
mod programs;
#[cfg(test)]
mod tests;
mod voice;

pub(crate) use error::ConfigError;
pub(crate) use layers::DEFAULTS;

use layers::Layers;
use refrain::{
    AutoResume, EgressPolicy, RecordingSettings,
    policy::{GovernorPolicy, Policy},
};
use refrain_discord::{GatewayBase, RestBase, Token};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing_subscriber::EnvFilter;

/// Names the file, if not `refrain.toml` where the bot is started.
const FILE_VARIABLE: &str = "REFRAIN_CONFIG";
const FILE: &str = "refrain.toml";
/// A configuration or token file is no longer than this.
const MAX_FILE: u64 = 1 << 20;

/// Everything the bot is started with.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) discord: refrain_discord::Settings,
    pub(crate) data_dir: PathBuf,
    pub(crate) yt_dlp: YtDlp,
    pub(crate) audio: Audio,
    pub(crate) egress: EgressPolicy,
    pub(crate) max_tracks: usize,
    pub(crate) auto_resume: AutoResume,
    pub(crate) goodbye: bool,
    pub(crate) recovery: Policy,
    pub(crate) governor: GovernorPolicy,
    /// Where guilds' inputs are recorded; `None`: nowhere.
    pub(crate) recording: Option<RecordingSettings>,
    pub(crate) log: Log,
}

/// How yt-dlp is run.
#[derive(Debug)]
pub(crate) struct YtDlp {
    pub(crate) path: PathBuf,
    pub(crate) plugin_dirs: Option<PathBuf>,
    pub(crate) cookies: Option<PathBuf>,
    pub(crate) time_limit: Duration,
    pub(crate) concurrency: usize,
}

/// How sound is read.
#[derive(Debug)]
pub(crate) struct Audio {
    pub(crate) ffmpeg: PathBuf,
    /// Bits per second.
    pub(crate) bitrate: u32,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// A filter of tracing-subscriber, known to be valid.
    pub(crate) filter: String,
    pub(crate) json: bool,
}

/// What the configuration is read from, so that tests can stand in for the process.
pub(crate) struct Sources<'a> {
    pub(crate) env: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Config {
    /// Reads the process's environment and file.
    pub(crate) fn load() -> Result<Self, ConfigError> {
        Self::from_sources(&Sources { env: &|name| std::env::var_os(name) })
    }

    /// Where the bot keeps things, for commands that need nothing else: not even a token.
    pub(crate) fn data_dir() -> Result<PathBuf, ConfigError> {
        let sources = Sources { env: &|name| std::env::var_os(name) };
        let file = config_file(&sources)?;
        let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        let env = |name: &str| (sources.env)(name).map(|value| value.to_string_lossy().into_owned());
        data_dir(&Layers::stack(file, env)?)
    }

    pub(crate) fn from_sources(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let file = config_file(sources)?;
        let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        // What is not UTF-8 becomes what no check accepts, and is shown as what it is not.
        let env = |name: &str| (sources.env)(name).map(|value| value.to_string_lossy().into_owned());
        let layers = Layers::stack(file, env)?;
        let path = (sources.env)("PATH");
        // The token first: a newcomer with nothing configured should hear of that, not of ffmpeg.
        let token = token(&layers)?;
        Ok(Self {
            discord: discord(&layers, token)?,
            data_dir: data_dir(&layers)?,
            yt_dlp: yt_dlp(&layers, path.as_deref())?,
            audio: audio(&layers, path.as_deref())?,
            egress: egress(&layers)?,
            max_tracks: size(layers.number(&keys::MAX_TRACKS, 1..=refrain::MAX_QUEUE.into())?),
            auto_resume: auto_resume(&layers)?,
            goodbye: goodbye(&layers)?,
            recovery: voice::policy(&layers)?,
            governor: voice::governor(&layers)?,
            recording: recording(&layers)?,
            log: log(&layers)?,
        })
    }
}

/// The file's name and text. A file that is named must be there; `refrain.toml` need not.
fn config_file(sources: &Sources<'_>) -> Result<Option<(String, String)>, ConfigError> {
    let named = (sources.env)(FILE_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let path = match &named {
        Some(path) => path.clone(),
        None if Path::new(FILE).is_file() => PathBuf::from(FILE),
        None => return Ok(None),
    };
    let name = path.display().to_string();
    match read_small(&path) {
        Ok(text) => Ok(Some((name, text))),
        Err(why) => {
            let key = if named.is_some() { FILE_VARIABLE } else { FILE };
            Err(ConfigError::new(key, Some(&name), format!("cannot be read ({why}); name a readable TOML file")))
        }
    }
}

fn read_small(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

fn token(layers: &Layers) -> Result<Token, ConfigError> {
    const WRONG: &str = "holds no bot token: it is one word without spaces, copied from \
                         https://discord.com/developers/applications (your application, Bot, Reset Token)";
    if let Some(token) = layers.text(&keys::TOKEN)? {
        return Token::new(&token).ok_or_else(|| layers.secret_error(&keys::TOKEN, WRONG));
    }
    let Some(file) = layers.path(&keys::TOKEN_FILE)? else { return Err(ConfigError::no_token()) };
    let text = read_small(&file).map_err(|why| {
        layers.error(&keys::TOKEN_FILE, format!("cannot be read ({why}); name a readable file that holds the token"))
    })?;
    Token::new(&text).ok_or_else(|| layers.error(&keys::TOKEN_FILE, WRONG))
}

fn discord(layers: &Layers, token: Token) -> Result<refrain_discord::Settings, ConfigError> {
    let api = layers.text(&keys::API)?.map(|base| {
        RestBase::new(&base).ok_or_else(|| layers.error(&keys::API, "must be http://host:port or https://host:port"))
    });
    let gateway = layers.text(&keys::GATEWAY)?.map(|base| {
        GatewayBase::new(&base).ok_or_else(|| layers.error(&keys::GATEWAY, "must be ws://host:port or wss://host:port"))
    });
    Ok(refrain_discord::Settings { token, api: api.transpose()?, gateway: gateway.transpose()? })
}

fn yt_dlp(layers: &Layers, path: Option<&std::ffi::OsStr>) -> Result<YtDlp, ConfigError> {
    const HOW: &str = "`cargo xtask setup` makes one in .tools/yt-dlp; or install yt-dlp and set YT_DLP_PATH to it";
    let program = match layers.path(&keys::YT_DLP)? {
        Some(given) => programs::find(&given, path)
            .ok_or_else(|| layers.error(&keys::YT_DLP, format!("is no program that can be run; {HOW}")))?,
        None => programs::find_yt_dlp(path).ok_or_else(|| {
            layers.secret_error(&keys::YT_DLP, format!("is not set, and there is no yt-dlp on the PATH; {HOW}"))
        })?,
    };
    Ok(YtDlp {
        path: program,
        plugin_dirs: existing(layers, &keys::PLUGIN_DIRS, "directory", Path::is_dir)?,
        cookies: existing(layers, &keys::COOKIES, "file", Path::is_file)?,
        time_limit: Duration::from_secs(layers.number(&keys::TIME_LIMIT, 5..=300)?),
        concurrency: size(layers.number(&keys::CONCURRENCY, 1..=32)?),
    })
}

/// A path that must be there. Absolute: children run elsewhere.
fn existing(
    layers: &Layers,
    key: &keys::Key,
    kind: &str,
    is: fn(&Path) -> bool,
) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = layers.path(key)? else { return Ok(None) };
    let absolute = std::path::absolute(&path).ok().filter(|path| is(path));
    absolute.map(Some).ok_or_else(|| layers.error(key, format!("must be a {kind} that exists; leave it out for none")))
}

fn audio(layers: &Layers, path: Option<&std::ffi::OsStr>) -> Result<Audio, ConfigError> {
    let given = layers.path(&keys::FFMPEG)?.unwrap_or_else(|| PathBuf::from("ffmpeg"));
    let ffmpeg = programs::find(&given, path).ok_or_else(|| {
        layers.error(
            &keys::FFMPEG,
            "is no program that can be run; install ffmpeg (Debian: apt install ffmpeg), or name it",
        )
    })?;
    let bitrate = layers.number(&keys::BITRATE, 16_000..=510_000)?;
    Ok(Audio { ffmpeg, bitrate: u32::try_from(bitrate).unwrap_or(128_000) })
}

fn egress(layers: &Layers) -> Result<EgressPolicy, ConfigError> {
    let hosts = layers.list(&keys::ALLOW_PRIVATE)?.into_iter().map(|host| {
        host.parse().map_err(|_| {
            let key = layers.name(&keys::ALLOW_PRIVATE);
            ConfigError::new(key, Some(&host), "must be host:port or a host, such as 127.0.0.1:8080")
        })
    });
    Ok(EgressPolicy { allow_private: hosts.collect::<Result<_, _>>()? })
}

fn recording(layers: &Layers) -> Result<Option<RecordingSettings>, ConfigError> {
    let max_bytes = layers.number(&keys::RECORDING_MEGABYTES, 1..=1024)?.saturating_mul(1024 * 1024);
    let max_files = size(layers.number(&keys::RECORDING_FILES, 1..=1000)?);
    Ok(layers.path(&keys::RECORDING_DIR)?.map(|dir| RecordingSettings { dir, max_bytes, max_files }))
}

fn data_dir(layers: &Layers) -> Result<PathBuf, ConfigError> {
    Ok(layers.path(&keys::DATA_DIR)?.unwrap_or_else(|| PathBuf::from("./data")))
}

fn auto_resume(layers: &Layers) -> Result<AutoResume, ConfigError> {
    match layers.word(&keys::AUTO_RESUME)?.as_deref() {
        Some("true") | None => Ok(AutoResume::Resume),
        Some("false") => Ok(AutoResume::StayAway),
        Some("paused") => Ok(AutoResume::Paused),
        Some(_) => Err(layers.error(&keys::AUTO_RESUME, "must be true, false or paused")),
    }
}

fn goodbye(layers: &Layers) -> Result<bool, ConfigError> {
    match layers.word(&keys::GOODBYE)?.as_deref() {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(layers.error(&keys::GOODBYE, "must be true or false")),
    }
}

fn log(layers: &Layers) -> Result<Log, ConfigError> {
    let filter = layers.text(&keys::LOG_FILTER)?.unwrap_or_else(|| "info".into());
    EnvFilter::builder().parse(&filter).map_err(|_| {
        layers.error(
            &keys::LOG_FILTER,
            "must be error, warn, info, debug or trace, or such as info,refrain_recovery=debug",
        )
    })?;
    let json = match layers.text(&keys::LOG_FORMAT)?.as_deref() {
        Some("json") => true,
        Some("text") | None => false,
        Some(_) => return Err(layers.error(&keys::LOG_FORMAT, "must be text or json")),
    };
    Ok(Log { filter, json })
}

/// A number that a check has bounded.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
