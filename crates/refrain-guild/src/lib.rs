//! Everything a guild decides, sans-IO.
//!
//! A [`Guild`] is one value. It holds no socket, no task, no file and no clock. It owns the guild's
//! [`Queue`](refrain_queue::Queue) and its [`Recovery`](refrain_recovery::Recovery) machine and decides what is opened,
//! played, retried, passed over, saved, answered and shown. A shell (the actor in the crate `refrain`) feeds it, carries out
//! what it says, and moves the time. The shell decides nothing.
//!
//! # The run loop
//!
//! 1. Something happened, or the time has come: read [`Observed`] (the clocks, the position of the attached source, the
//!    channel that [`Guild::watched_channel`] names).
//! 2. Call [`Guild::handle_input`] with it, or [`Guild::handle_timeout`].
//! 3. Call [`Guild::poll_output`] until it returns `None`, and carry out each [`GuildOutput`] in order. Two outputs are
//!    answered on the spot, from within the loop: [`GuildOutput::Rewind`], and [`GuildOutput::AskTurn`] where a turn is free.
//! 4. Sleep until the moment that [`Guild::poll_timeout`] names, or until something happens; then go to 1.
//!
//! Nothing may be fed in between two outputs but those two answers: an output may depend on the ones before it. Each of them
//! comes with an [`Observed`] that was read anew.
//!
//! The first output, [`GuildOutput::Load`], is there before any input: drain once at the start. Until [`Guild::is_loaded`],
//! hold gateway events, [`GuildInput::ChannelChanged`] and commands back, because the record decides which channel has to be
//! described. Then feed `GatewayEvent::GuildAvailable`, also where the guild was there all along (a shell that starts again):
//! with it the guild restores what it played. [`Guild::watched_channel`] may change with each step. Answer each
//! [`GuildOutput::LookUp`] and [`GuildOutput::OpenSource`] once; what is found or opened after its
//! [`GuildOutput::CancelLookUp`] or [`GuildOutput::CloseSource`] is dropped and not told. After [`GuildOutput::Finished`]
//! nothing is fed any more.
//!
//! # The order of polling
//!
//! When several things wait, what has happened comes before what is wanted: reports of the driver, events of the gateway,
//! turns, the time, and then commands and results of look-ups and sources. A command must see the state as it is. After a
//! wake-up the time comes last, once: a timer can never keep a command waiting.
//!
//! # The contract of time
//!
//! - [`Observed::at`] never goes back. A step that is late by minutes (a frozen process) is an ordinary step.
//! - [`Observed::unix_ms`] may jump; it decides nothing but what is shown and saved.
//! - [`Guild::poll_timeout`] names the earliest [`GuildTimer`] that is set. An early call of [`Guild::handle_timeout`]
//!   is harmless. One late call fires everything that is due.
//! - While the intent is to play and no frames flow, the guild has a [`SilenceReason`], and a timer wherever that reason
//!   could otherwise last for ever. [`GuildOutput::Load`] is the exception: the shell answers it within a bounded time.
//! - The same inputs at the same moments with the same seed give the same outputs. That makes a recording of a guild's
//!   inputs ([`Recording`]) a test.
//!
//! # Words
//!
//! *Flowed* is how far frames were given to the driver. *Heard* is how far the voice server proved to have got them, or how
//! far they flowed while those proofs are fresh. Reopening, saving and answering use *heard*; the panel's bar may show *flowed*.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod announcement;
mod api;
mod error;
mod guild;
mod incident;
mod input;
mod observation;
mod output;
mod panel;
mod policy;
mod recording;
mod source;
mod status;
mod timer;
mod view;

pub use announcement::{
    Announcement, AnnouncementKind, AnnouncementStep, Ending, FailedTrack, Interruption, NextStep, NotHeard,
    SourceTrouble, Trouble,
};
pub use api::{
    AskerChannel, ChannelScene, Delay, MissingPermission, NowPlaying, PlayRequest, Played, PlayedAll, QueueView, Scene,
    Skipped, Stopped, Undone, VoiceSummary,
};
pub use error::CommandError;
pub use guild::Guild;
pub use input::{
    Command, CommandId, GuildInput, LookUpId, Observed, PanelFailure, Seek, SourceEvent, SourceId, SourceReading,
};
pub use observation::{LeaveReason, Observation};
pub use output::{Answer, GuildOutput, Leftover, OpenSource};
pub use panel::{Panel, PanelFace, PanelNews, PanelWaits, StaysAway};
pub use policy::{GuildPolicy, SourcePolicy};
pub use recording::{Header, Recording, RecordingError, Redactor, Replayed, Step};
pub use refrain_model::{FailureClass, GuildSettings, SettingChange, SourceFacts, SourceFailure};
pub use status::{Doing, Recovering, TimelineEntry, TimelinePage, VoiceStatus, Waiting};
pub use timer::GuildTimer;
pub use view::{SilenceReason, VoiceView};
