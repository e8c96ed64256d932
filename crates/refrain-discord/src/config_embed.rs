//! `/config` as people see it.

use crate::{
    commands::{AUTO_REJOIN, AUTO_RESUME, WHEN_OVER},
    embed::GREY,
    text,
};
use refrain::GuildSettings;
use std::time::Duration;
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::{EmbedBuilder, EmbedFieldBuilder, EmbedFooterBuilder};

/// `/config get`, and the answer to every `set-…`: all that is set, as a sentence each.
pub(crate) fn settings(settings: GuildSettings) -> Embed {
    let fields = voice(settings).into_iter().chain(music(settings));
    let embed = EmbedBuilder::new().color(GREY).title("Settings of this server");
    let embed = fields.fold(embed, |embed, (name, value)| embed.field(EmbedFieldBuilder::new(name, value)));
    embed.footer(EmbedFooterBuilder::new("/config set-… changes them. They are kept when I am restarted.")).build()
}

fn voice(settings: GuildSettings) -> Vec<(&'static str, String)> {
    let rejoin = chosen(&AUTO_REJOIN, settings.auto_rejoin.unwrap_or_default());
    let resume = chosen(&AUTO_RESUME, settings.auto_resume.unwrap_or_default());
    let empty = match settings.leaves_after() {
        None => "I stay".into(),
        Some(after) => format!("I leave after {}", span(after)),
    };
    let alone = if settings.leave_if_no_listeners { "I leave after a minute and keep the queue" } else { "I stay" };
    vec![
        ("I come back to the voice channel by myself", rejoin),
        ("After I was restarted", resume),
        ("Messages about interruptions that are over", chosen(&WHEN_OVER, settings.when_over)),
        ("When the queue has run out", empty),
        ("When nobody listens any more", alone.into()),
    ]
}

fn music(settings: GuildSettings) -> Vec<(&'static str, String)> {
    let next = if settings.auto_announce_next_song {
        "A new message says so"
    } else {
        "The message that says what plays changes"
    };
    let target = settings.reduce_vol_when_voice_target;
    let reduce = match settings.reduce_vol_when_voice {
        true => format!("The volume goes down to {target} %"),
        false => format!("The volume stays as it is (once this is on, it goes down to {target} %)"),
    };
    vec![
        ("When the next song begins", next.into()),
        ("Volume that I begin with", format!("{} %", settings.default_volume)),
        ("Tracks that one request may add", format!("{} at most", settings.playlist_limit)),
        ("Tracks on a page of /queue", settings.default_queue_page_size.to_string()),
        ("When somebody speaks", format!("{reduce}\n-# Kept, but without effect: this version cannot do that yet.")),
    ]
}

fn chosen<T: PartialEq>(values: &[(&str, T, &'static str)], value: T) -> String {
    values.iter().find(|(_, one, _)| *one == value).map(|(.., words)| *words).unwrap_or("?").into()
}

/// Exact where it is whole minutes or hours, as these numbers mostly are.
fn span(length: Duration) -> String {
    match length.as_secs() {
        seconds if seconds % 3600 == 0 => text::counted(usize::try_from(seconds / 3600).unwrap_or(0), "hour"),
        seconds if seconds % 60 == 0 => text::counted(usize::try_from(seconds / 60).unwrap_or(0), "minute"),
        seconds => text::counted(usize::try_from(seconds).unwrap_or(0), "second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain::{AutoRejoin, AutoResume, WhenOver};

    fn read(embed: &Embed) -> String {
        let fields = embed.fields.iter().map(|field| format!("{} | {}", field.name, field.value));
        let footer = embed.footer.iter().map(|footer| footer.text.clone());
        fields.chain(footer).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_people_see_of_the_settings() {
        let changed = GuildSettings {
            auto_rejoin: Some(AutoRejoin::AlsoAfterKick),
            auto_resume: Some(AutoResume::Paused),
            when_over: WhenOver::Delete,
            wait_after_queue_empties: 0,
            leave_if_no_listeners: false,
            auto_announce_next_song: true,
            reduce_vol_when_voice: true,
            default_volume: 80,
            playlist_limit: 1,
            ..GuildSettings::default()
        };
        let odd = GuildSettings { wait_after_queue_empties: 90, ..GuildSettings::default() };
        let all = [GuildSettings::default(), changed, odd].map(settings);
        for embed in &all {
            twilight_validate::embed::embed(embed).unwrap();
        }
        insta::assert_snapshot!(all.each_ref().map(read).join("\n\n"));
    }
}
