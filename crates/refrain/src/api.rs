//! What every guild of a process is made with.

use crate::RecordingSettings;
use refrain_audio::PipelineConfig;
use refrain_guild::{GuildPolicy, SourcePolicy};
use refrain_model::{AutoResume, UserId};
use refrain_queue::Limits;
use refrain_recovery::{Policy, governor::GovernorPolicy};

/// What every guild's actor is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's own user.
    pub bot_user: UserId,
    /// How voice recovers.
    pub recovery: Policy,
    /// How sources recover.
    pub sources: SourcePolicy,
    /// How attempts are shared out among the guilds.
    pub governor: GovernorPolicy,
    /// How sound is read.
    pub pipeline: PipelineConfig,
    /// The queue's bounds.
    pub limits: Limits,
    /// What a restarted bot does with music that was playing, in guilds that have not decided for themselves.
    pub auto_resume: AutoResume,
    /// Whether a bot that is stopped in good order says so in its panel.
    pub goodbye: bool,
    /// Where guilds' inputs are recorded; `None`: nowhere.
    pub recording: Option<RecordingSettings>,
}

impl Settings {
    /// What a guild decides by.
    pub(crate) fn policy(&self) -> GuildPolicy {
        GuildPolicy {
            recovery: self.recovery.clone(),
            sources: self.sources.clone(),
            limits: self.limits,
            auto_resume: self.auto_resume,
            goodbye: self.goodbye,
        }
    }
}
