//! Errors as Discord's REST API answers them.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

/// A refusal: the HTTP status, Discord's code and its words, and for a bad form which fields are wrong.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    pub(crate) message: &'static str,
    pub(crate) errors: Option<Value>,
}

impl ApiError {
    const fn new(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message, errors: None }
    }

    const fn bad(code: u32, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The same with the wrong fields one step deeper in the form.
    pub(crate) fn under(mut self, field: &str) -> Self {
        self.errors = self.errors.map(|errors| json!({ field: errors }));
        self
    }

    const fn not_found(code: u32, message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) const UNAUTHORIZED: Self = Self::new(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized");
    pub(crate) const NO_ROUTE: Self = Self::not_found(0, "404: Not Found");
    pub(crate) const NO_METHOD: Self = Self::new(StatusCode::METHOD_NOT_ALLOWED, 0, "405: Method Not Allowed");
    pub(crate) const UNKNOWN_APPLICATION: Self = Self::not_found(10_002, "Unknown Application");
    pub(crate) const UNKNOWN_CHANNEL: Self = Self::not_found(10_003, "Unknown Channel");
    pub(crate) const UNKNOWN_GUILD: Self = Self::not_found(10_004, "Unknown Guild");
    pub(crate) const UNKNOWN_MEMBER: Self = Self::not_found(10_007, "Unknown Member");
    pub(crate) const UNKNOWN_MESSAGE: Self = Self::not_found(10_008, "Unknown Message");
    pub(crate) const UNKNOWN_USER: Self = Self::not_found(10_013, "Unknown User");
    pub(crate) const UNKNOWN_EMOJI: Self = Self::not_found(10_014, "Unknown Emoji");
    pub(crate) const UNKNOWN_WEBHOOK: Self = Self::not_found(10_015, "Unknown Webhook");
    pub(crate) const UNKNOWN_INTERACTION: Self = Self::not_found(10_062, "Unknown interaction");
    pub(crate) const UNKNOWN_COMMAND: Self = Self::not_found(10_063, "Unknown application command");
    pub(crate) const UNKNOWN_VOICE_STATE: Self = Self::not_found(10_065, "Unknown Voice State");
    pub(crate) const NOT_IN_VOICE: Self = Self::bad(40_032, "Target user is not connected to voice.");
    pub(crate) const UNKNOWN_COMMAND_PERMISSIONS: Self =
        Self::not_found(10_066, "Unknown application command permissions");
    pub(crate) const TOO_MANY_PINS: Self = Self::bad(30_003, "Maximum number of pins reached for the channel (250)");
    pub(crate) const TOO_MANY_EMOJIS: Self = Self::bad(30_008, "Maximum number of emojis reached");
    pub(crate) const TOO_MANY_REACTIONS: Self = Self::bad(30_010, "Maximum number of reactions reached (20)");
    pub(crate) const TOO_MANY_FILES: Self =
        Self::bad(30_015, "Maximum number of attachments in a message reached (10)");
    pub(crate) const MISSING_ACCESS: Self = Self::new(StatusCode::FORBIDDEN, 50_001, "Missing Access");
    pub(crate) const NOT_AUTHOR: Self =
        Self::new(StatusCode::FORBIDDEN, 50_005, "Cannot edit a message authored by another user");
    pub(crate) const EMPTY_MESSAGE: Self = Self::bad(50_006, "Cannot send an empty message");
    pub(crate) const NOT_FOR_BOTS: Self = Self::new(StatusCode::FORBIDDEN, 20_001, "Bots cannot use this endpoint");
    pub(crate) const TOO_MANY_COMMANDS: Self =
        Self::bad(30_032, "Maximum number of application commands reached (100).");
    pub(crate) const OWNER_CANNOT_LEAVE: Self = Self::bad(50_055, "Invalid Guild");
    pub(crate) const BULK_COUNT: Self =
        Self::bad(50_016, "Provided too few or too many messages to delete. Must provide at least 2 and at most 100.");
    pub(crate) const WRONG_CHANNEL_TYPE: Self = Self::bad(50_024, "Cannot execute action on this channel type");
    pub(crate) const TOO_OLD_FOR_BULK: Self = Self::bad(50_034, "A message provided was too old to bulk delete");
    pub(crate) const CANNOT_REPLY: Self = Self::bad(160_002, "Cannot reply without permission to read message history");
    pub(crate) const MISSING_PERMISSIONS: Self = Self::new(StatusCode::FORBIDDEN, 50_013, "Missing Permissions");
    pub(crate) const INVALID_WEBHOOK_TOKEN: Self = Self::new(StatusCode::UNAUTHORIZED, 50_027, "Invalid Webhook Token");
    pub(crate) const ALREADY_ACKNOWLEDGED: Self =
        Self::new(StatusCode::BAD_REQUEST, 40_060, "Interaction has already been acknowledged.");
    pub(crate) const INVALID_JSON: Self =
        Self::new(StatusCode::BAD_REQUEST, 50_109, "The request body contains invalid JSON.");
    pub(crate) const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, 40_005, "Request entity too large");
    const INVALID_FORM: Self = Self::new(StatusCode::BAD_REQUEST, 50_035, "Invalid Form Body");
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = self.errors {
            body["errors"] = errors;
        }
        let mut response = (self.status, axum::Json(body)).into_response();
        if self.status == StatusCode::NOT_FOUND && self.code == 0 {
            response.extensions_mut().insert(Unrouted);
        }
        response
    }
}

