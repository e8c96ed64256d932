//! What every driver does.

use refrain_audio::{EndReason, FrameStream};
use refrain_recovery::{DriverEvent, Generation, VoiceSession};
use tokio::sync::mpsc;

/// A connection to Discord's voice servers for one guild.
///
/// Every call returns at once; what comes of it arrives as a [`DriverReport`] on the channel that the driver was made
/// with. Reports of a connection carry its generation, so that late ones can be told apart.
///
/// There are two connections at most: one that stands, and one that is being made to take its place. The frames go over
/// from the one to the other without a pause, and never over both.
pub trait VoiceDriver: Send {
    /// Begins to connect. An earlier connection, of a lower generation, that was not torn down goes on: it carries the
    /// frames until this one is connected and takes its first, and both are reported on. A driver that can hold only
    /// one connection drops the earlier one here, and holds the frames until this one is connected.
    fn connect(&mut self, generation: Generation, session: VoiceSession);

    /// Resumes the session of this generation on a new socket. A driver that cannot reports the connection as closed.
    fn resume(&mut self, generation: Generation);

    /// Drops the connection of this generation, and an attempt under way for it; nothing more is reported on it. An unknown
    /// generation is ignored.
    fn tear_down(&mut self, generation: Generation);

    /// Takes frames from `stream` from now on; `None` takes the stream away.
    fn attach(&mut self, stream: Option<FrameStream>);

    /// Lets the frames flow, or holds them: a held stream keeps its position. It is said again whenever a connection stands.
    fn set_flowing(&mut self, flowing: bool);

    /// Looks for a sign of life of this connection, and reports [`DriverEvent::Reachable`], or
    /// [`DriverEvent::Unresponsive`] within a quarter of a minute or so; [`DriverEvent::Closed`] where no such
    /// connection is held.
    fn probe(&mut self, generation: Generation);
}

/// What a driver has to say.
#[derive(Clone, Debug)]
pub enum DriverReport {
    /// About the connection.
    Connection {
        /// Which connection.
        generation: Generation,
        /// What happened to it.
        event: DriverEvent,
    },
    /// The attached stream has no frame at a moment at which it should: the first time since it was attached or last
    /// flowed. A stream that is held, or has no connection to carry it, does not starve.
    SourceStarved {
        /// The stream.
        stream: FrameStream,
    },
    /// The attached stream brings frames: the first since it was attached or starved.
    SourceFlowing {
        /// The stream.
        stream: FrameStream,
    },
    /// The attached stream came to its end. Its position says where.
    StreamEnded {
        /// The stream.
        stream: FrameStream,
        /// Why it ended.
        reason: EndReason,
    },
}

/// Where reports go. Unbounded, because a mixer thread must never wait; a driver sends a handful a connection.
pub type ReportSender = mpsc::UnboundedSender<DriverReport>;
