//! The TLS presentation language, as far as MLS messages need it: integers, and vectors whose length is written in one,
//! two or four bytes (RFC 9420, section 2.1.2).

/// Reads from the front; `None` wherever the bytes end too early.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// What is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const BYTES: usize>(&mut self) -> Option<[u8; BYTES]> {
        self.take(BYTES)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// What is in a vector.
    pub(super) fn vector(&mut self) -> Option<&'a [u8]> {
        let first = self.u8()?;
        let low = u32::from(first & 0x3f);
        let length = match first >> 6 {
            0 => low,
            1 => low << 8 | u32::from(self.u8()?),
            2 => low << 24 | self.array::<3>().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))?,
            _ => return None,
        };
        self.take(usize::try_from(length).ok()?)
    }
}

/// A vector with these bytes in it. What is longer than a vector can be (2^30 bytes) never comes up here.
pub(super) fn vector(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let mut out = Vec::with_capacity(length + 4);
    match length {
        0..=0x3f => out.push(length as u8),
        0x40..=0x3fff => out.extend((length as u16 | 0x4000).to_be_bytes()),
        _ => out.extend((length as u32 | 0x8000_0000).to_be_bytes()),
    }
    out.extend(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_written_as_in_the_standards_examples() {
        // RFC 9000, appendix A.1, which RFC 9420 takes over for up to four bytes.
        assert_eq!(vector(&[0; 37])[..1], [0x25]);
        assert_eq!(vector(&[0; 15_293])[..2], [0x7b, 0xbd]);
        assert_eq!(vector(&[0; 16_384])[..4], [0x80, 0, 0x40, 0]);
    }

    #[test]
    fn a_length_of_eight_bytes_and_a_vector_cut_short_are_refused() {
        assert_eq!(Reader::new(&[0xc0, 0, 0, 0, 0, 0, 0, 1, 9]).vector(), None);
        assert_eq!(Reader::new(&[0x02, 9]).vector(), None);
        assert_eq!(Reader::new(&[]).vector(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in proptest::collection::vec(any::<u8>(), 0..300), repeat in 1_usize..100) {
            let bytes = bytes.repeat(repeat);
            let written = vector(&bytes);
            let mut reader = Reader::new(&written);
            prop_assert_eq!(reader.vector(), Some(&bytes[..]));
            prop_assert!(reader.is_empty());
        }
    }
}
