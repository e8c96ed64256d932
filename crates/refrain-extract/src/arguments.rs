//! yt-dlp's command line, exactly. Options are written in full, because yt-dlp accepts prefixes of them.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};
use url::Url;

/// Sound in mono or stereo if there is a format of it alone, else a format with sound in it, else any sound at all. No
/// sorting by codec: that can pick a dubbed track.
const FORMAT: &str = "ba[audio_channels<=?2]/b[acodec!=?none]/ba";
/// How many results a search asks for.
const SEARCH: &str = "ytsearch5:";
/// The private options file in the run's directory. It holds `--proxy` with the guard's credential, which must not stand
/// on the command line, where every user of the machine can read it.
pub(crate) const OPTIONS_FILE: &str = "private.conf";
/// The run's copy of the cookie file, in its directory.
pub(crate) const COOKIES_FILE: &str = "cookies.txt";

/// What is asked of yt-dlp.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// One track with the address of its sound, as one line of JSON.
    Resolve(Url),
    /// A search's results without their details, as one JSON document.
    Search(String),
}

/// What the vectors are made with.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub(crate) cache_dir: PathBuf,
    pub(crate) plugin_dirs: Option<PathBuf>,
    pub(crate) cookies: bool,
}

impl Arguments {
    /// The arguments for a request, the program's name not included.
    pub(crate) fn vector(&self, request: &Request) -> Vec<OsString> {
        let mut vector = Vec::with_capacity(32);
        let mut add = |words: &[&str]| vector.extend(words.iter().map(OsString::from));
        add(&["--ignore-config", "--no-plugin-dirs"]);
        if let Some(plugins) = &self.plugin_dirs {
            push(&mut vector, "--plugin-dirs", plugins);
        }
        push(&mut vector, "--cache-dir", &self.cache_dir);
        let mut add = |words: &[&str]| vector.extend(words.iter().map(OsString::from));
        add(&["--color", "never", "--no-progress", "--socket-timeout", "10", "--retries", "2"]);
        add(&["--extractor-retries", "2", "--fragment-retries", "2", "--config-locations", OPTIONS_FILE]);
        if self.cookies {
            add(&["--cookies", COOKIES_FILE]);
        }
        match request {
            Request::Resolve(url) => add(&["--no-playlist", "-f", FORMAT, "-j", "--", url.as_str()]),
            Request::Search(words) => add(&["--flat-playlist", "-J", "--", &format!("{SEARCH}{words}")]),
        }
        vector
    }
}

fn push(vector: &mut Vec<OsString>, option: &str, path: &Path) {
    vector.push(option.into());
    vector.push(path.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(arguments: &Arguments, request: &Request) -> String {
        arguments.vector(request).iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn resolve_asks_for_one_track_on_one_line() {
        let arguments = Arguments { cache_dir: "/data/cache".into(), plugin_dirs: None, cookies: false };
        let url = Url::parse("https://a.example/watch?v=1&list=2").unwrap();
        insta::assert_snapshot!(lines(&arguments, &Request::Resolve(url)));
    }

    #[test]
    fn search_prefixes_the_words_and_keeps_them_one_argument_after_the_dashes() {
        let arguments =
            Arguments { cache_dir: "/data/cache".into(), plugin_dirs: Some("/plugins".into()), cookies: true };
        insta::assert_snapshot!(lines(&arguments, &Request::Search("--exec id".into())));
    }
}
