//! The right to be heard: voice states on a stage, server mute and deafness.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::Value;

use super::{
    Need,
    error::{ApiError, FieldErrors},
    extract::{Auth, Body, Params},
    guilds::joined,
};
use crate::{
    id::{Id, Permissions},
    state::{
        Hub, json as shapes,
        speaking::{NotOnStage, StageChange},
    },
    world::{Bot, Guild},
};

/// What *Modify Guild Member* changes here.
const MEMBER_FIELDS: [&str; 2] = ["mute", "deaf"];

/// Modify Current User Voice State.
pub(super) async fn edit_mine(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params(id): Params<Id>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    let (channel, change) = read(&body, true)?;
    let rights = rights_where(&hub, guild, bot.id, bot.id)?;
    let unsuppresses = change.suppress == Some(false) && !rights.contains(Permissions::MUTE_MEMBERS);
    let asks = matches!(change.request_to_speak, Some(Some(_))) && !rights.contains(Permissions::REQUEST_TO_SPEAK);
    if unsuppresses || asks {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    apply(&hub, guild, bot.id, channel, change)
}

/// Modify User Voice State.
pub(super) async fn edit(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, user)): Params<(Id, Id)>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    let (channel, change) = read(&body, false)?;
    if !rights_where(&hub, guild, user, bot.id)?.contains(Permissions::MUTE_MEMBERS) {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    apply(&hub, guild, user, channel, change)
}

/// Modify Guild Member, as far as voice is concerned.
pub(super) async fn edit_member(
    State(hub): State<Arc<Hub>>,
    Auth(bot): Auth,
    Params((id, user)): Params<(Id, Id)>,
    Body(body): Body,
) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let guild = joined(&world, &bot, id)?;
    guild.member(user).ok_or(ApiError::UNKNOWN_MEMBER)?;
    let mut errors = FieldErrors::default();
    for (name, value) in body.as_object().into_iter().flatten() {
        if MEMBER_FIELDS.contains(&name.as_str()) {
            errors.flag(name, value);
        } else {
            errors.add(name, "SIMULATOR", "The simulator changes `mute` and `deaf` only.");
        }
    }
    errors.or(())?;
    let (mute, deaf) = (body["mute"].as_bool(), body["deaf"].as_bool());
    let rights = rights_where(&hub, guild, user, bot.id).map_err(|_| ApiError::NOT_IN_VOICE)?;
    let lacks = |wanted: Option<bool>, right| wanted.is_some() && !rights.contains(right);
    if lacks(mute, Permissions::MUTE_MEMBERS) || lacks(deaf, Permissions::DEAFEN_MEMBERS) {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    let changed = hub.change_member(id, user, |member| {
        member.mute = mute.unwrap_or(member.mute);
        member.deaf = deaf.unwrap_or(member.deaf);
    });
    changed.map_err(|_| ApiError::UNKNOWN_MEMBER)?;
    shown(&hub, &bot, id, user)
}

fn shown(hub: &Hub, bot: &Bot, guild: Id, user: Id) -> Result<Json<Value>, ApiError> {
    let world = hub.world();
    let member = joined(&world, bot, guild)?.member(user).ok_or(ApiError::UNKNOWN_MEMBER)?;
    Ok(Json(shapes::member(&world, member)))
}

/// The rights that `actor` has in the voice channel that `user` is in.
fn rights_where(hub: &Hub, guild: &Guild, user: Id, actor: Id) -> Result<Permissions, ApiError> {
    let state = hub.state();
    let place = state.voice_states.get(&(guild.id, user)).and_then(|place| place.channel);
    let channel = place.and_then(|channel| guild.channel(channel)).ok_or(ApiError::UNKNOWN_VOICE_STATE)?;
    Ok(guild.permissions_in(channel, actor))
}

/// The body of both: the channel that is meant, and what is to change.
fn read(body: &Value, own: bool) -> Result<(Option<Id>, StageChange), ApiError> {
    let mut errors = FieldErrors::default();
    errors.snowflake("channel_id", &body["channel_id"], Need::Optional);
    errors.flag("suppress", &body["suppress"]);
    let asked = body.get("request_to_speak_timestamp").filter(|_| own);
    let text = errors.text("request_to_speak_timestamp", asked.unwrap_or(&Value::Null), Need::Optional, 0..=64);
    if text.is_some_and(|text| !text.is_empty() && !looks_like_a_time(text)) {
        errors.add("request_to_speak_timestamp", "DATE_TIME_TYPE_PARSE", "Could not parse the value as a date time.");
    }
    errors.or(())?;
    let channel = serde_json::from_value(body["channel_id"].clone()).ok();
    let request_to_speak = asked.map(|_| text.filter(|text| !text.is_empty()).map(str::to_owned));
    Ok((channel, StageChange { suppress: body["suppress"].as_bool(), request_to_speak }))
}

/// Whether a text begins as an ISO 8601 date and time does.
fn looks_like_a_time(text: &str) -> bool {
    let pattern = b"dddd-dd-ddTdd:dd";
    let bytes = text.as_bytes();
    bytes.len() >= pattern.len()
        && pattern
            .iter()
            .zip(bytes)
            .all(|(wanted, is)| if *wanted == b'd' { is.is_ascii_digit() } else { wanted == is })
}

fn apply(hub: &Hub, guild: &Guild, user: Id, channel: Option<Id>, change: StageChange) -> Result<StatusCode, ApiError> {
    hub.change_on_stage(guild, user, channel, change).map(|()| StatusCode::NO_CONTENT).map_err(|why| match why {
        NotOnStage::NotInVoice => ApiError::UNKNOWN_VOICE_STATE,
        NotOnStage::Elsewhere => ApiError::NOT_IN_VOICE,
        NotOnStage::NoStage => ApiError::WRONG_CHANNEL_TYPE,
    })
}
