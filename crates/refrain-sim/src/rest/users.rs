//! Who the bot is, who others are, and where the gateway is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{
    error::ApiError,
    extract::{Auth, Params},
};
use crate::{
    id::Id,
    state::{Hub, json as shapes},
    world::{Bot, Guild, World},
};

pub(super) async fn gateway(State(hub): State<Arc<Hub>>) -> Json<Value> {
    Json(json!({ "url": hub.gateway_url }))
}

pub(super) async fn gateway_bot(State(hub): State<Arc<Hub>>, Auth(bot): Auth) -> Json<Value> {
    Json(json!({
        "url": hub.gateway_url, "shards": hub.world().gateway.shards,
        "session_start_limit": hub.session_start_limit(&bot),
    }))
}

pub(super) async fn me(Auth(bot): Auth) -> Json<Value> {
    Json(shapes::current_user(&bot))
}

pub(super) async fn my_guilds(State(hub): State<Arc<Hub>>, Auth(bot): Auth) -> Json<Value> {
    let brief = |guild: &Guild| {
        json!({
            "id": guild.id, "name": guild.name, "icon": null, "banner": null, "owner": guild.owner == bot.id,
            "permissions": guild.base_permissions(bot.id), "features": [],
        })
    };
    Json(guilds_of(&hub.world(), &bot).map(brief).collect())
}

pub(super) async fn user(
    State(hub): State<Arc<Hub>>,
    Auth(_): Auth,
    Params(user): Params<Id>,
) -> Result<Json<Value>, ApiError> {
    hub.world().person(user).map(|person| Json(shapes::user(person))).ok_or(ApiError::UNKNOWN_USER)
}

pub(super) async fn application(State(hub): State<Arc<Hub>>, Auth(bot): Auth) -> Json<Value> {
    Json(shapes::application(&bot, guilds_of(&hub.world(), &bot).count()))
}

fn guilds_of<'a>(world: &'a World, bot: &'a Bot) -> impl Iterator<Item = &'a Guild> {
    world.guilds.iter().filter(|guild| guild.member(bot.id).is_some())
}
