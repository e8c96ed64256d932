//! Telling bots and tests what became of a message.

use serde_json::{Value, json};

use super::Message;
use crate::{
    id::Id,
    state::{
        Hub, State, json as shapes,
        sessions::{GUILD_MESSAGES, MESSAGE_CONTENT, Session},
    },
};

/// GUILD_MESSAGE_REACTIONS.
const REACTIONS: u64 = 1 << 10;

impl Hub {
    /// Tells the bots that may know. Without the intent for it, others' messages come without what they say.
    pub(super) fn announce(&self, state: &mut State, event: &str, message: &Message, value: &Value) {
        let world = self.world();
        let Some(guild) = world.guild(message.guild).filter(|_| message.only_for.is_none()) else { return };
        let mut value = value.clone();
        value["guild_id"] = json!(message.guild);
        let whole = matches!(event, "MESSAGE_CREATE" | "MESSAGE_UPDATE");
        if let Some(author) = guild.member(message.author).filter(|_| whole) {
            value["member"] = shapes::partial_member(author);
        }
        let mut blank = value.clone();
        if whole {
            for (field, nothing) in
                [("content", json!("")), ("embeds", json!([])), ("components", json!([])), ("attachments", json!([]))]
            {
                blank[field] = nothing;
            }
        }
        let open = |session: &Session| session.bot == message.author || session.intents & MESSAGE_CONTENT != 0;
        let hears = |one: &Session| one.covers(guild) && one.intents & GUILD_MESSAGES != 0;
        let hearing = state.sessions.iter().filter(|(_, one)| hears(one));
        let sessions: Vec<(String, bool)> = hearing.map(|(id, one)| (id.clone(), open(one))).collect();
        for (id, open) in sessions {
            let data = if open { value.clone() } else { blank.clone() };
            state.dispatch(&id, event, data, None);
        }
    }

    /// Tells of a reaction.
    pub(super) fn announce_reaction(&self, state: &mut State, event: &str, message: &Message, data: &Value) {
        let world = self.world();
        if let Some(guild) = world.guild(message.guild) {
            state.broadcast(guild, REACTIONS, event, data);
        }
    }

    pub(super) fn publish_message(&self, kind: &str, id: Id, message: &Message) {
        let interaction = message.origin.as_ref().map(|origin| origin.interaction);
        let data = json!({ "message": id, "channel": message.channel, "interaction": interaction });
        self.events.publish(kind, data);
    }
}
