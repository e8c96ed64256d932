//! What a client asks for in the address it connects to.

use url::form_urlencoded;

use super::frame::{Closing, DECODE_ERROR, INVALID_VERSION};

/// How everything that is sent is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Zlib,
    Zstd,
}

/// The parameters of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) version: u32,
    pub(super) compression: Compression,
}

/// Reads the query, or says what the connection is closed with. What is not said is version 10, JSON and plain text.
pub(super) fn read(query: &str) -> Result<Query, Closing> {
    let mut read = Query { version: 10, compression: Compression::None };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("v", version) => {
                read.version = version.parse().ok().filter(|one| matches!(one, 9 | 10)).ok_or(INVALID_VERSION)?;
            }
            ("encoding", "json") => {}
            // ETF is Discord's other encoding, which no music library uses by default: not spoken here.
            ("encoding", _) => return Err((4002, "This simulator speaks encoding=json only.")),
            ("compress", "zlib-stream") => read.compression = Compression::Zlib,
            ("compress", "zstd-stream") => read.compression = Compression::Zstd,
            ("compress", "" | "false") => {}
            ("compress", _) => return Err(DECODE_ERROR),
            _ => {}
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_parameters_are_read_as_documented() {
        let plain = Query { version: 10, compression: Compression::None };
        assert_eq!(read(""), Ok(plain));
        assert_eq!(read("v=10&encoding=json"), Ok(plain));
        assert_eq!(read("v=9"), Ok(Query { version: 9, ..plain }));
        assert_eq!(read("compress=zlib-stream").map(|one| one.compression), Ok(Compression::Zlib));
        assert_eq!(read("encoding=json&v=10&compress=zstd-stream").map(|one| one.compression), Ok(Compression::Zstd));
        for (wrong, code) in [("v=6", 4012), ("v=x", 4012), ("encoding=etf", 4002), ("compress=lz4", 4002)] {
            assert_eq!(read(wrong).unwrap_err().0, code, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_the_reader_panic(query in ".{0,100}") {
            let _ = read(&query);
        }
    }
}
