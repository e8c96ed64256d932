//! The final answer to a command, and how the one to `/play` becomes the panel.

use super::{Desk, Slip};
use crate::{convert, embed, error::DiscordError, panel, rest};
use refrain::{GuildHandle, LoopMode, PanelFace, PanelFailure, PanelWaits};
use refrain_model::{MessageId, MessagePlace, Track};
use std::sync::Arc;
use twilight_model::channel::{
    Message,
    message::{AllowedMentions, Component, Embed},
};

/// What a command is answered with.
pub(super) struct Answer {
    embeds: Vec<Embed>,
    /// The answer is the panel: this is what it shows.
    face: Option<PanelFace>,
}

impl Answer {
    pub(super) fn failure(words: &str) -> Self {
        embed::failure(words).into()
    }

    /// A track plays at once: the answer says so, with buttons, and follows the music from here on. `more` is said once.
    /// `waits`: why it is not heard yet.
    pub(super) fn panel(track: Arc<Track>, looping: LoopMode, waits: Option<PanelWaits>, more: Option<Embed>) -> Self {
        let face = PanelFace::Track { track, paused: false, looping, news: None, waits };
        let embeds = std::iter::once(panel::embed(&face)).chain(more).collect();
        Self { embeds, face: Some(face) }
    }

    /// Members will not see it. Where it was to be the panel, the guild makes another one.
    pub(super) fn is_lost(&self, guild: &GuildHandle) {
        if self.face.is_some() {
            guild.panel_failed(PanelFailure::AnswerLost);
        }
    }

    fn components(&self) -> Vec<Component> {
        self.face.as_ref().map(panel::buttons).unwrap_or_default()
    }
}

impl From<Embed> for Answer {
    fn from(embed: Embed) -> Self {
        vec![embed].into()
    }
}

impl From<Vec<Embed>> for Answer {
    fn from(embeds: Vec<Embed>) -> Self {
        Self { embeds, face: None }
    }
}

impl Desk {
    pub(super) async fn answer(&self, slip: &Slip, answer: &Answer, guild: &GuildHandle) {
        let client = self.rest.interaction(self.application);
        let (nobody, components) = (AllowedMentions::default(), answer.components());
        let update = client.update_response(&slip.token).embeds(Some(&answer.embeds));
        let update = update.components(Some(&components)).allowed_mentions(Some(&nobody));
        let sent = self.rest.send(update, rest::final_answer(slip.came)).await;
        match (sent.map(|sent| sent.json()), &answer.face) {
            (Ok(Ok(message)), Some(face)) => self.adopt(slip, &message, face, guild).await,
            (Ok(Err(_)), Some(_)) => tracing::debug!(guild_id = %slip.guild, "the panel that was made is not known"),
            (Ok(_), None) => {}
            (Err(failed), _) => {
                let reason = DiscordError::from_rest("answering a command", &failed);
                tracing::warn!(guild_id = %slip.guild, %reason, "a command's answer could not be shown");
                answer.is_lost(guild);
            }
        }
    }

    /// This message is the panel from now on.
    async fn adopt(&self, slip: &Slip, message: &Message, shown: &PanelFace, guild: &GuildHandle) {
        let place =
            MessagePlace { channel: convert::channel(message.channel_id), message: MessageId::new(message.id.get()) };
        let id = convert::guild(slip.guild);
        self.panels.adopt(id, place);
        guild.panel_is(Some(place));
        // The actor takes it that the message shows how things are at that moment. They may have changed on the way.
        let is = match guild.now_playing().await {
            Ok(now) => PanelFace::Track {
                track: now.track,
                paused: now.paused,
                looping: now.looping,
                news: None,
                waits: now.trouble.map(|_| PanelWaits::Source),
            },
            Err(_) => PanelFace::Over,
        };
        if is != *shown {
            self.panels.correct(id, is);
        }
    }
}
