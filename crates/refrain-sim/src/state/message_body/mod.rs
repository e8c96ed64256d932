//! What a message may hold, checked as Discord checks it.

mod components;
mod embeds;
mod modal;
mod seek;

use serde_json::{Value, json};

use crate::rest::{
    Need::Optional,
    error::{ApiError, FieldErrors},
};

pub(crate) use self::{
    modal::{check_choices, check_modal},
    seek::{custom_ids, find_component},
};

pub(crate) const SUPPRESS_EMBEDS: u64 = 1 << 2;
pub(crate) const EPHEMERAL: u64 = 1 << 6;
pub(crate) const LOADING: u64 = 1 << 7;
pub(crate) const COMPONENTS_V2: u64 = 1 << 15;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// The flags a client may set.
pub(crate) const SETTABLE: u64 = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2;

/// How many files a message may have.
pub(crate) const MAX_FILES: usize = 10;

/// Checks the fields that `body` has.
pub(crate) fn check(body: &Value) -> Result<(), ApiError> {
    check_with(body, 0)
}

/// The same for a change of a message that has these flags.
pub(crate) fn check_with(body: &Value, flags: u64) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    if errors.object("", body, Optional).is_none() {
        return errors.or(());
    }
    errors.text("content", &body["content"], Optional, 0..=2000);
    errors.flag("tts", &body["tts"]);
    errors.whole("flags", &body["flags"], Optional, 0..=i64::from(i32::MAX));
    embeds::check(&body["embeds"], &mut errors);
    check_mentions(&body["allowed_mentions"], &mut errors);
    check_nonce(&body["nonce"], &mut errors);
    errors.flag("enforce_nonce", &body["enforce_nonce"]);
    check_reference(&body["message_reference"], &mut errors);
    check_attachments(&body["attachments"], &mut errors);
    for (index, sticker) in errors.list("sticker_ids", &body["sticker_ids"], Optional, 0..=3).iter().enumerate() {
        errors.snowflake(&format!("sticker_ids.{index}"), sticker, Optional);
    }
    let v2 = (body["flags"].as_u64().unwrap_or(0) | flags) & COMPONENTS_V2 != 0;
    components::check(&body["components"], v2, &mut errors);
    if v2 {
        for field in ["content", "embeds", "sticker_ids", "poll"] {
            if !is_empty(&body[field]) {
                let words = format!("The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
                errors.add(field, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words);
            }
        }
    }
    errors.or(())
}

fn check_mentions(mentions: &Value, errors: &mut FieldErrors) {
    let at = "allowed_mentions";
    let Some(mentions) = errors.object(at, mentions, Optional) else { return };
    errors.flag(&format!("{at}.replied_user"), &mentions["replied_user"]);
    let parse = errors.list(&format!("{at}.parse"), &mentions["parse"], Optional, 0..=1521);
    for (index, word) in parse.iter().enumerate() {
        if !matches!(word.as_str(), Some("roles" | "users" | "everyone")) && !word.is_null() {
            errors.choices(&format!("{at}.parse.{index}"), &["roles", "users", "everyone"].map(str::to_owned));
        }
    }
    for kind in ["users", "roles"] {
        let ids = errors.list(&format!("{at}.{kind}"), &mentions[kind], Optional, 0..=100);
        for (index, id) in ids.iter().enumerate() {
            errors.snowflake(&format!("{at}.{kind}.{index}"), id, Optional);
        }
        if !ids.is_empty() && parse.contains(&json!(kind)) {
            let words = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            errors.add(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words);
        }
    }
}

fn check_nonce(nonce: &Value, errors: &mut FieldErrors) {
    if !nonce.is_i64() && !nonce.is_u64() {
        errors.text("nonce", nonce, Optional, 0..=25);
    }
}

fn check_reference(reference: &Value, errors: &mut FieldErrors) {
    let at = "message_reference";
    let Some(reference) = errors.object(at, reference, Optional) else { return };
    errors.choice(&format!("{at}.type"), &reference["type"], Optional, &[0, 1]);
    errors.snowflake(&format!("{at}.message_id"), &reference["message_id"], crate::rest::Need::Required);
    errors.snowflake(&format!("{at}.channel_id"), &reference["channel_id"], Optional);
    errors.snowflake(&format!("{at}.guild_id"), &reference["guild_id"], Optional);
    errors.flag(&format!("{at}.fail_if_not_exists"), &reference["fail_if_not_exists"]);
}

fn check_attachments(attachments: &Value, errors: &mut FieldErrors) {
    for (index, one) in errors.list("attachments", attachments, Optional, 0..=MAX_FILES).iter().enumerate() {
        let at = format!("attachments.{index}");
        if errors.object(&at, one, crate::rest::Need::Required).is_none() {
            continue;
        }
        errors.snowflake(&format!("{at}.id"), &one["id"], crate::rest::Need::Required);
        errors.text(&format!("{at}.filename"), &one["filename"], Optional, 1..=1024);
        errors.text(&format!("{at}.description"), &one["description"], Optional, 0..=1024);
        errors.text(&format!("{at}.title"), &one["title"], Optional, 0..=1024);
        errors.flag(&format!("{at}.is_spoiler"), &one["is_spoiler"]);
    }
}

/// Whether a field says nothing.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
