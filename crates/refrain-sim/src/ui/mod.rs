//! The page: what a person sees of the simulator, and does in it. It stands on the control API and on nothing else.
//!
//! Files written by hand and embedded in the program: no build step, nothing from the network. Whatever comes from a bot
//! is put into the page as text, and the content security policy lets no other script run should that ever fail.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use crate::state::Hub;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";

/// Scripts, styles and data come from here alone. Frames and forms lead nowhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Name, type and content of each file.
const FILES: &[(&str, &str, &str)] = &[
    ("index.html", HTML, include_str!("page/index.html")),
    ("icon.svg", ICON, include_str!("page/icon.svg")),
    ("base.css", CSS, include_str!("page/base.css")),
    ("layout.css", CSS, include_str!("page/layout.css")),
    ("chat.css", CSS, include_str!("page/chat.css")),
    ("side.css", CSS, include_str!("page/side.css")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("api.js", SCRIPT, include_str!("page/api.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("store.js", SCRIPT, include_str!("page/store.js")),
    ("stream.js", SCRIPT, include_str!("page/stream.js")),
    ("text.js", SCRIPT, include_str!("page/text.js")),
    ("places.js", SCRIPT, include_str!("page/places.js")),
    ("messages.js", SCRIPT, include_str!("page/messages.js")),
    ("components.js", SCRIPT, include_str!("page/components.js")),
    ("commands.js", SCRIPT, include_str!("page/commands.js")),
    ("options.js", SCRIPT, include_str!("page/options.js")),
    ("asking.js", SCRIPT, include_str!("page/asking.js")),
    ("sound.js", SCRIPT, include_str!("page/sound.js")),
    ("faults.js", SCRIPT, include_str!("page/faults.js")),
    ("wire.js", SCRIPT, include_str!("page/wire.js")),
    ("opcodes.js", SCRIPT, include_str!("page/opcodes.js")),
];

/// The page under `/ui/`.
pub(crate) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/", get(async || Redirect::temporary("/ui/")))
        .route("/ui", get(async || Redirect::temporary("/ui/")))
        .route("/ui/", get(async || file("index.html")))
        .route("/ui/{name}", get(async |Path(name): Path<String>| file(&name)))
}

fn file(name: &str) -> Response {
    let Some((_, kind, content)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return (StatusCode::NOT_FOUND, "The page has no such file.").into_response();
    };
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (headers, *content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_page_asks_for_is_embedded() {
        for (name, _, content) in FILES {
            let quoted = content.split('"').filter_map(|part| part.strip_prefix("./"));
            for wanted in quoted.filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
                assert!(FILES.iter().any(|(known, _, _)| *known == wanted), "{name} asks for {wanted}");
            }
        }
    }

    #[test]
    fn no_script_makes_html_of_text() {
        for (name, _, content) in FILES {
            for means in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc"] {
                assert!(!content.contains(means), "{name} uses {means}");
            }
        }
    }
}
