//! Whether an error of the system says that this machine has run out of something.

use rustix::io::Errno;
use std::{error::Error, io};

/// What the machine runs out of: space, quota, descriptors, memory, processes, ports.
const EXHAUSTED: [Errno; 8] = [
    Errno::NOSPC,
    Errno::DQUOT,
    Errno::MFILE,
    Errno::NFILE,
    Errno::NOMEM,
    Errno::AGAIN,
    Errno::NOBUFS,
    Errno::ADDRNOTAVAIL,
];

/// Whether the machine has run out of something. Looks at what caused the error, too: libraries wrap what the system says.
pub(crate) fn exhausted(error: &io::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.raw_os_error().is_some_and(is_exhaustion) || is_exhaustion_kind(error.kind())) {
            return true;
        }
        // An `io::Error` that wraps another error gives out that error's source, not the error itself.
        let wrapped = io.and_then(io::Error::get_ref).map(|inner| inner as &(dyn Error + 'static));
        next = wrapped.or_else(|| error.source());
    }
    false
}

/// What is left where a library kept the kind alone.
fn is_exhaustion_kind(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::OutOfMemory)
}

fn is_exhaustion(code: i32) -> bool {
    EXHAUSTED.iter().any(|errno| errno.raw_os_error() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exhaustion_is_found_however_deep_it_is_wrapped() {
        for errno in EXHAUSTED {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert!(exhausted(&error), "{error}");
            assert!(exhausted(&io::Error::other(io::Error::other(error))));
        }
        // A file that is always full, as the system itself has it.
        assert!(exhausted(&std::fs::write("/dev/full", "x").unwrap_err()));
        assert!(exhausted(&io::Error::new(io::ErrorKind::StorageFull, "a path")));
    }

    #[test]
    fn other_errors_are_none() {
        for errno in
            [Errno::NOENT, Errno::ACCESS, Errno::CONNREFUSED, Errno::CONNRESET, Errno::TIMEDOUT, Errno::NETUNREACH]
        {
            assert!(!exhausted(&io::Error::other(io::Error::from_raw_os_error(errno.raw_os_error()))), "{errno}");
        }
        assert!(!exhausted(&io::Error::other("no space left on device")));
    }
}
