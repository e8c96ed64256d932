//! Reading a scenario file, with errors that name the line and the field.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::{
    check,
    step::{KINDS, Step},
};
use crate::world::World;

/// The most steps of a scenario.
const MAX_STEPS: usize = 10_000;
/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// A scenario that was read and whose parts fit.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// Where it takes place.
    pub world: World,
    /// The shell command that starts the bot under test, where the file names one.
    pub bot_command: Option<String>,
    pub(super) bot: BotSection,
    /// How long expectations wait that do not say it themselves.
    pub(super) within_ms: u64,
    pub(super) steps: Vec<Placed>,
}

/// A step, and the line it begins at.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) line: usize,
    pub(super) step: Step,
}

/// The bot under test.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BotSection {
    command: Option<String>,
    /// Whose token it gets, by name or id; the world's first bot without it.
    pub(super) login: Option<String>,
    /// Environment variables it gets besides those that are always set.
    pub(super) env: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    world: Option<Value>,
    #[serde(default)]
    bot: BotSection,
    #[serde(default = "patience")]
    within_ms: u64,
    #[serde(default)]
    steps: Vec<Spanned<Map<String, Value>>>,
}

fn patience() -> u64 {
    10_000
}

/// Why a scenario cannot be used. The text names the file, the line and the field, and says what would do.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ScenarioError {
    place: String,
    problem: String,
}

impl ScenarioError {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

impl Scenario {
    /// Reads a scenario file; a world it names is looked for beside it.
    ///
    /// # Errors
    /// When the file or its world cannot be read, is not of the described shape, or speaks of what is not there.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text = read_file(path)?;
        Self::from_toml(&text, path, None)
    }

    /// The same with another world in place of the file's own.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn read_in(path: &Path, world: World) -> Result<Self, ScenarioError> {
        let text = read_file(path)?;
        Self::from_toml(&text, path, Some(world))
    }

    /// Reads a scenario from text; `path` is what errors call it and where a world's path starts from.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn from_toml(text: &str, path: &Path, world: Option<World>) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let at = |line: usize| format!("{file}:{line}");
        let read: File = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or_else(|| file.clone(), |span| at(line_of(text, span.start)));
            ScenarioError::new(place, error.message())
        })?;
        let world = match world {
            Some(world) => world,
            None => {
                world_of(read.world, path).map_err(|problem| ScenarioError::new(format!("{file}: world"), problem))?
            }
        };
        if read.steps.is_empty() || read.steps.len() > MAX_STEPS {
            let problem = format!("a scenario has 1 to {MAX_STEPS} `[[steps]]`, this one has {}", read.steps.len());
            return Err(ScenarioError::new(file, problem));
        }
        let mut steps = Vec::new();
        let starts: Vec<usize> = read.steps.iter().map(|step| step.span().start).collect();
        for (number, spanned) in read.steps.into_iter().enumerate() {
            let span = spanned.span();
            // The span of `[[steps]]` is that line alone: the step goes on to the next.
            let end = starts.get(number + 1).copied().unwrap_or(text.len());
            let inside = text.get(span.start..end).unwrap_or_default();
            let step = step_of(spanned.into_inner()).map_err(|(field, problem)| {
                let line = line_of(text, span.start + field_in(inside, &field));
                ScenarioError::new(format!("{}: steps[{number}]{}", at(line), dotted(&field)), problem)
            })?;
            steps.push(Placed { line: line_of(text, span.start), step });
        }
        let scenario = Self {
            name: read.name.unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
            world,
            bot_command: read.bot.command.clone(),
            bot: read.bot,
            within_ms: read.within_ms,
            steps,
        };
        check::check(&scenario).map_err(|problem| match problem.step {
            Some(number) => {
                let line = scenario.steps.get(number).map_or(0, |placed| placed.line);
                ScenarioError::new(format!("{}: steps[{number}]", at(line)), problem.words)
            }
            None => ScenarioError::new(file.clone(), problem.words),
        })?;
        Ok(scenario)
    }

    /// How many steps it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Never: a scenario has a step at least.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

fn read_file(path: &Path) -> Result<String, ScenarioError> {
    let place = path.display().to_string();
    let size = std::fs::metadata(path).map(|data| data.len());
    match size {
        Ok(size) if size > MAX_BYTES => {
            Err(ScenarioError::new(place, format!("the file has {size} bytes, more than {MAX_BYTES}")))
        }
        Ok(_) => std::fs::read_to_string(path)
            .map_err(|error| ScenarioError::new(place, format!("the file cannot be read: {error}"))),
        Err(error) => Err(ScenarioError::new(place, format!("the file cannot be read: {error}"))),
    }
}

/// The world: by path (from the scenario's directory), inline, or the example.
fn world_of(given: Option<Value>, scenario: &Path) -> Result<World, String> {
    let text = match given {
        None => return Ok(World::example()),
        Some(Value::String(path)) => {
            let path = scenario.parent().unwrap_or(Path::new(".")).join(path);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("the world file {} cannot be read: {error}", path.display()))?;
            return World::from_json(&text).map_err(|error| format!("{}: {error}", path.display()));
        }
        Some(inline @ Value::Object(_)) => inline.to_string(),
        Some(_) => return Err("a path, or a table with the world's fields, is expected".into()),
    };
    World::from_json(&text).map_err(|error| error.to_string())
}

/// A step from its table; an error is the field and what is wrong with it.
fn step_of(mut fields: Map<String, Value>) -> Result<Step, (String, String)> {
    let kind = match fields.remove("do") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(("do".into(), "the name of a step is a text".into())),
        None => return Err((String::new(), format!("`do` is missing: what the step is; there are: {KINDS}"))),
    };
    if !KINDS.split(", ").any(|known| known == kind) {
        return Err(("do".into(), format!("there is no step `{kind}`; there are: {KINDS}")));
    }
    // As an enum that is told apart from outside: so errors keep their paths.
    let outside = Value::Object(Map::from_iter([(kind.clone(), Value::Object(fields))]));
    serde_path_to_error::deserialize::<_, Step>(outside).map_err(|error| {
        let path = error.path().to_string();
        let field = path.strip_prefix(kind.as_str()).unwrap_or(&path).trim_start_matches('.').to_owned();
        let problem = error.inner().to_string();
        let unknown = problem.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        let field = match unknown {
            Some(name) if !field.ends_with(name) => name.to_owned(),
            Some(_) | None => field.trim_matches('?').to_owned(),
        };
        (field, format!("({kind}) {problem}"))
    })
}

fn dotted(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(".{field}") }
}

/// Where in a step's text its field begins, as well as that can be told.
fn field_in(step: &str, field: &str) -> usize {
    let first = field.split(['.', '[']).next().unwrap_or_default();
    let mut offset = 0;
    for line in step.split_inclusive('\n') {
        let rest = line.trim_start().strip_prefix(first).filter(|_| !first.is_empty());
        if rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.'])) {
            return offset;
        }
        offset += line.len();
    }
    0
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
