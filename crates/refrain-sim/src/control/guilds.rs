//! Changing the world: channels and members come, change and go, and the bots hear of it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::request::Parts,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::answer::{Body, PathId, Refusal};
use crate::{
    id::{Id, Permissions},
    state::{
        Hub, json as shapes,
        speaking::{NotOnStage, StageChange},
    },
    world::{Channel, ChannelKind, Member, Overwrite},
};

/// A guild's id and that of something in it.
pub(super) struct PathIds(Id, Id);

impl FromRequestParts<Arc<Hub>> for PathIds {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Refusal> {
        let path = Path::<(String, String)>::from_request_parts(parts, hub).await;
        let Path((guild, inner)) = path.map_err(|error| Refusal::bad(format!("the path: {error}")))?;
        Ok(Self(guild.parse().map_err(Refusal::bad)?, inner.parse().map_err(Refusal::bad)?))
    }
}

/// A channel to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewChannel {
    /// Where it is missing, a new one.
    id: Option<Id>,
    name: String,
    #[serde(rename = "type")]
    kind: ChannelKind,
    #[serde(default)]
    user_limit: u32,
    #[serde(default)]
    rtc_region: Option<String>,
    #[serde(default)]
    overwrites: Vec<Overwrite>,
}

pub(super) async fn create_channel(
    State(hub): State<Arc<Hub>>,
    PathId(guild): PathId,
    Body(new): Body<NewChannel>,
) -> Result<Json<Value>, Refusal> {
    let id = new.id.unwrap_or_else(|| hub.snowflake(&mut hub.state()));
    let NewChannel { name, kind, user_limit, rtc_region, overwrites, .. } = new;
    hub.create_channel(guild, Channel { id, name, kind, user_limit, rtc_region, overwrites })?;
    show(&hub, id)
}

/// What is to be different about a channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedChannel {
    name: Option<String>,
    user_limit: Option<u32>,
    /// Null is automatic.
    #[serde(default, deserialize_with = "given")]
    rtc_region: Option<Option<String>>,
    overwrites: Option<Vec<Overwrite>>,
}

/// Tells null from what is not there.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(super) async fn change_channel(
    State(hub): State<Arc<Hub>>,
    PathIds(guild, id): PathIds,
    Body(changed): Body<ChangedChannel>,
) -> Result<Json<Value>, Refusal> {
    hub.change_channel(guild, id, |channel| {
        channel.name = changed.name.unwrap_or_else(|| channel.name.clone());
        channel.user_limit = changed.user_limit.unwrap_or(channel.user_limit);
        if let Some(region) = changed.rtc_region {
            channel.rtc_region = region;
        }
        if let Some(overwrites) = changed.overwrites {
            channel.overwrites = overwrites;
        }
    })?;
    show(&hub, id)
}

pub(super) async fn delete_channel(
    State(hub): State<Arc<Hub>>,
    PathIds(guild, id): PathIds,
) -> Result<Json<Value>, Refusal> {
    hub.delete_channel(guild, id)?;
    Ok(Json(json!({ "guild": guild, "channel": id, "at_ms": hub.clock.now_ms() })))
}

/// The channel as a bot sees it.
fn show(hub: &Hub, id: Id) -> Result<Json<Value>, Refusal> {
    let world = hub.world();
    let (guild, channel) = world.channel(id).ok_or_else(|| Refusal::missing(format!("there is no channel {id}")))?;
    let channel = shapes::channel(channel, guild);
    Ok(Json(json!({ "guild": guild.id, "channel": channel, "at_ms": hub.clock.now_ms() })))
}

/// What a new member has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMember {
    #[serde(default)]
    roles: Vec<Id>,
    nick: Option<String>,
}

pub(super) async fn add_member(
    State(hub): State<Arc<Hub>>,
    PathIds(guild, user): PathIds,
    Body(new): Body<NewMember>,
) -> Result<Json<Value>, Refusal> {
    hub.add_member(guild, Member { user, roles: new.roles, nick: new.nick, mute: false, deaf: false })?;
    Ok(Json(json!({ "guild": guild, "user": user, "at_ms": hub.clock.now_ms() })))
}

pub(super) async fn remove_member(
    State(hub): State<Arc<Hub>>,
    PathIds(guild, user): PathIds,
) -> Result<Json<Value>, Refusal> {
    hub.remove_member(guild, user)?;
    Ok(Json(json!({ "guild": guild, "user": user, "at_ms": hub.clock.now_ms() })))
}

/// What is to be different about a member.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedMember {
    roles: Option<Vec<Id>>,
    /// Null is none.
    #[serde(default, deserialize_with = "given")]
    nick: Option<Option<String>>,
    /// Server mute.
    mute: Option<bool>,
    /// Server deafness.
    deaf: Option<bool>,
    /// On a stage: false lets the member speak, true makes it audience.
    suppress: Option<bool>,
}

pub(super) async fn change_member(
    State(hub): State<Arc<Hub>>,
    PathIds(guild, user): PathIds,
    Body(changed): Body<ChangedMember>,
) -> Result<Json<Value>, Refusal> {
    let ChangedMember { roles, nick, mute, deaf, suppress } = changed;
    if roles.is_some() || nick.is_some() || mute.is_some() || deaf.is_some() {
        hub.change_member(guild, user, |member| {
            member.roles = roles.unwrap_or_else(|| member.roles.clone());
            member.nick = nick.unwrap_or_else(|| member.nick.clone());
            member.mute = mute.unwrap_or(member.mute);
            member.deaf = deaf.unwrap_or(member.deaf);
        })?;
    }
    if suppress.is_some() {
        let world = hub.world();
        let found = world.guild(guild).ok_or_else(|| Refusal::missing(format!("there is no guild {guild}")))?;
        let change = StageChange { suppress, request_to_speak: None };
        hub.change_on_stage(found, user, None, change).map_err(|why| match why {
            NotOnStage::NotInVoice | NotOnStage::Elsewhere => {
                Refusal::conflict(format!("`suppress`: {user} is in no voice channel of the guild {guild}"))
            }
            NotOnStage::NoStage => Refusal::conflict(format!("`suppress`: {user} is in no stage channel")),
        })?;
    }
    Ok(Json(json!({ "guild": guild, "user": user, "at_ms": hub.clock.now_ms() })))
}

/// What is to be different about a role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedRole {
    name: Option<String>,
    permissions: Option<Permissions>,
}

pub(super) async fn change_role(
    State(hub): State<Arc<Hub>>,
    PathIds(guild, role): PathIds,
    Body(changed): Body<ChangedRole>,
) -> Result<Json<Value>, Refusal> {
    hub.change_role(guild, role, |one| {
        one.name = changed.name.unwrap_or_else(|| one.name.clone());
        one.permissions = changed.permissions.unwrap_or(one.permissions);
    })?;
    Ok(Json(json!({ "guild": guild, "role": role, "at_ms": hub.clock.now_ms() })))
}
