//! The length of an Opus packet, read from its table of contents (RFC 6716, section 3.1).

/// The sound in `packet`, in samples at 48 kHz; `None` for what is no Opus packet.
pub(crate) fn samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let config = toc >> 3;
    let frame = match config {
        // SILK alone: 10, 20, 40, 60 ms.
        0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        // SILK and CELT: 10, 20 ms.
        12..=15 => [480, 960][usize::from(config & 1)],
        // CELT alone: 2.5, 5, 10, 20 ms.
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*packet.get(1)? & 0x3f),
    };
    Some(frame * frames)
}

#[cfg(test)]
mod tests {
    use super::samples;

    #[test]
    fn tells_the_length_of_every_kind_of_packet() {
        assert_eq!(samples(&[0xfc, 0]), Some(960), "CELT, 20 ms, one frame");
        assert_eq!(samples(&[0x78, 0]), Some(960), "hybrid, 20 ms");
        assert_eq!(samples(&[0x08, 0]), Some(960), "SILK, 20 ms");
        assert_eq!(samples(&[0x18, 0]), Some(2880), "SILK, 60 ms");
        assert_eq!(samples(&[0xf1, 0]), Some(960), "CELT, two frames of 10 ms");
        assert_eq!(samples(&[0xe3, 0x08]), Some(960), "CELT, eight frames of 2.5 ms");
        assert_eq!(samples(&[0xff, 0x06]), Some(5760), "CELT, six frames of 20 ms");
    }

    #[test]
    fn refuses_what_is_cut_short() {
        assert_eq!(samples(&[]), None);
        assert_eq!(samples(&[0xff]), None);
    }
}
