//! Environment over file over defaults, as text with its origin; typed readings of it.

use super::{
    ConfigError,
    keys::{self, Key},
};
use std::{collections::BTreeMap, ops::RangeInclusive, path::PathBuf};
use toml::{Table, Value};

/// The defaults, with their comments. The one place where they stand.
pub(crate) const DEFAULTS: &str = include_str!("../../../../refrain.toml.example");

/// A value and how to name its key to whoever gave it.
#[derive(Clone, Debug)]
struct Given {
    key: String,
    value: Value,
}

/// What was given for each key, the strongest layer's word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    given: BTreeMap<&'static str, Given>,
}

impl Layers {
    /// Stacks the environment (`env` looks a variable up) over the file's text (with its name) over the defaults.
    pub(crate) fn stack(file: Option<(&str, &str)>, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut layers = Self::default();
        layers.add_file("the defaults", DEFAULTS)?;
        if let Some((name, text)) = file {
            layers.add_file(name, text)?;
        }
        for key in keys::ALL {
            // An empty variable is one that is not set: that is how people clear one in a compose file.
            let Some((name, text)) = key.env.and_then(|name| Some((name, env(name)?))) else { continue };
            if !text.trim().is_empty() {
                layers.given.insert(key.name, Given { key: name.into(), value: Value::String(text) });
            }
        }
        Ok(layers)
    }

    fn add_file(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let tables: Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            // The error's text shows the line it is in, which may hold the token: say where, not what.
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
            ConfigError::new(name, None, format!("is not valid TOML at line {line}: {}", error.message()))
        })?;
        for (table, entries) in tables {
            let Value::Table(entries) = entries else {
                return Err(unknown(name, &table));
            };
            for (entry, value) in entries {
                let full = format!("{table}.{entry}");
                let key = keys::ALL.iter().find(|key| key.name == full).ok_or_else(|| unknown(name, &full))?;
                self.given.insert(key.name, Given { key: format!("{full} (in {name})"), value });
            }
        }
        Ok(())
    }

    fn get(&self, key: &Key) -> Option<&Given> {
        self.given.get(key.name)
    }

    /// How to name `key` to whoever gave it, or might give it.
    pub(crate) fn name(&self, key: &Key) -> String {
        self.get(key).map_or_else(|| key.env.unwrap_or(key.name).to_owned(), |given| given.key.clone())
    }

    /// An error about this key's value.
    pub(crate) fn error(&self, key: &Key, hint: impl Into<String>) -> ConfigError {
        let shown = self.get(key).map(|given| show(&given.value));
        ConfigError::new(self.name(key), shown.as_deref(), hint)
    }

    /// An error about this key that does not show its value.
    pub(crate) fn secret_error(&self, key: &Key, hint: impl Into<String>) -> ConfigError {
        ConfigError::new(self.name(key), None, hint)
    }

    /// Text that is not empty.
    pub(crate) fn text(&self, key: &Key) -> Result<Option<String>, ConfigError> {
        let Some(given) = self.get(key) else { return Ok(None) };
        match given.value.as_str() {
            Some(text) if text.trim().is_empty() => Ok(None),
            Some(text) => Ok(Some(text.trim().to_owned())),
            // No value: it may be a secret that was written without quotes.
            None => Err(self.secret_error(key, "must be text in quotes")),
        }
    }

    /// Text, or true or false: people write those without quotes.
    pub(crate) fn word(&self, key: &Key) -> Result<Option<String>, ConfigError> {
        match self.get(key).and_then(|given| given.value.as_bool()) {
            Some(word) => Ok(Some(word.to_string())),
            None => self.text(key),
        }
    }

    pub(crate) fn path(&self, key: &Key) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(key)?.map(PathBuf::from))
    }

    /// A whole number within `range`.
    pub(crate) fn number(&self, key: &Key, range: RangeInclusive<u64>) -> Result<u64, ConfigError> {
        let number = self.get(key).and_then(|given| match given.value.as_str() {
            Some(text) => text.trim().parse().ok(),
            None => given.value.as_integer().and_then(|number| u64::try_from(number).ok()),
        });
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.error(key, format!("must be a whole number from {} to {}", range.start(), range.end())))
    }

    /// As many whole numbers within `range`: a list in the file, separated by commas in the environment.
    pub(crate) fn numbers<const N: usize>(
        &self,
        key: &Key,
        range: RangeInclusive<u64>,
    ) -> Result<[u64; N], ConfigError> {
        let number = |item: &Value| match item.as_str() {
            Some(text) => text.trim().parse().ok(),
            None => item.as_integer().and_then(|number| u64::try_from(number).ok()),
        };
        let numbers: Option<Vec<u64>> =
            self.get(key).and_then(|given| match (given.value.as_str(), given.value.as_array()) {
                (Some(text), _) => text.split(',').map(|part| part.trim().parse().ok()).collect(),
                (None, Some(items)) => items.iter().map(number).collect(),
                (None, None) => None,
            });
        numbers
            .filter(|numbers| numbers.iter().all(|number| range.contains(number)))
            .and_then(|numbers| numbers.try_into().ok())
            .ok_or_else(|| {
                let (least, most) = (range.start(), range.end());
                self.error(key, format!("must be {N} whole numbers from {least} to {most}, such as [30, 120, 300]"))
            })
    }

    /// Texts: a list in the file, separated by commas in the environment.
    pub(crate) fn list(&self, key: &Key) -> Result<Vec<String>, ConfigError> {
        let Some(given) = self.get(key) else { return Ok(Vec::new()) };
        let wrong = || self.error(key, "must be a list of texts, such as [\"127.0.0.1:8080\"]");
        let texts: Vec<String> = match (given.value.as_str(), given.value.as_array()) {
            (Some(text), _) => text.split(',').map(str::to_owned).collect(),
            (None, Some(items)) => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or_else(wrong)?
            }
            (None, None) => return Err(wrong()),
        };
        Ok(texts.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect())
    }
}

fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn unknown(file: &str, name: &str) -> ConfigError {
    let (table, _) = name.split_once('.').unwrap_or((name, ""));
    let prefix = format!("{table}.");
    let mut known: Vec<_> = keys::ALL.iter().map(|key| key.name).filter(|key| key.starts_with(&prefix)).collect();
    if known.is_empty() {
        known = keys::ALL.iter().map(|key| key.name).collect();
    }
    ConfigError::new(format!("{name} (in {file})"), None, format!("is no setting; there are {}", known.join(", ")))
}
