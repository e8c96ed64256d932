//! Close codes of the voice gateway, and what each one asks for.

use core::fmt;
use serde::{Deserialize, Serialize};

/// A websocket close code of the voice gateway, listed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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

impl Reaction {
    /// The reaction to a socket that ended without a code: the network, so resume.
    pub const LOST_SOCKET: Self = Self::Resume { tries: LOST_SOCKET_TRIES };
}

/// How often a session is resumed whose socket was lost.
pub(crate) const LOST_SOCKET_TRIES: u32 = 3;

/// After this many closes with [`Reaction::CoolDown`] in a row, the bot stays out.
pub(crate) const COOL_DOWN_TRIES: u32 = 2;

impl CloseCode {
    /// Closed normally: a forced or manual leave, or a voice server that is done with the session.
    pub(crate) const NORMAL: Self = Self(1000);

    /// What this code asks for, by itself: what else is known may outweigh it.
    ///
    /// Source: Discord's list of voice close event codes, and what the libraries learned about the rest.
    #[must_use]
    pub const fn reaction(self) -> Reaction {
        match self.0 {
            1001 | 1005 | 1006 => Reaction::LOST_SOCKET,
            4003 | 4006 | 4011 => Reaction::NewSession { tries: None },
            4001 | 4002 | 4005 | 4012 | 4016 | 4020 => Reaction::NewSession { tries: Some(1) },
            4004 => Reaction::NewSession { tries: Some(2) },
            4014 | 4022 => Reaction::Weigh,
            4015 => Reaction::Resume { tries: 3 },
            4017 => Reaction::Fatal,
            4021 => Reaction::CoolDown,
            // 1000 and 4009, and whatever is not listed: one resume costs little, a new session always helps.
            _ => Reaction::Resume { tries: 1 },
        }
    }

    /// Whether Discord documents this code, or a websocket library makes it up for a lost socket.
    #[must_use]
    pub const fn is_listed(self) -> bool {
        matches!(self.0, 1000 | 1001 | 1005 | 1006 | 4001..=4006 | 4009 | 4011 | 4012 | 4014..=4017 | 4020..=4022)
    }

    /// What this code says, in words for an operator.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self.0 {
            1000 => "the voice server closed the socket normally",
            1001 => "the voice server is going away",
            1005 => "the socket was closed without a code",
            1006 => "the socket was lost",
            4001 => "the voice server did not know the opcode that was sent",
            4002 => "the voice server could not decode what was sent",
            4003 => "something was sent before Identify",
            4004 => "the voice token was not accepted",
            4005 => "Identify was sent twice",
            4006 => "the voice session is no longer valid",
            4009 => "the voice session timed out",
            4011 => "the voice server was not found",
            4012 => "the voice server did not know the protocol",
            4014 => "disconnected: kicked, moved, or the main session was dropped",
            4015 => "the voice server crashed",
            4016 => "the voice server did not know the encryption mode",
            4017 => "the channel requires end-to-end encryption (DAVE), which this connection did not offer",
            4020 => "the voice server rejected a malformed request",
            4021 => "Discord limits the rate of voice connections",
            4022 => "the call was terminated: channel deleted, server changed, or kicked while alone",
            _ => "a close code that is not listed",
        }
    }
}
