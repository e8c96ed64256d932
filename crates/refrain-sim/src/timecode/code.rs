//! What a frame carries, as sixteen symbols of two bits: its number and its track, mixed so that neighbours differ in
//! most symbols, and a check over them.

/// Groups of tones, hence symbols in a frame.
pub(super) const GROUPS: usize = 16;
/// Frames of a track that can be told apart.
pub(super) const FRAMES: u32 = 1 << FRAME_BITS;
/// Tracks that can be told apart.
pub(super) const TRACKS: u8 = 1 << 7;

const FRAME_BITS: u32 = 17;
const MASK: u32 = (1 << 24) - 1;
/// Odd, so that multiplying by it modulo 2^24 can be undone.
const FIRST: u32 = 0x9e_3779;
const SECOND: u32 = 0x85_ebcb;

/// The symbols (0 to 3) of a frame.
pub(super) fn symbols(track: u8, frame: u32) -> [u8; GROUPS] {
    let mixed = mix((u32::from(track % TRACKS) << FRAME_BITS) | (frame % FRAMES));
    let word = mixed << 8 | u32::from(check(mixed));
    std::array::from_fn(|group| (word >> (2 * group)) as u8 & 3)
}

/// Track and frame; `None` where the check does not fit.
pub(super) fn read(symbols: &[u8; GROUPS]) -> Option<(u8, u32)> {
    let word = symbols.iter().rev().fold(0_u32, |word, symbol| word << 2 | u32::from(symbol & 3));
    let mixed = word >> 8;
    (check(mixed) == word as u8).then(|| {
        let value = unmix(mixed);
        ((value >> FRAME_BITS) as u8, value % FRAMES)
    })
}

/// A bijection of 24 bits in which one changed bit changes about half of them.
fn mix(value: u32) -> u32 {
    let value = value ^ value >> 12;
    let value = value.wrapping_mul(FIRST) & MASK;
    let value = value ^ value >> 13;
    let value = value.wrapping_mul(SECOND) & MASK;
    value ^ value >> 12
}

fn unmix(value: u32) -> u32 {
    // A shift by half of the bits or more undoes itself.
    let value = value ^ value >> 12;
    let value = value.wrapping_mul(inverse(SECOND)) & MASK;
    let value = value ^ value >> 13;
    let value = value.wrapping_mul(inverse(FIRST)) & MASK;
    value ^ value >> 12
}

/// The inverse of an odd number modulo 2^32, by Newton's iteration: each step doubles the bits that are right.
const fn inverse(odd: u32) -> u32 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

/// CRC-8 of 24 bits, with the polynomial x^8 + x^2 + x + 1. It begins with ones, so that no word is all zeroes.
fn check(value: u32) -> u8 {
    value.to_be_bytes()[1..].iter().fold(0xff, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_frame_of_every_track_can_be_read(track in 0..TRACKS, frame in 0..FRAMES) {
            prop_assert_eq!(read(&symbols(track, frame)), Some((track, frame)));
        }

        #[test]
        fn one_wrong_symbol_is_always_noticed(track in 0..TRACKS, frame in 0..FRAMES, at in 0..GROUPS, by in 1_u8..4) {
            let mut wrong = symbols(track, frame);
            wrong[at] = (wrong[at] + by) % 4;
            prop_assert_eq!(read(&wrong), None);
        }
    }

    #[test]
    fn neighbouring_frames_differ_in_most_symbols() {
        let differing = |frame: u32| {
            let pair = (symbols(7, frame), symbols(7, frame + 1));
            pair.0.iter().zip(pair.1).filter(|(one, other)| **one != *other).count()
        };
        let all: Vec<usize> = (0..10_000).map(differing).collect();
        let mean = all.iter().sum::<usize>() as f64 / all.len() as f64;
        assert!(mean > 11.0, "{mean}");
        assert!(all.iter().all(|count| *count >= 3), "{:?}", all.iter().min());
    }
}
