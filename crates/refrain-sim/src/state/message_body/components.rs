//! Components of messages and forms: which may stand where, and their documented limits.

use serde_json::Value;

use crate::rest::{
    Need::{Optional, Required},
    error::FieldErrors,
};

const LINK_SCHEMES: &[&str] = &["http", "https", "discord"];
const MEDIA_SCHEMES: &[&str] = &["http", "https", "attachment"];
/// How many components a message may have, inner ones counted.
const MOST_IN_ALL: usize = 40;

/// Where a component stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The top of a message without `IS_COMPONENTS_V2`.
    Legacy,
    /// The top of a message with it.
    Message,
    Row,
    Container,
    Section,
    Accessory,
    /// The top of a form.
    Form,
    /// An action row of a form.
    FormRow,
    Label,
}

impl Place {
    /// The types that may stand there.
    fn allowed(self) -> &'static [u64] {
        match self {
            Self::Legacy => &[1],
            Self::Message => &[1, 9, 10, 12, 13, 14, 17],
            Self::Row => &[2, 3, 5, 6, 7, 8],
            Self::Container => &[1, 9, 10, 12, 13, 14],
            Self::Section => &[10],
            Self::Accessory => &[2, 11],
            Self::Form => &[1, 10, 18],
            Self::FormRow => &[4],
            Self::Label => &[3, 4, 5, 6, 7, 8, 19, 21, 22, 23],
        }
    }
}

/// Custom ids met so far, and how many components.
#[derive(Debug, Default)]
pub(super) struct Seen {
    names: Vec<String>,
    count: usize,
}

/// Checks a message's components.
pub(super) fn check(components: &Value, v2: bool, errors: &mut FieldErrors) {
    let (place, most) = if v2 { (Place::Message, MOST_IN_ALL) } else { (Place::Legacy, 5) };
    let mut seen = Seen::default();
    for (index, one) in errors.list("components", components, Optional, 0..=most).iter().enumerate() {
        component(&format!("components.{index}"), one, place, &mut seen, errors);
    }
    if seen.count > MOST_IN_ALL {
        let words = format!("The maximum number of components in a message is {MOST_IN_ALL}.");
        errors.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", words);
    }
}

/// Checks one component and what stands in it. Places get narrower inwards, so this ends.
pub(super) fn component(at: &str, value: &Value, place: Place, seen: &mut Seen, errors: &mut FieldErrors) {
    seen.count += 1;
    if seen.count > 2 * MOST_IN_ALL || errors.object(at, value, Required).is_none() {
        return;
    }
    let kind = errors.choice(&format!("{at}.type"), &value["type"], Required, place.allowed());
    errors.whole(&format!("{at}.id"), &value["id"], Optional, 0..=i64::from(i32::MAX));
    match kind {
        Some(1) if place == Place::Form => children(at, value, Place::FormRow, 5, seen, errors),
        Some(1) => row(at, value, seen, errors),
        Some(2) => button(at, value, seen, errors),
        Some(3..=8 | 19 | 21..=23) => field(at, value, place, seen, errors),
        Some(9) => {
            children(at, value, Place::Section, 3, seen, errors);
            let inner = format!("{at}.accessory");
            if errors.object(&inner, &value["accessory"], Required).is_some() {
                component(&inner, &value["accessory"], Place::Accessory, seen, errors);
            }
        }
        Some(10) => {
            errors.text(&format!("{at}.content"), &value["content"], Required, 1..=4000);
        }
        Some(11) => media(at, value, errors),
        Some(12) => {
            for (index, item) in
                errors.list(&format!("{at}.items"), &value["items"], Required, 1..=10).iter().enumerate()
            {
                let at = format!("{at}.items.{index}");
                if errors.object(&at, item, Required).is_some() {
                    media(&at, item, errors);
                }
            }
        }
        Some(13) => {
            let inner = format!("{at}.file");
            if errors.object(&inner, &value["file"], Required).is_some() {
                errors.link(&format!("{inner}.url"), &value["file"]["url"], Required, &["attachment"], 2048);
            }
        }
        Some(14) => {
            errors.flag(&format!("{at}.divider"), &value["divider"]);
            errors.choice(&format!("{at}.spacing"), &value["spacing"], Optional, &[1, 2]);
        }
        Some(17) => {
            errors.whole(&format!("{at}.accent_color"), &value["accent_color"], Optional, 0..=0x00ff_ffff);
            errors.flag(&format!("{at}.spoiler"), &value["spoiler"]);
            children(at, value, Place::Container, MOST_IN_ALL, seen, errors);
        }
        Some(18) => label(at, value, seen, errors),
        Some(_) | None => {}
    }
}

