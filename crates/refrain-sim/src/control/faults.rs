//! The door to the catalogue of faults.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::answer::{Body, PathId, Refusal};
use crate::{faults, state::Hub};

pub(super) async fn create(State(hub): State<Arc<Hub>>, Body(body): Body<Value>) -> Result<Json<Value>, Refusal> {
    let ordered = faults::order(&hub, body)?;
    Ok(Json(json!({ "id": ordered.id, "at_ms": ordered.at_ms })))
}

pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let state = hub.state();
    let told = |(id, fault): (&_, &faults::Lasting)| json!({ "id": id, "guild": fault.guild, "bot": fault.bot, "kind": fault.kind });
    Json(
        json!({ "lasting": state.faults.iter().map(told).collect::<Value>(), "kinds": faults::described::described() }),
    )
}

pub(super) async fn end(State(hub): State<Arc<Hub>>, PathId(id): PathId) -> Result<Json<Value>, Refusal> {
    if !faults::end(&hub, id) {
        return Err(Refusal::missing(format!("no lasting fault has the id {id} (others are over at once)")));
    }
    Ok(Json(json!({ "id": id, "at_ms": hub.clock.now_ms() })))
}
