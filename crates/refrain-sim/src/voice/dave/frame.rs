//! Telling an end-to-end encrypted frame from plain Opus: the protocol frame check of the DAVE whitepaper.

use super::tls::Reader;

const TAG: usize = 8;
/// Tag, nonce of one byte, the size and the marker.
const LEAST: usize = TAG + 1 + 1 + 2;
const MARKER: [u8; 2] = [0xfa, 0xfa];

/// What a sender that pauses sends unencrypted, in a group or not.
pub(super) const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// Whether the frame has the form of an encrypted one.
pub(super) fn is_encrypted(frame: &[u8]) -> bool {
    check(frame).is_some()
}

fn check(frame: &[u8]) -> Option<()> {
    let (rest, marker) = frame.split_last_chunk::<2>()?;
    let (&size, _) = rest.split_last()?;
    let size = usize::from(size);
    if *marker != MARKER || size < LEAST || size >= frame.len() {
        return None;
    }
    let supplement = &frame[frame.len() - size..frame.len() - 3];
    let mut reader = Reader::new(supplement);
    reader.take(TAG)?;
    leb128(&mut reader)?;
    let mut end = 0_u64;
    while !reader.is_empty() {
        let (offset, length) = (leb128(&mut reader)?, leb128(&mut reader)?);
        if offset < end {
            return None;
        }
        end = offset.checked_add(length)?;
    }
    let interleaved = u64::try_from(frame.len() - size).ok()?;
    (end <= interleaved).then_some(())
}

/// An unsigned number of 64 bits at most, seven bits a byte, the lowest first.
fn leb128(reader: &mut Reader<'_>) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = reader.u8()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(supplement: &[u8]) -> Vec<u8> {
        let mut frame = vec![1, 2, 3, 4];
        frame.extend([0; TAG]);
        frame.extend(supplement);
        frame.push(u8::try_from(TAG + supplement.len() + 3).unwrap());
        frame.extend(MARKER);
        frame
    }

    #[test]
    fn a_frame_with_nonce_and_ordered_ranges_inside_it_is_encrypted() {
        assert!(is_encrypted(&frame(&[7])));
        assert!(is_encrypted(&frame(&[0xff, 0x01, 0, 1, 2, 2])), "a longer nonce, and two ranges");
    }

    #[test]
    fn what_breaks_a_rule_is_not() {
        for supplement in [&[0x80][..], &[7, 1], &[7, 0, 5], &[7, 2, 1, 0, 1], &[7, 0, 2, 1, 1]] {
            assert!(!is_encrypted(&frame(supplement)), "{supplement:?}");
        }
        let mut other_marker = frame(&[7]);
        other_marker.pop();
        other_marker.push(0xfb);
        assert!(!is_encrypted(&other_marker));
        assert!(!is_encrypted(&SILENCE));
        assert!(!is_encrypted(&frame(&[7])[4..]), "nothing but supplement");
    }

    proptest! {
        #[test]
        fn any_frame_has_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..64), size in 0_u8..40) {
            let _ = is_encrypted(&bytes);
            let _ = is_encrypted(&[&bytes[..], &[size], &MARKER].concat());
        }
    }
}
