//! What the bot should decide, as a small pattern over the verdicts that it logs.
//!
//! A pattern is words with spaces between them, each a verdict, or several with `/` between them (any of these); `?` after
//! a word: or not; `*`: any number, none included; `+`: one or more. The empty pattern: nothing is decided. A pattern
//! has to match the whole sequence.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The verdicts that there are, as the bot's log names them.
const VERDICTS: [&str; 11] =
    ["Join", "Leave", "Recovered", "Resume", "NewSession", "Weigh", "Follow", "Wait", "CoolDown", "StayOut", "Fatal"];

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    any_of: Vec<String>,
    /// Not once will do.
    optional: bool,
    /// More than once will do.
    repeated: bool,
}

impl Pattern {
    /// Whether these verdicts, all of them, are what is expected.
    #[must_use]
    pub fn matches(&self, verdicts: &[String]) -> bool {
        matches(&self.words, verdicts)
    }
}

fn matches(words: &[Word], verdicts: &[String]) -> bool {
    let Some((word, rest)) = words.split_first() else { return verdicts.is_empty() };
    if word.optional && matches(rest, verdicts) {
        return true;
    }
    let Some((first, others)) = verdicts.split_first() else { return false };
    if !word.any_of.contains(first) {
        return false;
    }
    let again = Word { optional: true, ..word.clone() };
    let goes_on: Vec<Word> =
        if word.repeated { [again].into_iter().chain(rest.iter().cloned()).collect() } else { rest.to_vec() };
    matches(&goes_on, others)
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words = text.split_whitespace().map(word).collect::<Result<_, _>>()?;
        Ok(Self { text, words })
    }
}

fn word(text: &str) -> Result<Word, String> {
    let name = text.trim_end_matches(['?', '*', '+']);
    let (optional, repeated) = match &text[name.len()..] {
        "" => (false, false),
        "?" => (true, false),
        "*" => (true, true),
        "+" => (false, true),
        other => return Err(format!("\"{other}\" in \"{text}\" means nothing: one of ? * + may follow a verdict")),
    };
    let any_of: Vec<String> = name.split('/').map(str::to_owned).collect();
    match any_of.iter().find(|one| !VERDICTS.contains(&one.as_str())) {
        Some(unknown) => Err(format!("\"{unknown}\" is no verdict; there are: {}", VERDICTS.join(", "))),
        None => Ok(Word { any_of, optional, repeated }),
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "nothing" } else { &self.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, verdicts: &str) -> bool {
        let verdicts: Vec<String> = verdicts.split_whitespace().map(str::to_owned).collect();
        Pattern::try_from(pattern.to_owned()).unwrap().matches(&verdicts)
    }

    #[test]
    fn a_sequence_is_matched_as_a_whole() {
        assert!(fits("NewSession Recovered", "NewSession Recovered"));
        assert!(!fits("NewSession Recovered", "NewSession"));
        assert!(!fits("NewSession", "NewSession Recovered"));
        assert!(fits("", "") && !fits("", "Wait"));
    }

    #[test]
    fn words_may_be_left_out_repeated_and_one_of_several() {
        assert!(fits("Weigh? StayOut", "StayOut") && fits("Weigh? StayOut", "Weigh StayOut"));
        assert!(fits("Resume* Recovered", "Recovered") && fits("Resume* Recovered", "Resume Resume Recovered"));
        assert!(!fits("Resume+ Recovered", "Recovered") && fits("Resume+ Recovered", "Resume Resume Recovered"));
        assert!(fits("Wait/NewSession+ Recovered", "NewSession Wait NewSession Recovered"));
        assert!(fits("Wait* Wait Recovered", "Wait Recovered"));
    }

    #[test]
    fn what_is_no_verdict_is_refused() {
        for wrong in ["Resumed", "NewSession!", "Wait??", "/"] {
            assert!(Pattern::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
