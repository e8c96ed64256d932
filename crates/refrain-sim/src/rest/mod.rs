//! The REST API, v10: what bots of this kind use of it, with Discord's own error bodies.

mod applications;
mod channels;
mod emojis;
pub(crate) mod error;
mod extract;
mod files;
mod form;
mod guilds;
mod interactions;
mod limits;
mod manners;
mod marks;
mod messages;
mod multipart;
mod record;
mod route;
mod serve;
mod speaking;
mod troubles;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{delete, get, patch, post, put},
};

use self::error::ApiError;
pub(crate) use self::{
    form::Need,
    limits::{Limits, Scope, Waits},
    serve::serve,
    troubles::{Aim, Body as TroubleBody, Troubles, What},
};
use crate::state::Hub;

/// All routes, under each prefix that clients use.
fn router(hub: Arc<Hub>) -> Router {
    let api = api();
    Router::new()
        .nest("/api/v10", api.clone())
        .nest("/api/v9", api.clone())
        .nest("/api", api)
        .route("/attachments/{channel}/{file}/{name}", get(files::file))
        .fallback(async || ApiError::NO_ROUTE)
        .method_not_allowed_fallback(async || ApiError::NO_METHOD)
        .layer(middleware::from_fn_with_state(hub.clone(), manners::check))
        .layer(middleware::from_fn_with_state(hub.clone(), limits::limit))
        .layer(middleware::from_fn_with_state(hub.clone(), troubles::suffer))
        .layer(middleware::from_fn_with_state(hub.clone(), limits::watch))
        // The recorder reads the body and sets its own limit, with Discord's error body.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(hub.clone(), record::record))
        .layer(middleware::from_fn_with_state(hub.clone(), stand_still))
        .with_state(hub)
}

/// While the simulator is frozen, requests wait.
async fn stand_still(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    hub.effects.thawed().await;
    next.run(request).await
}

fn api() -> Router<Arc<Hub>> {
    let commands = || get(applications::list).post(applications::create).put(applications::replace);
    let command = || get(applications::one).patch(applications::edit).delete(applications::remove);
    Router::new()
        .route("/gateway", get(users::gateway))
        .route("/gateway/bot", get(users::gateway_bot))
        .route("/users/@me", get(users::me))
        .route("/users/@me/guilds", get(users::my_guilds))
        .route("/users/@me/guilds/{guild}", delete(guilds::leave))
        .route("/users/{user}", get(users::user))
        .route("/applications/@me", get(users::application))
        .route("/oauth2/applications/@me", get(users::application))
        .route("/applications/{application}/commands", commands())
        .route("/applications/{application}/commands/{command}", command())
        .route("/applications/{application}/guilds/{guild}/commands", commands())
        .route("/applications/{application}/guilds/{guild}/commands/{command}", command())
        .route("/applications/{application}/guilds/{guild}/commands/permissions", get(applications::all_permissions))
        .route(
            "/applications/{application}/guilds/{guild}/commands/{command}/permissions",
            get(applications::permissions).put(applications::set_permissions),
        )
        .route("/voice/regions", get(guilds::regions))
        .route("/interactions/{interaction}/{token}/callback", post(interactions::callback))
        .route("/webhooks/{application}/{token}", post(interactions::follow_up))
        .route(
            "/webhooks/{application}/{token}/messages/{message}",
            get(interactions::message).patch(interactions::edit).delete(interactions::remove),
        )
        .route("/channels/{channel}", get(channels::channel))
        .route("/channels/{channel}/typing", post(channels::typing))
        .route("/channels/{channel}/voice-status", put(channels::voice_status))
        .merge(of_messages())
        .merge(of_emojis())
        .route("/guilds/{guild}", get(guilds::guild))
        .route("/guilds/{guild}/channels", get(guilds::channels))
        .route("/guilds/{guild}/roles", get(guilds::roles))
        .route("/guilds/{guild}/members", get(guilds::members))
        .route("/guilds/{guild}/members/@me", patch(guilds::edit_me))
        .route("/guilds/{guild}/members/{user}", get(guilds::member).patch(speaking::edit_member))
        .route("/guilds/{guild}/voice-states/@me", get(guilds::my_voice_state).patch(speaking::edit_mine))
        .route("/guilds/{guild}/voice-states/{user}", get(guilds::voice_state).patch(speaking::edit))
}

fn of_messages() -> Router<Arc<Hub>> {
    let pin = || put(marks::pin).delete(marks::unpin);
    let reaction = "/channels/{channel}/messages/{message}/reactions/{emoji}";
    Router::new()
        .route("/channels/{channel}/messages", get(messages::list).post(messages::create))
        .route("/channels/{channel}/messages/bulk-delete", post(messages::bulk_remove))
        .route("/channels/{channel}/messages/pins", get(marks::pins))
        .route("/channels/{channel}/messages/pins/{message}", pin())
        .route("/channels/{channel}/pins", get(marks::old_pins))
        .route("/channels/{channel}/pins/{message}", pin())
        .route(
            "/channels/{channel}/messages/{message}",
            get(messages::message).patch(messages::edit).delete(messages::remove),
        )
        .route("/channels/{channel}/messages/{message}/crosspost", post(messages::crosspost))
        .route("/channels/{channel}/messages/{message}/reactions", delete(marks::clear))
        .route(reaction, get(marks::who).delete(marks::clear_kind))
        .route(&format!("{reaction}/@me"), put(marks::react).delete(marks::unreact_own))
        .route(&format!("{reaction}/{{user}}"), delete(marks::unreact))
}

fn of_emojis() -> Router<Arc<Hub>> {
    Router::new().route("/applications/{application}/emojis", get(emojis::list).post(emojis::create)).route(
        "/applications/{application}/emojis/{emoji}",
        get(emojis::one).patch(emojis::edit).delete(emojis::remove),
    )
}
