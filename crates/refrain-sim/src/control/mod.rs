//! The control API: what a test does in place of people, and what it can see. `docs/simulator.md` has its table.

pub(crate) mod answer;
mod asking;
mod faults;
mod guard;
mod guilds;
mod listeners;
mod observe;
mod options;
mod scripts;
mod selection;
mod stream;
mod world;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    middleware,
    response::Response,
    routing::{delete, get, patch, post, put},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use self::answer::Refusal;
use crate::{state::Hub, ui};

const ROUTES: &str = "POST /sim/interactions, GET /sim/interactions/{id}, POST /sim/components, POST /sim/autocomplete, \
    POST /sim/modals, GET /sim/messages?channel=, POST /sim/users/{id}/voice, POST and GET /sim/faults, \
    DELETE /sim/faults/{id}, POST and GET /sim/scripts, POST /sim/scripts/random, GET and DELETE /sim/scripts/{id}, \
    GET /sim/listeners/{guild}?user=, \
    GET /sim/listeners/{guild}/timecode, plot.svg and recording.wav (user=, from_ms=, to_ms=), GET /sim/log?since=, \
    GET /sim/commands, GET /sim/bots, GET /sim/voice?guild=, GET /sim/events?since=&timeout_ms=, GET /sim/stream, \
    GET /sim/world, GET /sim/clock, GET /sim/rest, GET /sim/secrets, POST /sim/guilds/{guild}/channels, \
    PATCH and DELETE /sim/guilds/{guild}/channels/{channel}, PUT, PATCH and DELETE /sim/guilds/{guild}/members/{user}, \
    PATCH /sim/guilds/{guild}/roles/{role}";

/// The control API, with the page where it is wanted. Streams end with `stop`.
pub(crate) fn router(hub: Arc<Hub>, stop: CancellationToken) -> Router {
    let page = if hub.options.ui { ui::router() } else { Router::new() };
    page.route("/sim/interactions", post(asking::interaction))
        .route("/sim/interactions/{id}", get(observe::interaction))
        .route("/sim/components", post(asking::component))
        .route("/sim/autocomplete", post(asking::autocomplete))
        .route("/sim/modals", post(asking::modal))
        .route("/sim/messages", get(observe::messages))
        .route("/sim/users/{id}/voice", post(observe::place_user))
        .route("/sim/faults", post(faults::create).get(faults::list))
        .route("/sim/faults/{id}", delete(faults::end))
        .route("/sim/scripts", post(scripts::create).get(scripts::list))
        .route("/sim/scripts/random", post(scripts::random))
        .route("/sim/scripts/{id}", get(scripts::show).delete(scripts::stop))
        .route("/sim/listeners/{guild}", get(listeners::report))
        .route("/sim/listeners/{guild}/timecode", get(listeners::timecode))
        .route("/sim/listeners/{guild}/plot.svg", get(listeners::plot))
        .route("/sim/listeners/{guild}/recording.wav", get(listeners::recording))
        .route("/sim/log", get(observe::log))
        .route("/sim/commands", get(observe::commands))
        .route("/sim/bots", get(observe::bots))
        .route("/sim/voice", get(observe::voice))
        .route("/sim/events", get(observe::events))
        .route("/sim/stream", get(stream::stream))
        .route("/sim/world", get(world::world))
        .route("/sim/guilds/{guild}/channels", post(guilds::create_channel))
        .route("/sim/guilds/{guild}/channels/{channel}", patch(guilds::change_channel).delete(guilds::delete_channel))
        .route(
            "/sim/guilds/{guild}/members/{user}",
            put(guilds::add_member).patch(guilds::change_member).delete(guilds::remove_member),
        )
        .route("/sim/guilds/{guild}/roles/{role}", patch(guilds::change_role))
        .route("/sim/clock", get(observe::clock))
        .route("/sim/rest", get(observe::rest))
        .route("/sim/secrets", get(observe::secrets))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, format!("there is no such call; there are: {ROUTES}")))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("this call has another method; there are: {ROUTES}"))
        })
        .layer(Extension(stream::Watching::new(stop)))
        .layer(middleware::from_fn(guard::guard))
        .with_state(hub)
}

/// A call from inside the process.
pub(crate) async fn call(router: Router, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let bytes = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1").body(bytes);
    let request = match request {
        Ok(request) => request,
        Err(error) => return (400, json!({ "error": format!("{method} {path} is no request: {error}") })),
    };
    let Ok(response) = router.oneshot(request).await;
    let (status, is_json) = (response.status().as_u16(), is_json(&response));
    match axum::body::to_bytes(response.into_body(), usize::MAX).await {
        Ok(bytes) if is_json => (status, serde_json::from_slice(&bytes).unwrap_or_default()),
        Ok(bytes) => (status, Value::String(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => (500, json!({ "error": format!("reading the answer to {method} {path}: {error}") })),
    }
}

fn is_json(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json")
}
