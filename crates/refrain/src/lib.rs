//! The embedding API of Refrain: one actor a guild composes recovery, queue, extraction, audio and voice.
//!
//! No Discord library is known here. The embedder hands in a [`GatewayPort`] through which op 4 and notices leave, and
//! feeds each guild's [`GuildHandle`] with what the main gateway says ([`GuildHandle::gateway`]) and with commands.
//!
//! One actor owns everything mutable about a guild. Commands, driver reports, gateway events and timers arrive in its
//! mailbox one at a time: that is the per-guild lock, and nothing else holds guild state.

mod actor;
mod announcement;
mod api;
mod error;
mod favorites;
mod gateway;
mod governor;
mod handle;
mod metrics;
mod panel;
mod playheads;
pub mod policy;
mod registry;
mod status;

pub use announcement::{Announcement, AnnouncementKind, AnnouncementStep, Ending, Interruption, NextStep, Trouble};
pub use api::{NowPlaying, PlayRequest, Played, PlayedAll, QueueView, Settings, Skipped, Undone, VoiceSummary};
pub use error::CommandError;
pub use gateway::{GatewayPort, Leftover, Scene};
pub use handle::GuildHandle;
pub use metrics::describe_metrics;
pub use panel::{Panel, PanelFace, PanelNews, StaysAway};
pub use refrain_audio::PipelineConfig;
pub use refrain_extract::{EgressPolicy, Extractor, ExtractorConfig};
pub use refrain_model::{AutoResume, GuildId, GuildSettings, LoopMode, SettingChange, WhenOver};
pub use refrain_queue::{Limits, Page, Place};
pub use refrain_recovery::{AutoRejoin, CloseCode, GatewayEvent, Policy, Presence, Verdict, governor::GovernorPolicy};
pub use refrain_store as store;
pub use registry::Refrain;
pub use status::{Doing, Recovering, TimelineEntry, TimelinePage, VoiceStatus, Waiting};
