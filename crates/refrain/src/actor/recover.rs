//! `/recover`: somebody who may do so does not want to wait for the machine.

use super::Actor;
use crate::{CommandError, Recovering};
use refrain_model::ChannelId;
use refrain_recovery::{Cause, Intent, Retrying, Stage, State};

impl Actor {
    pub(super) fn recover(&mut self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        let recall = match self.recovery.state() {
            State::Stable(_) => return self.connect_anew(),
            State::Retrying(Retrying { cause: Cause::Leave, .. }) => None,
            State::Retrying(Retrying { stage, .. }) => {
                let waits = can_be_hurried(stage);
                let channel = self.recovery.intent().ok_or(CommandError::NothingToRecover)?;
                self.wish(Intent::Override);
                return Ok(if waits { Recovering::Hurried { channel } } else { Recovering::UnderWay { channel } });
            }
            State::Idle(idle) => idle.recall(),
        };
        match recall {
            Some(channel) => {
                self.wish(Intent::Override);
                Ok(Recovering::Rejoining { channel })
            }
            None => self.come_to(voice_channel),
        }
    }

    /// What seems to stand and is not heard is made anew. The leave is confirmed before the join.
    fn connect_anew(&mut self) -> Result<Recovering, CommandError> {
        let channel = self.recovery.intent().ok_or(CommandError::NothingToRecover)?;
        self.wish(Intent::Leave);
        self.wish(Intent::Join { channel });
        Ok(Recovering::Anew { channel })
    }

    /// The queue is kept when the bot loses its channel; it goes on wherever somebody wants it.
    pub(super) fn come_to(&mut self, voice_channel: Option<ChannelId>) -> Result<Recovering, CommandError> {
        let channel = voice_channel.filter(|_| self.queue.current().is_some()).ok_or(CommandError::NothingToRecover)?;
        self.wish(Intent::Join { channel });
        if self.playback.is_none() {
            self.play_current(Vec::new());
        }
        Ok(Recovering::Rejoining { channel })
    }
}

/// Whether an override ends what is being waited for.
const fn can_be_hurried(stage: &Stage) -> bool {
    match stage {
        Stage::AwaitingTurn { .. }
        | Stage::BackingOff { .. }
        | Stage::CoolingDown { .. }
        | Stage::AwaitingAccess { .. }
        | Stage::AwaitingServer { .. } => true,
        Stage::Leaving { .. }
        | Stage::AskingAgain { .. }
        | Stage::Joining { .. }
        | Stage::Connecting { .. }
        | Stage::Resuming { .. }
        | Stage::Weighing { .. }
        | Stage::AwaitingGuild { .. } => false,
    }
}
