//! Close codes of the voice gateway, and what each one asks for.

use core::fmt;

/// A websocket close code of the voice gateway, listed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a close code asks for, by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Resume on a new socket with the same session; `tries` times, then a new session.
    Resume {
        /// How often.
        tries: u32,
    },
    /// A new session through the main gateway, at once the first time; `tries` times in a row at most.
    NewSession {
        /// How often, where the code itself bounds it.
        tries: Option<u32>,
    },
    /// The code does not tell what happened: weigh what the main gateway says.
    Weigh,
    /// Retrying now makes it worse: a cooldown first.
    CoolDown,
    /// No retry can help.
    Fatal,
}
