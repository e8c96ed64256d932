//! Lines without secrets.

use super::{End, Header, MAX_LINE, RecordingError, Step};
use alloc::collections::BTreeMap;
use alloc::{borrow::ToOwned as _, format, string::String, string::ToString as _};
use serde::Serialize;
use serde_json::Value;

/// Fields that are secrets wherever they stand.
const SECRET_FIELDS: [&str; 2] = ["session_id", "token"];

/// Writes the lines of one recording.
///
/// Tokens, session IDs, and the queries and credentials of links are replaced by placeholders: the same secret by the same
/// placeholder, so that what the guild compares stays equal or different. It remembers the secrets that it has seen, at most
/// as many as the recording has room for.
#[derive(Debug, Default)]
pub struct Redactor {
    seen: BTreeMap<String, usize>,
}

impl Redactor {
    /// The first line, without its end.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn header(&mut self, header: &Header) -> Result<String, RecordingError> {
        self.line(header)
    }

    /// A step's line, without its end.
    ///
    /// # Errors
    /// When it would be too long, or cannot be written as JSON.
    pub fn step(&mut self, step: &Step) -> Result<String, RecordingError> {
        self.line(step)
    }

    /// The last line of a recording that ends before the guild does, without its end.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn end(&mut self, why: &str) -> Result<String, RecordingError> {
        self.line(&End { end: why.to_owned() })
    }

    fn line(&mut self, line: &impl Serialize) -> Result<String, RecordingError> {
        let mut value = serde_json::to_value(line).map_err(|error| RecordingError::Write(error.to_string()))?;
        self.redact(&mut value);
        let text = value.to_string();
        let length = text.len();
        if length > MAX_LINE { Err(RecordingError::TooLong { line: 0, length }) } else { Ok(text) }
    }

    fn redact(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::String(secret) if SECRET_FIELDS.contains(&name.as_str()) => {
                            *secret = self.placeholder(secret);
                        }
                        Value::Null
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::String(_)
                        | Value::Array(_)
                        | Value::Object(_) => self.redact(field),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact(item)),
            Value::String(text) => {
                if let Some(redacted) = self.links(text) {
                    *text = redacted;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn placeholder(&mut self, secret: &str) -> String {
        if secret.is_empty() {
            return String::new();
        }
        let next = self.seen.len() + 1;
        let number = *self.seen.entry(secret.to_owned()).or_insert(next);
        format!("redacted-{number}")
    }

    /// The text with its links redacted; `None` where there is nothing to redact.
    fn links(&mut self, text: &str) -> Option<String> {
        if !text.contains(['?', '@', '#']) {
            return None;
        }
        let mut redacted = String::with_capacity(text.len());
        for word in text.split_inclusive(char::is_whitespace) {
            let link = word.trim_end();
            redacted.push_str(&self.link(link));
            redacted.push_str(word.get(link.len()..).unwrap_or_default());
        }
        Some(redacted)
    }

    fn link(&mut self, word: &str) -> String {
        let (scheme, rest) = match word.find("://") {
            Some(at) => word.split_at(at + "://".len()),
            None => ("", word),
        };
        // Links are also typed without a scheme.
        if scheme.is_empty() && !rest.split(['?', '#']).next().is_some_and(|host| host.contains('.')) {
            return word.to_owned();
        }
        let (address, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        let host = match host.rsplit_once('@') {
            Some((credentials, host)) if !scheme.is_empty() => format!("{}@{host}", self.placeholder(credentials)),
            _ => host.to_owned(),
        };
        let tail = match tail.chars().next() {
            Some(mark) => format!("{mark}{}", self.placeholder(tail.get(mark.len_utf8()..).unwrap_or_default())),
            None => String::new(),
        };
        format!("{scheme}{host}{path}{tail}")
    }
}
