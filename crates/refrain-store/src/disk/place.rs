//! Where a database is: a file, or memory.

use super::date;
use redb::{
    StorageBackend,
    backends::{FileBackend, InMemoryBackend},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The file's name in a data directory.
pub(crate) const FILE_NAME: &str = "refrain.redb";

/// What a place is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading and writing; the file is made where there is none.
    Write,
    /// Reading what there is.
    Read,
}

/// Where a database is.
pub(crate) trait Place: Send + 'static {
    /// For people: a path.
    fn name(&self) -> String;

    /// The storage there.
    fn backend(&self, access: Access) -> io::Result<Box<dyn StorageBackend>>;

    /// Keeps a copy of what is there before it becomes `schema`; the one that was kept before stays. `None`: there are
    /// no copies of such a place.
    fn keep_copy(&self, schema: u32) -> io::Result<Option<PathBuf>>;

    /// Moves what is there out of the way, under a name that nothing has.
    fn set_aside(&self) -> io::Result<PathBuf>;
}

/// A file on a disk.
#[derive(Clone, Debug)]
pub(crate) struct FilePlace {
    path: PathBuf,
}

impl FilePlace {
    /// `path`: the file where it ends in `.redb`, else the directory that it is in.
    pub(crate) fn new(path: &Path) -> Self {
        let is_file = path.extension().is_some_and(|extension| extension == "redb") && !path.is_dir();
        Self { path: if is_file { path.to_owned() } else { path.join(FILE_NAME) } }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file beside it.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    fn directory(&self) -> &Path {
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// A name, too, is only on the disk when its directory is synced.
    fn sync_directory(&self) -> io::Result<()> {
        File::open(self.directory())?.sync_all()
    }
}

impl Place for FilePlace {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn backend(&self, access: Access) -> io::Result<Box<dyn StorageBackend>> {
        let file = match access {
            Access::Read => File::open(&self.path)?,
            Access::Write => {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(self.directory())?;
                let new = !self.path.exists();
                let mut options = OpenOptions::new();
                // It holds session ids: nobody else's to read.
                let file = options.read(true).write(true).create(true).mode(0o600).open(&self.path)?;
                if new {
                    self.sync_directory()?;
                }
                file
            }
        };
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }

    fn keep_copy(&self, schema: u32) -> io::Result<Option<PathBuf>> {
        let copy = self.beside(&format!("before-{schema}"));
        // One that is there is of an attempt that did not end: older than what is here now, or the same.
        if !copy.exists() {
            let part = self.beside("copying");
            let copied = fs::copy(&self.path, &part).and_then(|_| File::open(&part)?.sync_all());
            let kept = copied.and_then(|()| fs::rename(&part, &copy)).and_then(|()| self.sync_directory());
            if let Err(error) = kept {
                // Half a copy would only take space.
                drop(fs::remove_file(&part));
                return Err(error);
            }
        }
        Ok(Some(copy))
    }

    fn set_aside(&self) -> io::Result<PathBuf> {
        let name = format!("broken-{}", date::for_a_file(SystemTime::now()));
        let candidates = (1..).map(|n| if n == 1 { self.beside(&name) } else { self.beside(&format!("{name}-{n}")) });
        for to in candidates.take(1000) {
            match fs::hard_link(&self.path, &to) {
                // A link takes no name that is taken, which a renaming would.
                Ok(()) => fs::remove_file(&self.path)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                // There are file systems without links.
                Err(_) if !to.exists() => fs::rename(&self.path, &to)?,
                Err(_) => continue,
            }
            // The name is there already; at worst a crash undoes it, and it is done again.
            drop(self.sync_directory());
            return Ok(to);
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }
}

/// Memory, for as long as the process lives.
#[derive(Debug)]
pub(crate) struct MemoryPlace;

impl Place for MemoryPlace {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn backend(&self, _: Access) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(InMemoryBackend::new()))
    }

    fn keep_copy(&self, _: u32) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }

    fn set_aside(&self) -> io::Result<PathBuf> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}
