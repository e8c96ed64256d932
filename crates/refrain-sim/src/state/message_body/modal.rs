//! What an interaction may be answered with that is no message: a form, choices for a half-typed option.

use serde_json::Value;

use super::components::{Place, Seen, component};
use crate::rest::{
    Need::{Optional, Required},
    error::{ApiError, FieldErrors},
};

/// Checks a form. The documentation allows five components, the published API description forty; the stricter counts.
pub(crate) fn check_modal(form: &Value) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    if errors.object("data", form, Required).is_some() {
        errors.text("data.custom_id", &form["custom_id"], Required, 1..=100);
        errors.text("data.title", &form["title"], Required, 1..=45);
        let mut seen = Seen::default();
        let all = errors.list("data.components", &form["components"], Required, 1..=5);
        for (index, one) in all.iter().enumerate() {
            component(&format!("data.components.{index}"), one, Place::Form, &mut seen, &mut errors);
        }
    }
    errors.or(())
}

/// Checks the choices for an option of this type (3 text, 4 whole number, 10 number).
pub(crate) fn check_choices(data: &Value) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    let choices = errors.list("data.choices", &data["choices"], Optional, 0..=25);
    for (index, choice) in choices.iter().enumerate() {
        let at = format!("data.choices.{index}");
        if errors.object(&at, choice, Required).is_none() {
            continue;
        }
        errors.text(&format!("{at}.name"), &choice["name"], Required, 1..=100);
        if !choice["value"].is_number() {
            errors.text(&format!("{at}.value"), &choice["value"], Required, 0..=100);
        }
    }
    errors.or(())
}