fn children(at: &str, value: &Value, place: Place, most: usize, seen: &mut Seen, errors: &mut FieldErrors) {
    let inner = errors.list(&format!("{at}.components"), &value["components"], Required, 1..=most);
    for (index, one) in inner.iter().enumerate() {
        component(&format!("{at}.components.{index}"), one, place, seen, errors);
    }
}

/// Up to five buttons, or one menu.
fn row(at: &str, value: &Value, seen: &mut Seen, errors: &mut FieldErrors) {
    children(at, value, Place::Row, 5, seen, errors);
    let inner = value["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    if inner.len() > 1 && inner.iter().any(|one| matches!(one["type"].as_u64(), Some(3 | 5..=8))) {
        let words = "The specified component exceeds the maximum width";
        errors.add(format!("{at}.components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words);
    }
}

/// A name that no other component of the message has.
fn custom_id(at: &str, value: &Value, seen: &mut Seen, errors: &mut FieldErrors) {
    let Some(name) = errors.text(&format!("{at}.custom_id"), &value["custom_id"], Required, 1..=100) else { return };
    if seen.names.iter().any(|known| known == name) {
        let words = "Component custom id cannot be duplicated";
        errors.add(format!("{at}.custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", words);
    }
    seen.names.push(name.to_owned());
}

fn button(at: &str, value: &Value, seen: &mut Seen, errors: &mut FieldErrors) {
    let style = errors.choice(&format!("{at}.style"), &value["style"], Required, &[1, 2, 3, 4, 5, 6]);
    errors.text(&format!("{at}.label"), &value["label"], Optional, 0..=80);
    errors.flag(&format!("{at}.disabled"), &value["disabled"]);
    emoji(&format!("{at}.emoji"), &value["emoji"], errors);
    let premium = style == Some(6);
    if style.is_some() && !premium && value["label"].as_str().is_none_or(str::is_empty) && value["emoji"].is_null() {
        errors.add(at, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button must have either a label or an emoji");
    }
    match style {
        Some(5) => errors.link(&format!("{at}.url"), &value["url"], Required, LINK_SCHEMES, 512),
        Some(6) => errors.snowflake(&format!("{at}.sku_id"), &value["sku_id"], Required),
        Some(_) => custom_id(at, value, seen, errors),
        None => {}
    }
    // Each style has its own way of being pressed, and no other.
    let foreign: &[&str] = match style {
        Some(5) => &["custom_id", "sku_id"],
        Some(6) => &["custom_id", "url", "label", "emoji"],
        Some(_) => &["url", "sku_id"],
        None => &[],
    };
    for name in foreign.iter().filter(|name| !value[**name].is_null()) {
        let words = "This field cannot be used with this style of button";
        errors.add(format!("{at}.{name}"), "BUTTON_COMPONENT_INVALID_FIELD", words);
    }
}

/// A menu or a form's field.
fn field(at: &str, value: &Value, place: Place, seen: &mut Seen, errors: &mut FieldErrors) {
    custom_id(at, value, seen, errors);
    errors.flag(&format!("{at}.disabled"), &value["disabled"]);
    errors.flag(&format!("{at}.required"), &value["required"]);
    match value["type"].as_u64() {
        Some(4) => text_input(at, value, place, errors),
        Some(3) => {
            menu(at, value, 25, errors);
            options(at, value, 1, errors);
        }
        Some(5..=8) => {
            menu(at, value, 25, errors);
            for (index, one) in errors
                .list(&format!("{at}.default_values"), &value["default_values"], Optional, 0..=25)
                .iter()
                .enumerate()
            {
                errors.snowflake(&format!("{at}.default_values.{index}.id"), &one["id"], Required);
            }
        }
        Some(19 | 22) => menu(at, value, 10, errors),
        Some(21) => options(at, value, 2, errors),
        Some(_) | None => {}
    }
}

fn menu(at: &str, value: &Value, most: i64, errors: &mut FieldErrors) {
    errors.text(&format!("{at}.placeholder"), &value["placeholder"], Optional, 0..=150);
    let least = errors.whole(&format!("{at}.min_values"), &value["min_values"], Optional, 0..=most);
    let most = errors.whole(&format!("{at}.max_values"), &value["max_values"], Optional, 1..=most);
    if least.unwrap_or(1) > most.unwrap_or(1).max(1) && least.is_some_and(|least| least > 1 || most.is_some()) {
        let words = "min_values must be less than or equal to max_values";
        errors.add(format!("{at}.min_values"), "SELECT_COMPONENT_MIN_VALUES_ABOVE_MAX_VALUES", words);
    }
}

fn options(at: &str, value: &Value, least: usize, errors: &mut FieldErrors) {
    let all = errors.list(&format!("{at}.options"), &value["options"], Required, least..=25);
    for (index, option) in all.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        if errors.object(&at, option, Required).is_none() {
            continue;
        }
        errors.text(&format!("{at}.label"), &option["label"], Required, 1..=100);
        errors.text(&format!("{at}.value"), &option["value"], Required, 1..=100);
        errors.text(&format!("{at}.description"), &option["description"], Optional, 0..=100);
        errors.flag(&format!("{at}.default"), &option["default"]);
        emoji(&format!("{at}.emoji"), &option["emoji"], errors);
        if all.iter().take(index).any(|other| other["value"] == option["value"]) {
            let words = "The specified option value is already used";
            errors.add(format!("{at}.value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", words);
        }
    }
}

fn text_input(at: &str, value: &Value, place: Place, errors: &mut FieldErrors) {
    errors.choice(&format!("{at}.style"), &value["style"], Required, &[1, 2]);
    // In an action row the field labels itself; in a label component the label does.
    let need = if place == Place::FormRow { Required } else { Optional };
    errors.text(&format!("{at}.label"), &value["label"], need, 1..=45);
    errors.text(&format!("{at}.value"), &value["value"], Optional, 0..=4000);
    errors.text(&format!("{at}.placeholder"), &value["placeholder"], Optional, 0..=100);
    errors.whole(&format!("{at}.min_length"), &value["min_length"], Optional, 0..=4000);
    errors.whole(&format!("{at}.max_length"), &value["max_length"], Optional, 1..=4000);
}

fn label(at: &str, value: &Value, seen: &mut Seen, errors: &mut FieldErrors) {
    errors.text(&format!("{at}.label"), &value["label"], Required, 1..=45);
    errors.text(&format!("{at}.description"), &value["description"], Optional, 1..=100);
    let inner = format!("{at}.component");
    if errors.object(&inner, &value["component"], Required).is_some() {
        component(&inner, &value["component"], Place::Label, seen, errors);
    }
}

fn media(at: &str, value: &Value, errors: &mut FieldErrors) {
    errors.text(&format!("{at}.description"), &value["description"], Optional, 1..=1024);
    errors.flag(&format!("{at}.spoiler"), &value["spoiler"]);
    if errors.object(&format!("{at}.media"), &value["media"], Required).is_some() {
        errors.link(&format!("{at}.media.url"), &value["media"]["url"], Required, MEDIA_SCHEMES, 2048);
    }
}

fn emoji(at: &str, value: &Value, errors: &mut FieldErrors) {
    if errors.object(at, value, Optional).is_some() {
        errors.snowflake(&format!("{at}.id"), &value["id"], Optional);
        errors.text(&format!("{at}.name"), &value["name"], Optional, 0..=32);
        if value["id"].is_null() && value["name"].as_str().is_none_or(str::is_empty) {
            errors.required(format!("{at}.name"));
        }
    }
}
