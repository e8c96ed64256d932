//! The door to scripts of faults.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::answer::{Body, PathId, Refusal};
use crate::{
    faults::{random::Wish, script},
    id::Id,
    state::Hub,
};

pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    Body(draft): Body<script::Draft>,
) -> Result<Json<Value>, Refusal> {
    let id = script::start(&hub, draft)?;
    report(&hub, id)
}

pub(super) async fn random(State(hub): State<Arc<Hub>>, Body(wish): Body<Wish>) -> Result<Json<Value>, Refusal> {
    let id = script::start_random(&hub, &wish)?;
    report(&hub, id)
}

pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let state = hub.state();
    let told = state.scripts.iter().map(|(id, script)| script.summary(*id));
    Json(json!({ "scripts": told.collect::<Value>() }))
}

pub(super) async fn show(State(hub): State<Arc<Hub>>, PathId(id): PathId) -> Result<Json<Value>, Refusal> {
    report(&hub, id)
}

pub(super) async fn stop(State(hub): State<Arc<Hub>>, PathId(id): PathId) -> Result<Json<Value>, Refusal> {
    if !script::stop(&hub, id) {
        return Err(missing(id));
    }
    report(&hub, id)
}

fn report(hub: &Hub, id: Id) -> Result<Json<Value>, Refusal> {
    let state = hub.state();
    state.scripts.get(&id).map(|script| Json(script.report(id))).ok_or_else(|| missing(id))
}

fn missing(id: Id) -> Refusal {
    Refusal::missing(format!("there is no script {id}"))
}
