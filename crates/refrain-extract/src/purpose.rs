//! What a request is for.

/// What a request is for. It decides which line the request waits in, and what a member reads when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Purpose {
    /// A track of a queue is to play: members hear silence until the request is answered.
    Play,
    /// A member asks what there is.
    LookUp,
}

impl Purpose {
    /// How an operator's log calls such a request.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Play => "resolve",
            Self::LookUp => "look-up",
        }
    }

    /// How many requests of one guild may wait for a place.
    pub(crate) const fn max_waiting(self) -> usize {
        match self {
            Self::Play => 16,
            Self::LookUp => 64,
        }
    }
}
