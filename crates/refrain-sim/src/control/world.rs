//! What there is: guilds, channels, people and bots, without the bots' tokens.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{
    state::Hub,
    world::{Channel, Guild, Member, World},
};

pub(super) async fn world(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let world = hub.world();
    let bots =
        world.bots.iter().map(|bot| json!({ "id": bot.id, "application_id": bot.application_id, "name": bot.name }));
    Json(json!({
        "guilds": world.guilds.iter().map(|one| guild(&world, one)).collect::<Value>(),
        "users": world.users.iter().map(|user| json!({ "id": user.id, "name": user.name })).collect::<Value>(),
        "bots": bots.collect::<Value>(),
        "voice": world.voice,
    }))
}

fn guild(world: &World, guild: &Guild) -> Value {
    let role = |role: &crate::world::Role| json!({ "id": role.id, "name": role.name });
    json!({
        "id": guild.id, "name": guild.name, "owner": guild.owner,
        "roles": guild.roles.iter().map(role).collect::<Value>(),
        "channels": guild.channels.iter().map(channel).collect::<Value>(),
        "members": guild.members.iter().map(|one| member(world, one)).collect::<Value>(),
    })
}

fn channel(channel: &Channel) -> Value {
    json!({ "id": channel.id, "name": channel.name, "type": channel.kind, "user_limit": channel.user_limit })
}

fn member(world: &World, member: &Member) -> Value {
    let person = world.person(member.user);
    json!({
        "user": member.user, "name": person.map(|one| one.name), "nick": member.nick, "roles": member.roles,
        "bot": person.is_some_and(|one| one.bot),
    })
}
