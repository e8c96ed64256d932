//! Reading the fields of a form: what is wrong is noted, what is right is given back.
//!
//! The codes and the words are those of the documented examples; where none is documented they have the same shape.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::error::FieldErrors;

/// Whether a field may be left out (or null, which is the same).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

impl FieldErrors {
    /// Whether there is a value to look at; notes one that is missing.
    fn given(&mut self, at: &str, value: &Value, need: Need) -> bool {
        if value.is_null() && need == Need::Required {
            self.required(at);
        }
        !value.is_null()
    }

    /// A text of so many UTF-16 units.
    pub(crate) fn text<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
        need: Need,
        length: RangeInclusive<usize>,
    ) -> Option<&'a str> {
        if !self.given(at, value, need) {
            return None;
        }
        match value.as_str() {
            Some("") if need == Need::Required && *length.start() > 0 => self.required(at),
            Some(text) => self.length(at, text, *length.start(), *length.end()),
            None => self.add(at, "STRING_TYPE_CONVERT", "Could not interpret the value as a string."),
        }
        value.as_str()
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, at: &str, value: &Value, need: Need, range: RangeInclusive<i64>) -> Option<i64> {
        if !self.given(at, value, need) {
            return None;
        }
        match value.as_i64() {
            None => self.add(at, "NUMBER_TYPE_COERCE", format!("Value \"{value}\" is not int.")),
            Some(number) if number > *range.end() => {
                let words = format!("int value should be less than or equal to {}.", range.end());
                self.add(at, "NUMBER_TYPE_MAX", words);
            }
            Some(number) if number < *range.start() => {
                let words = format!("int value should be greater than or equal to {}.", range.start());
                self.add(at, "NUMBER_TYPE_MIN", words);
            }
            Some(_) => {}
        }
        value.as_i64()
    }

    /// One of some numbers.
    pub(crate) fn choice(&mut self, at: &str, value: &Value, need: Need, allowed: &[u64]) -> Option<u64> {
        if !self.given(at, value, need) {
            return None;
        }
        let found = value.as_u64().filter(|number| allowed.contains(number));
        if found.is_none() {
            self.choices(at, &allowed.iter().map(u64::to_string).collect::<Vec<_>>());
        }
        found
    }

    /// Notes that a value is none of those there are.
    pub(crate) fn choices(&mut self, at: &str, allowed: &[String]) {
        self.add(at, "BASE_TYPE_CHOICES", format!("Value must be one of ({}).", allowed.join(", ")));
    }

    /// True or false.
    pub(crate) fn flag(&mut self, at: &str, value: &Value) {
        if !value.is_null() && !value.is_boolean() {
            self.add(at, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
        }
    }

    /// A list of so many things; empty where it is none.
    pub(crate) fn list<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
        need: Need,
        length: RangeInclusive<usize>,
    ) -> &'a [Value] {
        if !self.given(at, value, need) {
            return &[];
        }
        let Some(items) = value.as_array() else {
            self.add(at, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            return &[];
        };
        let (least, most) = (*length.start(), *length.end());
        if items.len() > most && least == 0 {
            self.add(at, "BASE_TYPE_MAX_LENGTH", format!("Must be {most} or fewer in length."));
        } else if !length.contains(&items.len()) {
            self.add(at, "BASE_TYPE_BAD_LENGTH", format!("Must be between {least} and {most} in length."));
        }
        // However long it is, what is looked at is bounded.
        items.get(..items.len().min(most.saturating_add(1))).unwrap_or_default()
    }

    /// An object.
    pub(crate) fn object<'a>(&mut self, at: &str, value: &'a Value, need: Need) -> Option<&'a Value> {
        if !self.given(at, value, need) {
            return None;
        }
        if value.is_object() {
            return Some(value);
        }
        self.add(at, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        None
    }

    /// An id.
    pub(crate) fn snowflake(&mut self, at: &str, value: &Value, need: Need) {
        if !self.given(at, value, need) {
            return;
        }
        let text = value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()));
        if text.is_none_or(|text| text.is_empty() || text.parse::<u64>().is_err()) {
            self.add(at, "NUMBER_TYPE_COERCE", format!("Value {value} is not snowflake."));
        }
    }

    /// A link with one of some schemes.
    pub(crate) fn link(&mut self, at: &str, value: &Value, need: Need, schemes: &[&str], most: usize) {
        let Some(text) = self.text(at, value, need, 0..=most) else { return };
        let Some((scheme, rest)) = text.split_once("://") else {
            if !text.is_empty() {
                self.add(at, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
            }
            return;
        };
        if !schemes.contains(&scheme) {
            let known: Vec<String> = schemes.iter().map(|scheme| format!("'{scheme}'")).collect();
            let words = format!("\"{scheme}\" is not supported. Scheme must be one of ({}).", known.join(", "));
            self.add(at, "URL_TYPE_INVALID_SCHEME", words);
        } else if rest.is_empty() || text.contains(char::is_whitespace) {
            self.add(at, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        }
    }
}
