//! Whether members hear the music, and why not.

use super::Guild;
use crate::{CommandError, GuildOutput, MissingPermission, NotHeard, Observation, Scene, SilenceReason, source::Slot};
use refrain_model::ChannelId;
use refrain_recovery::{Input, MissingAccess, State};

impl Guild {
    /// Why no frames flow although there is a current track; `None` when they flow, or nothing is meant to play.
    #[must_use]
    pub fn silence(&self) -> Option<SilenceReason> {
        if !self.loading.is_over() {
            return Some(SilenceReason::Loading);
        }
        self.queue.current()?;
        if self.paused {
            return Some(SilenceReason::Paused);
        }
        if self.halted {
            return Some(SilenceReason::Halted);
        }
        if self.recovery.intent().is_none() {
            return Some(SilenceReason::OutOfVoice);
        }
        if !self.frames_allowed {
            return Some(SilenceReason::Voice);
        }
        if self.not_heard.is_some() {
            return Some(SilenceReason::NotHeard);
        }
        match self.playback.as_ref().map(|playback| &playback.slot) {
            None => Some(SilenceReason::OutOfVoice),
            Some(Slot::Opening { .. }) => Some(SilenceReason::Opening),
            Some(Slot::BackingOff { .. }) => Some(SilenceReason::SourceBackoff),
            Some(Slot::Ready(open) | Slot::Replacing { old: open, .. }) => {
                (open.starved_since.is_some()).then_some(SilenceReason::Starved)
            }
        }
    }

    /// Discord shows how the bot is in its channel: muted by a moderator, or in the audience of a stage.
    pub(super) fn heard_as(&mut self, channel: Option<ChannelId>, mute: bool, suppress: bool) {
        let before = self.not_heard;
        self.not_heard = match channel {
            Some(_) if mute => Some(NotHeard::Muted),
            Some(_) if suppress => Some(NotHeard::Suppressed),
            Some(_) | None => None,
        };
        if self.not_heard == before {
            return;
        }
        self.note(Observation::NotHeard(self.not_heard));
        if let (Some(channel), Some(NotHeard::Suppressed)) = (channel, self.not_heard) {
            self.say(GuildOutput::RequestToSpeak { channel });
        }
        if self.not_heard.is_none() {
            self.catch_up_with_live();
        }
    }

    /// Lets frames flow when the connection stands, the source is where it is wanted, members can hear the bot, and no member
    /// has paused. In every other case the position is held.
    pub(super) fn let_flow(&mut self) {
        let source = self.playback.as_ref().and_then(crate::source::Playback::attached);
        // The place to go on from after a recovery is not reached yet.
        let ready = source.is_some_and(|open| open.rewinding.as_ref().is_none_or(|r| !r.commands.is_empty()));
        let wanted = ready && !self.paused && self.not_heard.is_none();
        // A starved source gives no frames, so that the voice server has nothing to report on.
        let gives = wanted && source.is_some_and(|open| open.starved_since.is_none());
        self.tell_recovery(Input::Flowing(gives));
        let flows = self.frames_allowed && wanted;
        let now = self.now();
        if let Some(open) = self.playback.as_mut().and_then(crate::source::Playback::attached_mut) {
            if flows {
                open.held_since = None;
                // The driver waits again for what did not come before the frames were held.
                if open.starved {
                    open.starved_since.get_or_insert(now);
                }
            } else {
                open.held_since.get_or_insert(now);
                // While the frames are held, the driver waits for none.
                open.starved_since = None;
            }
        }
        if flows != self.flowing {
            self.flowing = flows;
            self.say(GuildOutput::SetFlowing(flows));
        }
        self.watch_refill();
    }

    /// A source that no member can hear, because the bot is out of voice, closes after a grace. Its position is kept.
    pub(super) fn watch_unheard_source(&mut self) {
        let out = self.recovery.intent().is_none() && matches!(self.recovery.state(), State::Idle(_));
        if !out || self.playback.is_none() {
            self.unheard_since = None;
            return;
        }
        let since = *self.unheard_since.get_or_insert(self.observed.at);
        if self.now().since(since) >= self.policy.sources.grace {
            self.unheard_since = None;
            self.keep_position();
            self.let_go_of_source(&CommandError::NotConnected);
        }
    }

    /// Tells the recovery machine whether the channel that the bot is meant to be in can be joined.
    pub(super) fn check_access(&mut self) {
        let Some(channel) = self.recovery.intent() else { return };
        let Some(scene) = self.scene_of(channel) else { return };
        let missing = match scene {
            Scene::Open { .. } => None,
            // Discord says by itself that a channel is gone; until then the bot's own view may be behind.
            Scene::Gone => None,
            Scene::Forbidden { missing } => Some(match missing {
                MissingPermission::ViewChannel => MissingAccess::View,
                MissingPermission::Connect => MissingAccess::Connect,
                MissingPermission::Speak => MissingAccess::Speak,
            }),
        };
        if self.access != Some((channel, missing)) {
            self.access = Some((channel, missing));
            self.tell_recovery(Input::Access { channel, missing });
        }
    }
}
