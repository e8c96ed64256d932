//! The form of a leaf and of a key package, as DAVE uses them: basic credentials and no extensions.
//!
//! It is checked here before the MLS library sees the bytes: the library's reader asserts, in debug builds, what it
//! should refuse.

use super::tls::Reader;

const BASIC_CREDENTIAL: u16 = 1;
const OF_KEY_PACKAGE: u8 = 1;
const OF_UPDATE: u8 = 2;
const OF_COMMIT: u8 = 3;

/// What must not change of a leaf.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeafIdentity {
    pub(super) signature_key: Vec<u8>,
    pub(super) identity: Vec<u8>,
}

impl LeafIdentity {
    /// Reads a LeafNode to its end.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.vector()?;
        let signature_key = reader.vector()?.to_vec();
        if reader.u16()? != BASIC_CREDENTIAL {
            return None;
        }
        let identity = reader.vector()?.to_vec();
        // The capabilities: versions, cipher suites, extensions, proposals, credentials.
        for _ in 0..5 {
            let numbers = reader.vector()?;
            if numbers.len() % 2 != 0 {
                return None;
            }
        }
        match reader.u8()? {
            OF_KEY_PACKAGE => drop(reader.take(16)?),
            OF_UPDATE => {}
            OF_COMMIT => drop(reader.vector()?),
            _ => return None,
        }
        let extensions = reader.vector()?;
        skip_vectors(reader, 1)?;
        extensions.is_empty().then_some(Self { signature_key, identity })
    }
}

/// Whether this is a KeyPackage and nothing more.
pub(super) fn is_key_package(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let mut read = || {
        reader.take(4)?;
        reader.vector()?;
        LeafIdentity::read(&mut reader)?;
        let extensions = reader.vector()?;
        skip_vectors(&mut reader, 1)?;
        extensions.is_empty().then_some(())
    };
    read().is_some() && reader.is_empty()
}

/// Reads over this many vectors.
pub(super) fn skip_vectors(reader: &mut Reader<'_>, count: usize) -> Option<()> {
    for _ in 0..count {
        reader.vector()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use davey::DaveSession;
    use proptest::prelude::*;
    use std::num::NonZeroU16;

    fn key_package() -> Vec<u8> {
        DaveSession::new(NonZeroU16::MIN, 1, 7, None).unwrap().create_key_package().unwrap()
    }

    #[test]
    fn a_key_package_is_one_as_a_whole_only() {
        let whole = key_package();
        assert!(is_key_package(&whole));
        for end in 0..whole.len() {
            assert!(!is_key_package(&whole[..end]), "the first {end} bytes");
        }
        assert!(!is_key_package(&[&whole[..], &[0]].concat()));
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = is_key_package(&bytes);
            let _ = LeafIdentity::read(&mut Reader::new(&bytes));
        }
    }
}
