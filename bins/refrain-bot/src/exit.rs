//! Exit codes, documented in docs/operations.md. The numbers below 128 are those of sysexits.h.

/// A fault in the bot itself.
pub(crate) const SOFTWARE: u8 = 70;
/// A file that cannot be read for what it should be.
pub(crate) const DATA: u8 = 65;
/// Something to be put right before another start can work: the configuration, a token, a program that is missing.
pub(crate) const CONFIGURATION: u8 = 64;
/// Discord could not be reached, or refused for now: another start may work.
pub(crate) const UNAVAILABLE: u8 = 69;
/// A second signal: 128 and SIGINT's number.
pub(crate) const INTERRUPTED: u8 = 130;
