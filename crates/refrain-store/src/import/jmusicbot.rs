//! JMusicBot: a folder of playlists, a text file each.

use crate::{
    redb_store::RedbStore,
    report::{ImportError, ImportReport},
    store::{Favorite, Store},
};
use refrain_model::GuildId;
use std::{fs, path::Path};

/// A favorite with more would fill a queue many times over.
const MAX_QUERIES: usize = 1000;

impl RedbStore {
    /// Brings JMusicBot's playlists to a guild as favorites. `folder` is its `Playlists`, or the folder that has it; each
    /// `NAME.txt` with a link or a search in each line becomes the favorite NAME. Lines that begin with `#` or `//` are
    /// comments, but for `#shuffle`: Refrain plays a favorite in order, which is noted. Blocks.
    ///
    /// # Errors
    /// When the folder cannot be read. A file that cannot be read is left out and noted.
    pub fn import_jmusicbot(&self, folder: impl AsRef<Path>, guild: GuildId) -> Result<ImportReport, ImportError> {
        let folder = folder.as_ref();
        let inner = folder.join("Playlists");
        let folder = if inner.is_dir() { inner.as_path() } else { folder };
        let failed = |error| ImportError::new(format!("reading the playlists in {}", folder.display()), error);
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt")) {
                files.push(path);
            }
        }
        files.sort();
        let mut report = ImportReport::default();
        for path in files {
            self.import_playlist(&path, guild, &mut report);
        }
        if report.favorites == 0 {
            report.note(format!("{} has no playlist with anything in it", folder.display()));
        }
        Ok(report)
    }

    fn import_playlist(&self, path: &Path, guild: GuildId, report: &mut ImportReport) {
        let name = path.file_stem().map(|name| name.to_string_lossy().trim().to_owned()).unwrap_or_default();
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => return report.note(format!("{} was left out: {error}", path.display())),
        };
        let Playlist { mut queries, shuffled } = Playlist::parse(&text);
        if queries.is_empty() {
            return report.note(format!("{} was left out: there is nothing in it", path.display()));
        }
        if queries.len() > MAX_QUERIES {
            report.note(format!("{name}: only the first {MAX_QUERIES} of {} were taken", queries.len()));
            queries.truncate(MAX_QUERIES);
        }
        if shuffled {
            report.note(format!("{name} was shuffled each time; a favorite is played in order: use /shuffle"));
        }
        self.save_favorite(guild, Favorite { name, queries, by: None });
        report.favorites += 1;
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Playlist {
    queries: Vec<String>,
    shuffled: bool,
}

impl Playlist {
    fn parse(text: &str) -> Self {
        let mut playlist = Self { queries: Vec::new(), shuffled: false };
        // Windows' editors begin a file with a mark.
        for line in text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with('#') || line.starts_with("//") {
                let words: String = line.split_whitespace().collect();
                playlist.shuffled |=
                    ["#shuffle", "//shuffle"].iter().any(|shuffle| words.eq_ignore_ascii_case(shuffle));
            } else {
                playlist.queries.push(line.to_owned());
            }
        }
        playlist
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_query_a_comment_or_the_wish_to_shuffle() {
        let text = "\u{feff}# my songs\r\n\r\n  https://example.org/1  \r\n// Shuffle\nnever gonna give you up\n";
        let queries = vec!["https://example.org/1".to_owned(), "never gonna give you up".to_owned()];
        assert_eq!(Playlist::parse(text), Playlist { queries, shuffled: true });
        assert!(!Playlist::parse("#shuffles nothing\na").shuffled);
    }
}
