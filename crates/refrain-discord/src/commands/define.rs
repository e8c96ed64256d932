//! All commands, as they are registered with Discord.

use super::{MAX_COUNT, MAX_NAME, MAX_PAGE_SIZE, MAX_QUERY, config};
use refrain_model::MAX_VOLUME;
use twilight_model::{
    application::{
        command::{Command, CommandType},
        interaction::InteractionContextType,
    },
    guild::Permissions,
    oauth::ApplicationIntegrationType,
};
use twilight_util::builder::command::{
    BooleanBuilder, CommandBuilder, IntegerBuilder, StringBuilder, SubCommandBuilder,
};

/// All commands, as they are registered.
pub(crate) fn definitions() -> Vec<Command> {
    let groups = [playing(), moving_within(), queue(), looking(), voice()];
    let builders = groups.into_iter().flatten().chain([favorites(), configuration()]);
    builders.map(CommandBuilder::build).collect()
}

/// Starting, holding, ending.
fn playing() -> Vec<CommandBuilder> {
    vec![
        command("play", "Play a link or search for a song; queued when something plays already")
            .option(query())
            .option(immediate())
            .option(skip()),
        command("skip", "Skip the current track, or several")
            .option(number("number", "How many tracks to skip (1 if left out)")),
        command("next", "Skip the current track"),
        command("skipto", "Go on with a track further down the queue")
            .option(number("position", "Its place in the queue").required(true)),
        command("unskip", "Go back to the track that played before this one"),
        command("back", "Go back to the track that played before this one"),
        command("pause", "Pause the music"),
        command("resume", "Go on with the music"),
        command("stop", "Stop the music and clear the queue; I stay in the channel"),
        command("disconnect", "Stop the music, clear the queue and leave the voice channel"),
        command("volume", "Show the volume, or change it").option(
            IntegerBuilder::new("level", "In per cent; 100 is as loud as the track is")
                .min_value(0)
                .max_value(MAX_VOLUME.into()),
        ),
    ]
}

/// Within the current track.
fn moving_within() -> Vec<CommandBuilder> {
    vec![
        command("replay", "Play the current track again from its beginning"),
        command("seek", "Go to a place in the current track").option(time("Where to: 1:30, 1m30s, or 90 (seconds)")),
        command("fseek", "Go forward in the current track").option(time("How far: 1:30, 1m30s, or 90 (seconds)")),
        command("rewind", "Go back in the current track").option(time("How far: 1:30, 1m30s, or 90 (seconds)")),
    ]
}

/// What comes.
fn queue() -> Vec<CommandBuilder> {
    vec![
        command("loop", "Play the current track again and again, or no longer"),
        command("loop-queue", "Play the whole queue again and again, or no longer"),
        command("shuffle", "Shuffle what comes, or put it back into its order")
            .option(BooleanBuilder::new("on", "Whether it is to be shuffled (the other way round if left out)")),
        command("clear", "Remove everything that comes after the current track"),
        command("undo", "Bring back what the last clear or remove took away"),
        command("move", "Move a track to another place in the queue")
            .option(number("from", "Where it is").required(true))
            .option(number("to", "Where it is to be").required(true)),
        command("remove", "Remove a track from the queue, or several")
            .option(number("position", "The place of the first one (1 if left out)"))
            .option(number("range", "How many (1 if left out)")),
    ]
}

fn looking() -> Vec<CommandBuilder> {
    let size = IntegerBuilder::new("page-size", "Tracks on a page (as set with /config if left out)");
    vec![
        command("queue", "Show what comes next")
            .option(number("page", "Which page (the first if left out)"))
            .option(size.min_value(1).max_value(MAX_PAGE_SIZE.into())),
        command("history", "Show what has played"),
        command("now-playing", "Show what is playing and how far it is"),
    ]
}

fn voice() -> Vec<CommandBuilder> {
    vec![
        command("voice-status", "Show how my voice connection is and what happened to it")
            .option(number("page", "Which page of what happened (the newest if left out)")),
        command("recover", "Bring me back to the voice channel now: ends any wait, and works after a kick too"),
    ]
}

fn favorites() -> CommandBuilder {
    let name = |description: &str| {
        StringBuilder::new("name", description).required(true).min_length(1).max_length(MAX_NAME).autocomplete(true)
    };
    let new_name = StringBuilder::new("name", "What to call it").required(true).min_length(1).max_length(MAX_NAME);
    let using = SubCommandBuilder::new("use", "Play a favorite, or put it in the queue");
    command("favorites", "What this server plays often, under a name")
        .option(using.option(name("Which one")).option(immediate()).option(skip()))
        .option(SubCommandBuilder::new("list", "Show the favorites of this server"))
        .option(
            SubCommandBuilder::new("create", "Keep a link or a search as a favorite").option(new_name).option(query()),
        )
        .option(SubCommandBuilder::new("remove", "Forget a favorite").option(name("Which one")))
}

/// Others do not even see it. What they may do is checked all the same when it is used.
fn configuration() -> CommandBuilder {
    let config = command("config", "Settings of this server").default_member_permissions(Permissions::MANAGE_GUILD);
    config::sub_commands().into_iter().fold(config, CommandBuilder::option)
}

fn command(name: &str, description: &str) -> CommandBuilder {
    CommandBuilder::new(name, description, CommandType::ChatInput)
        .contexts([InteractionContextType::Guild])
        .integration_types([ApplicationIntegrationType::GuildInstall])
}

fn query() -> StringBuilder {
    StringBuilder::new("query", "A link, or words to search for").required(true).min_length(1).max_length(MAX_QUERY)
}

fn immediate() -> BooleanBuilder {
    BooleanBuilder::new("immediate", "Play it next, before the rest of the queue")
}

fn skip() -> BooleanBuilder {
    BooleanBuilder::new("skip", "Skip the current track and play it at once")
}

fn number(name: &str, description: &str) -> IntegerBuilder {
    IntegerBuilder::new(name, description).min_value(1).max_value(MAX_COUNT.into())
}

fn time(description: &str) -> StringBuilder {
    StringBuilder::new("time", description).required(true).min_length(1).max_length(16)
}
