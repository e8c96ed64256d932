//! The actor's side of a handle. It outlives an actor that fails.

use crate::{VoiceSummary, actor::Message};
use refrain_model::ChannelId;
use refrain_recovery::GatewayEvent;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};

/// See the module.
pub(crate) struct Inbox {
    pub(crate) gateway: mpsc::UnboundedReceiver<GatewayEvent>,
    /// Something about the guild's channel may have changed. Many changes are one.
    pub(crate) channel_changed: Arc<Notify>,
    pub(crate) voice: watch::Sender<VoiceSummary>,
    pub(crate) presence: Presence,
    pub(crate) messages: Messages,
}

/// The bounded part of the mailbox.
pub(crate) struct Messages {
    inbox: mpsc::Receiver<Message>,
    /// The message that started the actor again.
    held: Option<Message>,
}

impl Messages {
    /// The next message; `None` once every handle is gone. Can be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        match self.held.take() {
            Some(held) => Some(held),
            None => self.inbox.recv().await,
        }
    }
}

impl Inbox {
    pub(crate) fn new(
        messages: mpsc::Receiver<Message>,
        gateway: mpsc::UnboundedReceiver<GatewayEvent>,
        channel_changed: Arc<Notify>,
        voice: watch::Sender<VoiceSummary>,
    ) -> Self {
        Self {
            gateway,
            channel_changed,
            voice,
            presence: Presence::default(),
            messages: Messages { inbox: messages, held: None },
        }
    }

    /// Waits for a command and holds it for the next actor. Gateway events are read meanwhile, as far as they say where the
    /// bot is. `None` once every handle is gone.
    pub(crate) async fn command_comes(&mut self) -> Option<()> {
        self.voice.send_replace(VoiceSummary::Idle);
        loop {
            tokio::select! {
                biased;
                Some(event) = self.gateway.recv() => self.presence.note(&event),
                message = self.messages.inbox.recv() => match message? {
                    command @ Message::Command { .. } => {
                        self.messages.held = Some(command);
                        return Some(());
                    }
                    Message::PanelIs(_) | Message::PanelFailed(_) | Message::IncidentMessageIs(_) => {}
                },
            }
        }
    }
}

/// Where Discord showed the bot last, for an actor that takes the place of one that failed.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// The guild is there, with the bot in this channel or in none. `None`: the guild is not there.
    there: Option<Option<ChannelId>>,
    failed: bool,
}

impl Presence {
    pub(crate) fn note(&mut self, event: &GatewayEvent) {
        match event {
            GatewayEvent::VoiceState { channel, .. } | GatewayEvent::GuildAvailable { channel } => {
                self.there = Some(*channel);
            }
            GatewayEvent::ChannelDeleted { channel } => {
                if self.there == Some(Some(*channel)) {
                    self.there = Some(None);
                }
            }
            GatewayEvent::GuildUnavailable | GatewayEvent::GuildDeleted => self.there = None,
            GatewayEvent::VoiceServer { .. }
            | GatewayEvent::ShardDisconnected
            | GatewayEvent::ShardResumed
            | GatewayEvent::ShardReady
            | GatewayEvent::Health { .. } => {}
        }
    }

    pub(crate) fn actor_failed(&mut self) {
        self.failed = true;
    }

    /// What an actor that takes the place of one that failed is told first.
    pub(crate) fn after_a_restart(&mut self) -> Option<GatewayEvent> {
        let channel = self.there.filter(|_| std::mem::take(&mut self.failed))?;
        Some(GatewayEvent::GuildAvailable { channel })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelId = ChannelId::new(5);

    #[test]
    fn an_actor_that_follows_one_that_failed_learns_where_the_bot_is_once() {
        let mut presence = Presence::default();
        presence.actor_failed();
        assert_eq!(presence.after_a_restart(), None, "the guild has not been there");
        presence.note(&GatewayEvent::GuildAvailable { channel: Some(CHANNEL) });
        assert_eq!(presence.after_a_restart(), Some(GatewayEvent::GuildAvailable { channel: Some(CHANNEL) }));
        assert_eq!(presence.after_a_restart(), None);
        presence.note(&GatewayEvent::ChannelDeleted { channel: CHANNEL });
        presence.actor_failed();
        assert_eq!(presence.after_a_restart(), Some(GatewayEvent::GuildAvailable { channel: None }));
        presence.note(&GatewayEvent::GuildDeleted);
        presence.actor_failed();
        assert_eq!(presence.after_a_restart(), None);
    }
}
