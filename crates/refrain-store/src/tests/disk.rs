//! A disk that fails when it is told to, and forgets what was not synced when the power goes.

use crate::disk::{Access, Place};
use redb::StorageBackend;
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

/// A disk with one file. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a reader sees.
    seen: Vec<u8>,
    /// What the last sync left.
    synced: Vec<u8>,
    /// Writes since then, each of which the power may take or leave.
    unsynced: Vec<Change>,
    /// Changes and syncs so far.
    operations: u64,
    /// From this operation on, so many fail.
    fails: Option<(u64, u64)>,
    locked: bool,
    set_aside: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Operations from the `after`th on fail, as many as `count`.
    pub(super) fn fail(&self, after: u64, count: u64) {
        self.state().fails = Some((after, count));
    }

    pub(super) fn mend(&self) {
        self.state().fails = None;
    }

    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How often the file was found to be damaged.
    pub(super) fn set_aside(&self) -> u64 {
        self.state().set_aside
    }

    /// What a process that is killed now leaves: all that was written.
    pub(super) fn after_a_kill(&self) -> Self {
        Self::with(self.state().seen.clone())
    }

    /// What is left when the power goes now: what was synced, and of the writes since then whichever `kept` names.
    pub(super) fn after_a_power_cut(&self, mut kept: impl FnMut() -> bool) -> Self {
        let state = self.state();
        let mut bytes = state.synced.clone();
        for change in &state.unsynced {
            if kept() {
                change.apply(&mut bytes);
            }
        }
        Self::with(bytes)
    }

    fn with(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { seen: bytes.clone(), synced: bytes, ..State::default() })))
    }
}

impl State {
    fn operation(&mut self) -> io::Result<()> {
        self.operations += 1;
        match self.fails {
            Some((after, count)) if (after..after.saturating_add(count)).contains(&self.operations) => {
                Err(io::Error::from_raw_os_error(5))
            }
            _ => Ok(()),
        }
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.operation()?;
        change.apply(&mut self.seen);
        self.unsynced.push(change);
        Ok(())
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::SetLen(len) => bytes.resize(usize::try_from(*len).unwrap(), 0),
            Self::Write(offset, data) => {
                let start = usize::try_from(*offset).unwrap();
                // Its growing may have been lost where it was not.
                bytes.resize(bytes.len().max(start + data.len()), 0);
                bytes[start..start + data.len()].copy_from_slice(data);
            }
        }
    }
}

#[derive(Debug)]
struct Opened {
    disk: Disk,
    locks: bool,
}

impl StorageBackend for Opened {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.disk.state();
        let start = usize::try_from(offset).unwrap();
        let there = state.seen.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(there);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.state().change(Change::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operation()?;
        state.synced = state.seen.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.state().change(Change::Write(offset, data.to_vec()))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.locks {
            self.disk.state().locked = false;
        }
    }
}

impl Place for Disk {
    fn name(&self) -> String {
        "/disk/refrain.redb".to_owned()
    }

    fn backend(&self, access: Access) -> io::Result<Box<dyn StorageBackend>> {
        let locks = access == Access::Write;
        let mut state = self.state();
        assert!(!(state.locked && locks), "the one before must be let go first");
        state.locked |= locks;
        drop(state);
        Ok(Box::new(Opened { disk: self.clone(), locks }))
    }

    fn keep_copy(&self, _: u32) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }

    fn set_aside(&self) -> io::Result<PathBuf> {
        let mut state = self.state();
        state.set_aside += 1;
        (state.seen, state.synced, state.unsynced) = Default::default();
        Ok(PathBuf::from("/disk/refrain.redb.broken"))
    }
}
