//! The embedding API of Refrain: one actor a guild composes recovery, queue, extraction, audio and voice.
//!
//! No Discord library is known here. The embedder hands in a [`GatewayPort`] through which op 4 and notices leave, and
//! feeds each guild's [`GuildHandle`] with what the main gateway says ([`GuildHandle::gateway`]) and with commands.
//!
//! What a guild decides is a [`refrain_guild::Guild`], a value without IO. The actor is the shell around it: it takes what
//! happens one at a time, reads the clocks, and carries out what the guild says. Nothing else holds guild state.

mod actor;
mod api;
mod favorites;
mod gateway;
mod gone;
mod governor;
mod handle;
mod inbox;
mod metrics;
mod playheads;
pub mod policy;
mod recording;
mod registry;
mod unix;

pub use api::Settings;
pub use gateway::GatewayPort;
pub use handle::GuildHandle;
pub use metrics::describe_metrics;
pub use recording::RecordingSettings;
pub use refrain_audio::PipelineConfig;
pub use refrain_extract::{EgressPolicy, Extractor, ExtractorConfig};
pub use refrain_guild::{
    Announcement, AnnouncementKind, AnnouncementStep, Answer, AskerChannel, Command, CommandError, Delay, Doing,
    Ending, FailedTrack, FailureClass, Interruption, Leftover, MissingPermission, NextStep, NotHeard, NowPlaying,
    Panel, PanelFace, PanelFailure, PanelNews, PanelWaits, PlayRequest, Played, PlayedAll, QueueView, Recording,
    RecordingError, Recovering, Replayed, Scene, Seek, SilenceReason, Skipped, SourceFailure, SourcePolicy,
    SourceTrouble, StaysAway, Stopped, TimelineEntry, TimelinePage, Trouble, Undone, VoiceStatus, VoiceSummary,
    Waiting,
};
pub use refrain_model::{AutoResume, GuildId, GuildSettings, LoopMode, MAX_QUEUE, SettingChange, WhenOver};
pub use refrain_queue::{Limits, Page, Place};
pub use refrain_recovery::{AutoRejoin, CloseCode, GatewayEvent, Policy, Presence, Verdict, governor::GovernorPolicy};
pub use refrain_store as store;
pub use registry::{Refrain, StartError};