/// Marks an answer that no route gave, which has no rate limit either.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unrouted;

/// The wrong fields of a form, gathered so that all are told at once.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(Vec<(String, &'static str, String)>);

impl FieldErrors {
    /// Notes a wrong field; `path` has dots between its steps, as `embeds.0.title`.
    pub(crate) fn add(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push((path.into(), code, message.into()));
    }

    pub(crate) fn required(&mut self, path: impl Into<String>) {
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// Notes a text that is too long (counted in UTF-16 units, as Discord's clients do) or too short.
    pub(crate) fn length(&mut self, path: impl Into<String>, text: &str, least: usize, most: usize) {
        let length = text.encode_utf16().count();
        if length > most && least == 0 {
            self.add(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {most} or fewer in length."));
        } else if length < least || length > most {
            self.add(path, "BASE_TYPE_BAD_LENGTH", format!("Must be between {least} and {most} in length."));
        }
    }

    /// `value` if nothing was wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, ApiError> {
        if self.0.is_empty() { Ok(value) } else { Err(self.into_error()) }
    }

    /// The answer that tells them all.
    pub(crate) fn into_error(self) -> ApiError {
        let mut root = Map::new();
        for (path, code, message) in self.0 {
            // No path: the form as a whole.
            let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty() && *step != "_").collect();
            note(&mut root, &steps, json!({ "code": code, "message": message }));
        }
        ApiError { errors: Some(Value::Object(root)), ..ApiError::INVALID_FORM }
    }
}

/// Puts an error where its field stands.
fn note(node: &mut Map<String, Value>, steps: &[&str], error: Value) {
    let Some((step, rest)) = steps.split_first() else {
        if let Value::Array(errors) = node.entry("_errors").or_insert_with(|| json!([])) {
            errors.push(error);
        }
        return;
    };
    if let Value::Object(inner) = node.entry(*step).or_insert_with(|| Value::Object(Map::new())) {
        note(inner, rest, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_fields_are_told_where_they_stand() {
        let mut errors = FieldErrors::default();
        errors.required("options.0.name");
        errors.length("content", &"x".repeat(2001), 0, 2000);
        let error = errors.or(()).unwrap_err();
        assert_eq!((error.status.as_u16(), error.code), (400, 50_035));
        let expected = json!({
            "content": { "_errors": [{ "code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length." }] },
            "options": { "0": { "name": { "_errors": [
                { "code": "BASE_TYPE_REQUIRED", "message": "This field is required" }] } } },
        });
        assert_eq!(error.errors, Some(expected));
    }
}
