//! `/recover`: a moderator does not want to wait.

use super::Guild;
use crate::{CommandError, Recovering, Scene};
use refrain_model::ChannelId;
use refrain_recovery::{Idle, Intent, Retrying, Stage, State};

impl Guild {
    pub(super) fn recover(&mut self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        self.refuse_without_access()?;
        let recovering = self.recover_now(voice_channel)?;
        // What would have come back after a restart gives way to what a member wants. A refusal changes nothing.
        self.restoring = None;
        Ok(recovering)
    }

    fn recover_now(&mut self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        match self.recovery.state() {
            State::Stable(_) => self.connect_anew(),
            State::Retrying(Retrying { stage, .. }) => {
                let waits = can_be_hurried(stage);
                let channel = self.recovery.intent().ok_or(CommandError::NothingToRecover)?;
                self.wish(Intent::Override);
                Ok(if waits { Recovering::Hurried { channel } } else { Recovering::UnderWay { channel } })
            }
            State::Idle(_) => match self.recall() {
                Some(channel) => {
                    self.wish(Intent::Override);
                    self.play_what_is_kept();
                    Ok(Recovering::Rejoining { channel })
                }
                None => self.come_to(self.recall_of_record().or(voice_channel)),
            },
        }
    }

    /// A channel that cannot be rejoined is never left.
    fn refuse_without_access(&self) -> Result<(), CommandError> {
        let Some(channel) = self.recovery.intent() else { return Ok(()) };
        match self.scene_of(channel) {
            Some(Scene::Forbidden { missing }) => Err(CommandError::NoAccess { channel, missing: Some(missing) }),
            Some(Scene::Open { .. } | Scene::Gone) | None => Ok(()),
        }
    }

    /// The channel that an override asks the bot back to.
    pub(super) fn recall(&self) -> Option<ChannelId> {
        match self.recovery.state() {
            State::Idle(idle) => idle.recall(),
            State::Retrying(_) | State::Stable(_) => None,
        }
    }

    /// The channel that a moderator disconnected the bot from before the restart, until the bot goes anywhere.
    pub(super) fn recall_of_record(&self) -> Option<ChannelId> {
        let fresh = matches!(self.recovery.state(), State::Idle(Idle::Fresh));
        self.saved.recall().filter(|_| fresh)
    }

    /// What seems to stand and is not heard is made anew.
    fn connect_anew(&mut self) -> Result<Recovering, CommandError> {
        let channel = self.recovery.intent().ok_or(CommandError::NothingToRecover)?;
        self.go_back_to_heard();
        self.wish(Intent::Override);
        Ok(Recovering::Anew { channel })
    }

    /// The queue is kept when the bot loses its channel; it goes on where a member wants it.
    fn come_to(&mut self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        let channel = voice_channel.filter(|_| self.queue.current().is_some()).ok_or(CommandError::NothingToRecover)?;
        self.wish(Intent::Join { channel });
        self.play_what_is_kept();
        Ok(Recovering::Rejoining { channel })
    }

    /// The source closed while the bot was out of voice: it is opened again, paused or not as it was.
    fn play_what_is_kept(&mut self) {
        if self.playback.is_none() {
            self.play_current();
        }
    }
}

/// Whether an override ends what is being waited for.
const fn can_be_hurried(stage: &Stage) -> bool {
    match stage {
        Stage::AwaitingTurn { .. }
        | Stage::BackingOff { .. }
        | Stage::CoolingDown { .. }
        | Stage::AwaitingServer { .. } => true,
        Stage::Leaving { .. }
        | Stage::AskingAgain { .. }
        | Stage::Joining { .. }
        | Stage::Connecting { .. }
        | Stage::Resuming { .. }
        | Stage::Weighing { .. }
        | Stage::AwaitingGuild { .. }
        | Stage::AwaitingAccess { .. } => false,
    }
}
