//! The options that somebody gave, read one by one. Discord has checked them against the definitions; nothing is taken on
//! trust.

use super::{BadCommand, MAX_COUNT, time};
use std::{ops::RangeInclusive, time::Duration};
use twilight_model::application::interaction::application_command::{CommandDataOption, CommandOptionValue};

/// The options of a command or sub-command.
#[derive(Clone, Copy)]
pub(super) struct Options<'a> {
    pub(super) command: &'a str,
    pub(super) given: &'a [CommandDataOption],
}

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Option<&'a CommandOptionValue> {
        self.given.iter().find(|option| option.name == name).map(|option| &option.value)
    }

    fn bad(&self, option: &'static str) -> BadCommand {
        BadCommand::Option { name: self.command.to_owned(), option }
    }

    pub(super) fn text(&self, name: &'static str) -> Result<String, BadCommand> {
        if let Some(CommandOptionValue::String(text)) = self.get(name) { Ok(text.clone()) } else { Err(self.bad(name)) }
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Duration, BadCommand> {
        let read = time::parse(&self.text(name)?);
        read.ok_or_else(|| BadCommand::Time { name: self.command.to_owned(), option: name })
    }

    pub(super) fn switch(&self, name: &'static str) -> Result<Option<bool>, BadCommand> {
        match self.get(name) {
            None => Ok(None),
            Some(CommandOptionValue::Boolean(on)) => Ok(Some(*on)),
            Some(_) => Err(self.bad(name)),
        }
    }

    fn integer(&self, name: &'static str) -> Result<Option<i64>, BadCommand> {
        match self.get(name) {
            None => Ok(None),
            Some(CommandOptionValue::Integer(number)) => Ok(Some(*number)),
            Some(_) => Err(self.bad(name)),
        }
    }

    /// A number within bounds that mean something: one outside of them is not what was meant.
    pub(super) fn number(&self, name: &'static str, bounds: RangeInclusive<i64>) -> Result<Option<i64>, BadCommand> {
        match self.integer(name)? {
            Some(number) if !bounds.contains(&number) => {
                let (least, most) = bounds.into_inner();
                Err(BadCommand::Range { name: self.command.to_owned(), option: name, least, most })
            }
            given => Ok(given),
        }
    }

    /// A count, a page, a position: from 1; what is out of range is brought into it.
    pub(super) fn count(&self, name: &'static str) -> Result<Option<usize>, BadCommand> {
        let within = |number: i64| usize::try_from(number.clamp(1, MAX_COUNT.into())).unwrap_or(1);
        Ok(self.integer(name)?.map(within))
    }

    /// The same, where it must be given.
    pub(super) fn position(&self, name: &'static str) -> Result<usize, BadCommand> {
        self.count(name)?.ok_or_else(|| self.bad(name))
    }

    /// One of a few values.
    pub(super) fn choice<T: Copy>(&self, name: &'static str, values: &[(&str, T, &str)]) -> Result<T, BadCommand> {
        let given = self.text(name)?;
        let found = values.iter().find(|(value, ..)| *value == given);
        found.map(|(_, meaning, _)| *meaning).ok_or_else(|| self.bad(name))
    }
}
