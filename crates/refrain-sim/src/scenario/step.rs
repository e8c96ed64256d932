//! The steps that a scenario can have, as they stand in the file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The names of all steps, for errors.
pub(super) const KINDS: &str = "wait_for_bot, join, leave, command, autocomplete, click, modal, fault, end_fault, \
    script, random_script, wait, mark, expect_answer, expect_message, expect_voice, expect_heard, expect_track, expect_silence, \
    expect_listener, expect_frames";

/// One step. People, bots, guilds and channels are given by name or by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Step {
    /// The bot is logged in, knows its guilds and has these commands registered.
    WaitForBot {
        bot: Option<String>,
        #[serde(default)]
        commands: Vec<String>,
        within_ms: Option<u64>,
    },
    /// A person goes into a voice channel.
    Join { user: String, channel: String },
    /// A person leaves voice.
    Leave { user: String, guild: Option<String> },
    /// A person gives a slash command.
    Command(Command),
    /// A person types an option and sees what the bot suggests.
    Autocomplete {
        user: String,
        channel: String,
        name: String,
        #[serde(default)]
        options: Map<String, Value>,
        focused: String,
        bot: Option<String>,
        /// Names of choices, each of which must be offered.
        #[serde(default)]
        contains: Texts,
    },
    /// A person presses a button or uses a menu.
    Click(Click),
    /// A person fills in the form that an interaction was answered with.
    Modal {
        #[serde(default)]
        values: Map<String, Value>,
        interaction: Option<String>,
        r#as: Option<String>,
    },
    /// Something goes wrong: what `POST /sim/faults` takes.
    Fault { fault: Map<String, Value>, r#as: Option<String> },
    /// A lasting fault ends.
    EndFault { fault: String },
    /// Faults with times: what `POST /sim/scripts` takes.
    Script {
        steps: Vec<Timed>,
        repeat: Option<Value>,
        #[serde(default)]
        wait: bool,
    },
    /// Faults by chance: what `POST /sim/scripts/random` takes.
    RandomScript {
        seed: u64,
        for_ms: u64,
        rate_per_minute: Option<f64>,
        #[serde(default)]
        kinds: Vec<String>,
        #[serde(default)]
        guilds: Vec<String>,
        #[serde(default)]
        wait: bool,
    },
    /// Nothing happens for a while.
    Wait { ms: u64 },
    /// Gives this moment a name, for `since`.
    Mark { name: String },
    /// The bot answered an interaction: the latest one, or the one called so.
    ExpectAnswer(ExpectAnswer),
    /// A channel shows a message.
    ExpectMessage(ExpectMessage),
    /// The bot, or a person, is in this voice channel; without a channel: in none.
    ExpectVoice {
        bot: Option<String>,
        user: Option<String>,
        channel: Option<String>,
        guild: Option<String>,
        within_ms: Option<u64>,
    },
    /// Music is heard.
    ExpectHeard(ExpectHeard),
    /// A timecode track is heard as it should be.
    ExpectTrack(ExpectTrack),
    /// Nothing is heard.
    ExpectSilence { guild: Option<String>, bot: Option<String>, for_ms: u64, within_ms: Option<u64> },
    /// Numbers of the listener's report.
    ExpectListener {
        guild: Option<String>,
        bot: Option<String>,
        #[serde(default)]
        at_least: Map<String, Value>,
        #[serde(default)]
        at_most: Map<String, Value>,
        within_ms: Option<u64>,
    },
    /// Frames on the wire.
    ExpectFrames(ExpectFrames),
}

/// A fault of a script.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timed {
    pub(super) at_ms: u64,
    pub(super) fault: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) options: Map<String, Value>,
    pub(super) bot: Option<String>,
    /// What later steps call this interaction.
    pub(super) r#as: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Click {
    pub(super) user: String,
    /// The component by its custom id…
    pub(super) custom_id: Option<String>,
    /// … or by what stands on it.
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Where to look; everywhere without it. The newest message that has the component is meant.
    pub(super) channel: Option<String>,
    pub(super) within_ms: Option<u64>,
    pub(super) r#as: Option<String>,
}

/// What a message must show.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EmbedWish {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) author: Option<String>,
    pub(super) footer: Option<String>,
    /// A field's name, and what its value contains.
    pub(super) fields: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectAnswer {
    pub(super) interaction: Option<String>,
    #[serde(default)]
    pub(super) contains: Texts,
    #[serde(default)]
    pub(super) lacks: Texts,
    pub(super) embed: Option<EmbedWish>,
    /// The custom id, or the words, of a component.
    pub(super) component: Option<String>,
    pub(super) ephemeral: Option<bool>,
    /// The custom id of a form it was answered with.
    pub(super) form: Option<String>,
    pub(super) within_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectMessage {
    pub(super) channel: String,
    #[serde(default)]
    pub(super) contains: Texts,
    #[serde(default)]
    pub(super) lacks: Texts,
    pub(super) embed: Option<EmbedWish>,
    pub(super) component: Option<String>,
    pub(super) ephemeral: Option<bool>,
    /// Exactly so many such messages.
    pub(super) count: Option<usize>,
    pub(super) since: Option<String>,
    pub(super) within_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectHeard {
    pub(super) guild: Option<String>,
    /// Which bot, where several are in the channel.
    pub(super) bot: Option<String>,
    /// Music without a gap for so long.
    pub(super) for_ms: u64,
    /// What is no gap yet, in milliseconds.
    #[serde(default = "gap")]
    pub(super) gap_ms: u64,
    /// No silence since `since` was longer.
    pub(super) silence_at_most_ms: Option<u64>,
    pub(super) since: Option<String>,
    pub(super) within_ms: Option<u64>,
}

fn gap() -> u64 {
    100
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectTrack {
    pub(super) guild: Option<String>,
    pub(super) bot: Option<String>,
    /// The track's id (`refrain-sim timecode --id`).
    pub(super) track: u64,
    /// At least so much of it was heard since `since`.
    pub(super) heard_ms: u64,
    /// The position never went back by more.
    pub(super) repeat_at_most_ms: Option<u64>,
    /// No more was ever left out at once.
    pub(super) skip_at_most_ms: Option<u64>,
    pub(super) since: Option<String>,
    pub(super) within_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectFrames {
    /// `gateway`, `voice` or `rest`; all without it.
    pub(super) connection: Option<String>,
    /// `from_bot` or `to_bot`; both without it.
    pub(super) direction: Option<Direction>,
    pub(super) op: Option<i64>,
    /// The name of a dispatched event.
    pub(super) event: Option<String>,
    /// A socket's close with this code.
    pub(super) close: Option<u16>,
    /// Words in the payload's JSON.
    #[serde(default)]
    pub(super) contains: Texts,
    #[serde(default = "one")]
    pub(super) at_least: u64,
    pub(super) at_most: Option<u64>,
    /// How long to go on watching before `at_most` is judged.
    #[serde(default)]
    pub(super) for_ms: u64,
    pub(super) since: Option<String>,
    pub(super) within_ms: Option<u64>,
}

fn one() -> u64 {
    1
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    FromBot,
    ToBot,
}

/// One text or several.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "OneOrMany", into = "Vec<String>")]
pub(super) struct Texts(pub(super) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Texts {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(text) => Self(vec![text]),
            OneOrMany::Many(texts) => Self(texts),
        }
    }
}

impl From<Texts> for Vec<String> {
    fn from(texts: Texts) -> Self {
        texts.0
    }
}
