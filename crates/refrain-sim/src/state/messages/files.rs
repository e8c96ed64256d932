//! Files that came with messages: kept, within bounds, and served by the REST server.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    id::Id,
    rest::error::{ApiError, FieldErrors},
    state::message_body::MAX_FILES,
};

/// How large one file may be: the documented default.
const MAX_FILE: usize = 10 << 20;
/// How much is kept of all files together; the oldest go first.
const MAX_KEPT: usize = 64 << 20;

/// A file as it came with a request.
#[derive(Clone, Debug)]
pub(crate) struct NewFile {
    /// The `n` of `files[n]`.
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) bytes: Bytes,
}

/// A file of a message.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) size: usize,
    pub(super) description: Option<String>,
    pub(super) title: Option<String>,
    pub(super) url: String,
}

/// The files' contents.
#[derive(Debug, Default)]
pub(crate) struct Files {
    kept: BTreeMap<Id, (String, String, Bytes)>,
    total: usize,
}

impl Files {
    pub(super) fn keep(&mut self, id: Id, file: &NewFile) {
        self.total += file.bytes.len();
        self.kept.insert(id, (file.name.clone(), file.kind.clone(), file.bytes.clone()));
        while self.total > MAX_KEPT {
            let Some((_, (_, _, oldest))) = self.kept.pop_first() else { break };
            self.total -= oldest.len();
        }
    }

    /// A file's content type and content.
    pub(crate) fn get(&self, id: Id, name: &str) -> Option<(String, Bytes)> {
        let (known, kind, bytes) = self.kept.get(&id)?;
        (known == name).then(|| (kind.clone(), bytes.clone()))
    }
}

/// Whether Discord takes these files.
pub(super) fn check(files: &[NewFile]) -> Result<(), ApiError> {
    if files.len() > MAX_FILES {
        return Err(ApiError::TOO_MANY_FILES);
    }
    if files.iter().any(|file| file.bytes.len() > MAX_FILE) {
        return Err(ApiError::TOO_LARGE);
    }
    let mut errors = FieldErrors::default();
    for (index, file) in files.iter().enumerate() {
        if file.name.is_empty() {
            errors.required(format!("files.{index}.filename"));
        }
        if files.iter().take(index).any(|other| other.number == file.number) {
            errors.add(format!("files.{index}"), "ATTACHMENT_ID_DUPLICATED", "Each file needs a number of its own");
        }
    }
    errors.or(())
}

/// The entry of `attachments` that speaks of this id or number.
pub(super) fn entry<'a>(body: &'a Value, id: &str) -> Option<&'a Value> {
    body["attachments"].as_array()?.iter().find(|one| match &one["id"] {
        Value::String(text) => text == id,
        Value::Number(number) => number.to_string() == id,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    })
}

impl Attachment {
    /// The attachment that a new file becomes, with what the request's `attachments` say of it.
    pub(super) fn new(id: Id, channel: Id, base: &str, file: &NewFile, body: &Value) -> Self {
        let said = entry(body, &file.number).unwrap_or(&Value::Null);
        let plain = said["filename"].as_str().unwrap_or(&file.name);
        let kept = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_');
        let mut name: String = plain.chars().map(|one| if kept(one) { one } else { '_' }).collect();
        if said["is_spoiler"] == json!(true) && !name.starts_with("SPOILER_") {
            name.insert_str(0, "SPOILER_");
        }
        let url = format!("{base}/attachments/{channel}/{id}/{name}");
        let text = |field: &str| said[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (size, kind) = (file.bytes.len(), file.kind.clone());
        Self { id, name, kind, size, description: text("description"), title: text("title"), url }
    }

    /// Takes over what a later request says of it.
    pub(super) fn update(&mut self, said: &Value) {
        if let Some(description) = said.get("description") {
            self.description = description.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        }
    }

    /// The documented attachment object.
    pub(super) fn value(&self, ephemeral: bool) -> Value {
        let mut value = json!({
            "id": self.id, "filename": self.name, "size": self.size, "url": self.url, "proxy_url": self.url,
            "content_type": self.kind,
        });
        if let Some(description) = &self.description {
            value["description"] = json!(description);
        }
        if let Some(title) = &self.title {
            value["title"] = json!(title);
        }
        if ephemeral {
            value["ephemeral"] = json!(true);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_files_go_when_there_are_too_many_bytes() {
        let mut files = Files::default();
        let file = |size| NewFile {
            number: "0".into(),
            name: "a.bin".into(),
            kind: "application/octet-stream".into(),
            bytes: Bytes::from(vec![0; size]),
        };
        files.keep(Id(1), &file(MAX_KEPT / 2));
        files.keep(Id(2), &file(MAX_KEPT / 2));
        assert!(files.get(Id(1), "a.bin").is_some() && files.get(Id(1), "b.bin").is_none());
        files.keep(Id(3), &file(1));
        assert!(files.get(Id(1), "a.bin").is_none() && files.get(Id(3), "a.bin").is_some());
    }
}
