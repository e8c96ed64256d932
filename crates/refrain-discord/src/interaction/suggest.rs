//! What Discord offers while somebody types the name of a favorite.

use super::{Desk, Slip};
use crate::convert;
use std::time::Duration;
use tokio::time;
use twilight_model::{
    application::{
        command::{CommandOptionChoice, CommandOptionChoiceValue},
        interaction::application_command::{CommandData, CommandDataOption, CommandOptionValue},
    },
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
};

/// Discord shows 25, and takes names of 100 characters.
const MOST: usize = 25;
const LONGEST: usize = 100;
/// An answer that comes later is of no use.
const LIMIT: Duration = Duration::from_secs(2);

impl Desk {
    pub(super) async fn suggest(&self, slip: &Slip, data: &CommandData) {
        let typed = match focused(&data.options) {
            Some(typed) if data.name == "favorites" => typed,
            _ => return,
        };
        let guild = self.refrain.guild(convert::guild(slip.guild));
        let names = match time::timeout(LIMIT, guild.favorites()).await {
            Ok(Ok(favorites)) => favorites.into_iter().map(|favorite| favorite.name).collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        let data = InteractionResponseData { choices: Some(choices(names, typed)), ..Default::default() };
        let kind = InteractionResponseType::ApplicationCommandAutocompleteResult;
        self.respond(slip, InteractionResponse { kind, data: Some(data) }).await;
    }
}

/// What is being typed, in the one sub-command.
fn focused(options: &[CommandDataOption]) -> Option<&str> {
    options.iter().find_map(|option| {
        if let CommandOptionValue::SubCommand(inner) = &option.value { focused(inner) } else { typed(&option.value) }
    })
}

fn typed(value: &CommandOptionValue) -> Option<&str> {
    if let CommandOptionValue::Focused(typed, _) = value { Some(typed) } else { None }
}

/// Names that hold what is typed; those that begin with it first.
fn choices(names: Vec<String>, typed: &str) -> Vec<CommandOptionChoice> {
    let typed = typed.trim().to_lowercase();
    let fits = |name: &String| name.to_lowercase().contains(&typed) && name.chars().count() <= LONGEST;
    let mut names: Vec<String> = names.into_iter().filter(fits).collect();
    names.sort_by_key(|name| !name.to_lowercase().starts_with(&typed));
    names.truncate(MOST);
    let choice = |name: String| CommandOptionChoice {
        value: CommandOptionChoiceValue::String(name.clone()),
        name,
        name_localizations: None,
    };
    names.into_iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_with_what_is_typed_come_first() {
        let offered = |names: &[&str], typed| -> Vec<String> {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            choices(names, typed).into_iter().map(|choice| choice.name).collect()
        };
        assert_eq!(offered(&["early morning", "evening", "Morning"], "mor"), ["Morning", "early morning"]);
        assert_eq!(offered(&["one", "two"], " "), ["one", "two"]);
        assert_eq!(offered(&["x"; 40], "x").len(), 25);
        assert_eq!(offered(&[&"é".repeat(101)], ""), [""; 0]);
    }
}
