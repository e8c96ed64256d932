//! Embeds and their documented limits.

use serde_json::Value;

use crate::rest::{
    Need::{self, Optional, Required},
    error::FieldErrors,
};

/// What all embeds of a message may hold together, in characters.
const MOST_IN_ALL: usize = 6000;
const SCHEMES: &[&str] = &["http", "https"];
const IMAGE_SCHEMES: &[&str] = &["http", "https", "attachment"];

pub(super) fn check(embeds: &Value, errors: &mut FieldErrors) {
    let mut total = 0;
    for (index, embed) in errors.list("embeds", embeds, Optional, 0..=10).iter().enumerate() {
        let at = format!("embeds.{index}");
        if errors.object(&at, embed, Required).is_some() {
            total += check_embed(embed, &at, errors);
        }
    }
    if total > MOST_IN_ALL {
        let words = format!("Embed size exceeds maximum size of {MOST_IN_ALL}");
        errors.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", words);
    }
}

/// Answers how many of the 6000 characters it uses.
fn check_embed(embed: &Value, at: &str, errors: &mut FieldErrors) -> usize {
    let mut total = 0;
    let mut counted = |path: &str, value: &Value, need: Need, most: usize, errors: &mut FieldErrors| {
        let least = usize::from(need == Required);
        let text = errors.text(&format!("{at}.{path}"), value, need, least..=most).unwrap_or_default();
        total += text.trim().encode_utf16().count();
    };
    counted("title", &embed["title"], Optional, 256, errors);
    counted("description", &embed["description"], Optional, 4096, errors);
    if errors.object(&format!("{at}.footer"), &embed["footer"], Optional).is_some() {
        counted("footer.text", &embed["footer"]["text"], Optional, 2048, errors);
        errors.link(&format!("{at}.footer.icon_url"), &embed["footer"]["icon_url"], Optional, IMAGE_SCHEMES, 2048);
    }
    if errors.object(&format!("{at}.author"), &embed["author"], Optional).is_some() {
        counted("author.name", &embed["author"]["name"], Optional, 256, errors);
        errors.link(&format!("{at}.author.url"), &embed["author"]["url"], Optional, SCHEMES, 2048);
        errors.link(&format!("{at}.author.icon_url"), &embed["author"]["icon_url"], Optional, IMAGE_SCHEMES, 2048);
    }
    for (place, field) in errors.list(&format!("{at}.fields"), &embed["fields"], Optional, 0..=25).iter().enumerate() {
        if errors.object(&format!("{at}.fields.{place}"), field, Required).is_none() {
            continue;
        }
        counted(&format!("fields.{place}.name"), &field["name"], Required, 256, errors);
        counted(&format!("fields.{place}.value"), &field["value"], Required, 1024, errors);
        errors.flag(&format!("{at}.fields.{place}.inline"), &field["inline"]);
    }
    errors.link(&format!("{at}.url"), &embed["url"], Optional, SCHEMES, 2048);
    errors.whole(&format!("{at}.color"), &embed["color"], Optional, 0..=0x00ff_ffff);
    check_timestamp(&embed["timestamp"], &format!("{at}.timestamp"), errors);
    for part in ["image", "thumbnail"] {
        if errors.object(&format!("{at}.{part}"), &embed[part], Optional).is_some() {
            errors.link(&format!("{at}.{part}.url"), &embed[part]["url"], Optional, IMAGE_SCHEMES, 2048);
        }
    }
    total
}

/// An ISO 8601 date and time.
fn check_timestamp(value: &Value, at: &str, errors: &mut FieldErrors) {
    let Some(text) = errors.text(at, value, Optional, 0..=64) else { return };
    let shape: String = text.chars().take(19).map(|one| if one.is_ascii_digit() { '0' } else { one }).collect();
    if !matches!(shape.as_str(), "0000-00-00T00:00:00" | "0000-00-00 00:00:00") {
        errors.add(at, "DATE_TIME_TYPE_PARSE", format!("Could not parse {value}. Should be ISO8601."));
    }
}
