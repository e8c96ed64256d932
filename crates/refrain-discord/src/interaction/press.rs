//! A button of the panel: what the command of that name does, without an answer of its own where it is done.

use super::{BROKEN, Button, Desk, Order, Slip, SubmissionPlace, UnknownButton, execute};
use crate::{convert, embed, error::DiscordError, rest};
use twilight_model::{
    application::interaction::{Interaction, message_component::MessageComponentInteractionData},
    channel::message::{AllowedMentions, MessageFlags},
    http::interaction::{InteractionResponse, InteractionResponseType},
};

impl Desk {
    pub(super) async fn press(
        &self,
        slip: &Slip,
        interaction: &Interaction,
        data: &MessageComponentInteractionData,
        turn: SubmissionPlace,
    ) {
        let guild = slip.guild;
        let button = data.custom_id.parse::<Button>().map_err(|UnknownButton| {
            "That button is of another version of me and does nothing any more. `/now-playing` shows how things are."
                .to_owned()
        });
        match button.and_then(|button| self.admit(button.ask(), interaction, guild)) {
            Ok(order) => {
                tracing::info!(guild_id = %guild, user_id = %order.user, ask = order.ask.name(), "button");
                self.carry_out_press(slip, order, turn).await;
            }
            Err(why) => {
                tracing::info!(guild_id = %guild, %why, "button refused");
                tokio::join!(turn.pass(), self.refuse(slip, &why));
            }
        }
    }

    /// What is done shows on the panel, which the actor has edited; what is not is told to the person alone.
    async fn carry_out_press(&self, slip: &Slip, order: Order, turn: SubmissionPlace) {
        let guild = self.refrain.guild(convert::guild(order.guild));
        let work = tokio::spawn(turn.begin(execute::press(guild, order)));
        let kind = InteractionResponseType::DeferredUpdateMessage;
        let response = self.respond(slip, InteractionResponse { kind, data: None });
        let (acknowledged, done) = tokio::join!(response, work);
        let done = done.unwrap_or_else(|failed| {
            tracing::error!(guild_id = %slip.guild, panicked = failed.is_panic(), "a button's task failed");
            Err(BROKEN.into())
        });
        if let (true, Err(why)) = (acknowledged, done) {
            self.tell(slip, &why).await;
        }
    }

    /// A message that only the person sees.
    async fn tell(&self, slip: &Slip, why: &str) {
        let (client, nobody) = (self.rest.interaction(self.application), AllowedMentions::default());
        let embeds = [embed::failure(why)];
        let follow_up = client.create_followup(&slip.token).embeds(&embeds).allowed_mentions(Some(&nobody));
        let follow_up = follow_up.flags(MessageFlags::EPHEMERAL);
        if let Err(failed) = self.rest.send(follow_up, rest::follow_up(slip.came)).await {
            let reason = DiscordError::from_rest("answering a button", &failed);
            tracing::warn!(guild_id = %slip.guild, %reason, "a member who pressed a button could not be told");
        }
    }
}
