//! A gate before the file: until it is opened, whatever the database writes is held in memory.
//!
//! A database that is opened is written to at once (a mark, a repair). Behind the gate that happens in memory, so a file
//! of a newer version is looked at and left untouched, one that cannot be written can still be read, and a check changes
//! nothing.

use redb::{BackendError, StorageBackend};
use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

const BLOCK: u64 = 4096;

/// Handed to the database as its storage; a clone is kept to open it with.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: Box<dyn StorageBackend>,
    held: RwLock<Option<Held>>,
    /// The file was opened for reading: it is locked as readers do.
    shared: bool,
}

/// What was written behind the closed gate.
#[derive(Debug)]
struct Held {
    /// In order, to be done to the file when the gate is opened: with the syncs where they were, so that a crash in
    /// between leaves what a crash of the database itself would.
    steps: Vec<Step>,
    /// The length that the database sees.
    len: u64,
    /// Below this, what is not in `blocks` is in the file.
    base: u64,
    /// There was nothing in the file.
    new: bool,
    /// Blocks that differ from the file's.
    blocks: BTreeMap<u64, Vec<u8>>,
}

#[derive(Debug)]
enum Step {
    Write { offset: u64, data: Vec<u8> },
    SetLen(u64),
    Sync,
}

impl Gate {
    /// A closed gate. `shared`: the file is only read, for good.
    ///
    /// # Errors
    /// When the file's length cannot be had.
    pub(crate) fn new(file: Box<dyn StorageBackend>, shared: bool) -> io::Result<Self> {
        let len = file.len()?;
        let held = Held { steps: Vec::new(), len, base: len, new: len == 0, blocks: BTreeMap::new() };
        Ok(Self(Arc::new(Inner { file, held: RwLock::new(Some(held)), shared })))
    }

    /// Does to the file what was held back, and holds nothing from now on.
    ///
    /// # Errors
    /// When the file does not take it. The gate then stays closed, and what it holds can still be read.
    pub(crate) fn open(&self) -> io::Result<()> {
        let mut gate = self.0.write();
        if let Some(held) = &*gate
            && let Err(error) = held.let_through(&*self.0.file)
        {
            if held.new {
                // Half a beginning would be taken for a damaged file.
                drop(self.0.file.set_len(0));
            }
            return Err(error);
        }
        *gate = None;
        Ok(())
    }
}

impl Inner {
    // A panic under these locks can leave no half-made state that is worse than what a failed write leaves.
    fn read(&self) -> RwLockReadGuard<'_, Option<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Held>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn let_through(&self, file: &dyn StorageBackend) -> io::Result<()> {
        self.steps.iter().try_for_each(|step| match step {
            Step::Write { offset, data } => file.write(*offset, data),
            Step::SetLen(len) => file.set_len(*len),
            Step::Sync => file.sync_data(),
        })
    }

    fn read(&self, file: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64).filter(|end| *end <= self.len);
        let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        out.fill(0);
        self.read_the_files_own(file, offset, out)?;
        for (block, bytes) in self.blocks.range(offset / BLOCK..end.div_ceil(BLOCK)) {
            let start = block * BLOCK;
            let (from, to) = (start.max(offset), (start + BLOCK).min(end));
            let source = &bytes[index(from - start)..index(to - start)];
            out[index(from - offset)..index(to - offset)].copy_from_slice(source);
        }
        Ok(())
    }

    fn write(&mut self, file: &dyn StorageBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        let end = offset + data.len() as u64;
        self.len = self.len.max(end);
        for block in offset / BLOCK..end.div_ceil(BLOCK) {
            let start = block * BLOCK;
            let (from, to) = (start.max(offset), (start + BLOCK).min(end));
            let mut bytes = self.block(file, block)?;
            let source = &data[index(from - offset)..index(to - offset)];
            bytes[index(from - start)..index(to - start)].copy_from_slice(source);
            self.blocks.insert(block, bytes);
        }
        self.steps.push(Step::Write { offset, data: data.to_vec() });
        Ok(())
    }

    fn block(&self, file: &dyn StorageBackend, block: u64) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.blocks.get(&block) {
            return Ok(bytes.clone());
        }
        let mut bytes = vec![0; index(BLOCK)];
        self.read_the_files_own(file, block * BLOCK, &mut bytes)?;
        Ok(bytes)
    }

    /// What of the file's own is still to be seen there.
    fn read_the_files_own(&self, file: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = self.base.saturating_sub(offset).min(out.len() as u64);
        if there > 0 { file.read(offset, &mut out[..index(there)]) } else { Ok(()) }
    }

    fn set_len(&mut self, len: u64) {
        self.base = self.base.min(len);
        self.blocks.retain(|block, _| block * BLOCK < len);
        if let Some(bytes) = self.blocks.get_mut(&(len / BLOCK)) {
            bytes[index(len % BLOCK)..].fill(0);
        }
        self.len = len;
        self.steps.push(Step::SetLen(len));
    }
}

