//! What a guild waits for.

use refrain_recovery::Timer;

/// Why [`Guild::poll_timeout`](crate::Guild::poll_timeout) wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GuildTimer {
    /// The recovery machine's own timer.
    Recovery(Timer),
    /// The record is read again.
    LoadAgain,
    /// After a restart, the bot looks at its channel again and decides whether to come back.
    Restore,
    /// A look-up has taken as long as an answer can wait.
    LookUpDeadline,
    /// A look-up that is done no longer waits for one that was asked for earlier.
    LookUpOrder,
    /// A member who waits for sound is answered that it takes long.
    AnswerDeadline,
    /// An opening counts as failed.
    OpenDeadline,
    /// A source is tried again.
    SourceBackoff,
    /// A source with another volume is tried again.
    VolumeRetry,
    /// A source without frames counts as broken.
    StallCheck,
    /// A track has played long enough for its failures to be forgotten.
    SourceRefill,
    /// A source that no member can hear closes.
    SourceGrace,
    /// The bot leaves because the queue has run out.
    IdleLeave,
    /// The bot looks whether members listen, or leaves because none does.
    AloneLeave,
    /// Members are told of an interruption of the voice connection, or its message goes.
    IncidentMessage,
    /// Members are told of a source that fails, or its message goes.
    SourceMessage,
}