/// Offsets within a buffer that is in memory fit a `usize`.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl StorageBackend for Gate {
    fn len(&self) -> io::Result<u64> {
        match &*self.0.read() {
            Some(held) => Ok(held.len),
            None => self.0.file.len(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &*self.0.read() {
            Some(held) => held.read(&*self.0.file, offset, out),
            None => self.0.file.read(offset, out),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // Looked at under the lock for readers first: an open gate is the rule.
        if self.0.read().is_none() {
            return self.0.file.set_len(len);
        }
        match &mut *self.0.write() {
            Some(held) => held.set_len(len),
            None => self.0.file.set_len(len)?,
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.0.read().is_none() {
            return self.0.file.sync_data();
        }
        match &mut *self.0.write() {
            Some(held) => held.steps.push(Step::Sync),
            None => self.0.file.sync_data()?,
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.0.read().is_none() {
            return self.0.file.write(offset, data);
        }
        match &mut *self.0.write() {
            Some(held) => held.write(&*self.0.file, offset, data),
            None => self.0.file.write(offset, data),
        }
    }

    fn close(&self) -> io::Result<()> {
        self.0.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        match self.0.shared {
            true => self.0.file.try_lock_shared_range(start, end),
            false => self.0.file.try_lock_range(start, end),
        }
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.try_lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    #[derive(Clone, Debug)]
    enum Do {
        Write(u64, Vec<u8>),
        SetLen(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Do>> {
        let write = (0..20_000_u64, proptest::collection::vec(any::<u8>(), 1..9_000));
        let step = prop_oneof![
            write.prop_map(|(offset, data)| Do::Write(offset, data)),
            (0..30_000_u64).prop_map(Do::SetLen),
        ];
        proptest::collection::vec(step, 1..12)
    }

    fn done(to: &dyn StorageBackend, steps: &[Do]) {
        for step in steps {
            match step {
                Do::Write(offset, data) => {
                    let end = offset + data.len() as u64;
                    // As the database does: it grows the file before it writes there.
                    if to.len().unwrap() < end {
                        to.set_len(end).unwrap();
                    }
                    to.write(*offset, data).unwrap();
                }
                Do::SetLen(len) => to.set_len(*len).unwrap(),
            }
        }
    }

    fn all(of: &dyn StorageBackend) -> Vec<u8> {
        let mut bytes = vec![0; index(of.len().unwrap())];
        of.read(0, &mut bytes).unwrap();
        bytes
    }

    #[derive(Clone, Debug)]
    struct Shared(Arc<InMemoryBackend>);

    impl StorageBackend for Shared {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.0.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.write(offset, data)
        }
    }

    proptest! {
        #[test]
        fn behind_the_gate_is_what_the_file_will_be(before in steps(), behind in steps()) {
            let (plain, file) = (InMemoryBackend::new(), Shared(Arc::default()));
            done(&plain, &before);
            done(&file, &before);
            let untouched = all(&file);
            let gate = Gate::new(Box::new(file.clone()), false).unwrap();
            done(&plain, &behind);
            done(&gate, &behind);
            prop_assert_eq!(all(&gate), all(&plain));
            prop_assert_eq!(all(&file), untouched);
            gate.open().unwrap();
            prop_assert_eq!(all(&file), all(&plain));
            prop_assert_eq!(all(&gate), all(&plain));
        }
    }
}
