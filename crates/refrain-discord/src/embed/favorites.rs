//! What a guild plays often.

use super::{GREY, lines, sentence};
use crate::text;
use refrain::store::Favorite;
use twilight_model::channel::message::Embed;
use twilight_util::builder::embed::EmbedBuilder;

/// A name, and a query in the list.
const MAX_NAME: usize = 80;
const MAX_QUERY: usize = 60;

/// `/favorites list`.
pub(crate) fn favorites(all: &[Favorite]) -> Embed {
    let mut listed = all.iter().map(|favorite| format!("{} · {}", bold(&favorite.name), what(favorite)));
    let Some(first) = listed.next() else {
        return sentence("This server has no favorites yet. `/favorites create` makes one.");
    };
    EmbedBuilder::new().color(GREY).title("Favorites").description(lines(first, listed)).build()
}

fn what(favorite: &Favorite) -> String {
    match favorite.queries.as_slice() {
        [one] => text::shorten(&text::escape(one), MAX_QUERY),
        several => text::counted(several.len(), "track"),
    }
}

/// After `/favorites create`. `replaced`: there was one of that name.
pub(crate) fn kept(favorite: &Favorite, replaced: bool) -> Embed {
    let what = if replaced { "Changed" } else { "Kept" };
    sentence(&format!("{what} {}. `/favorites use` plays it.", bold(&favorite.name)))
}

/// After `/favorites remove`.
pub(crate) fn dropped(favorite: &Favorite) -> Embed {
    sentence(&format!("Forgot {}.", bold(&favorite.name)))
}

/// Why a favorite stays as it is.
pub(crate) fn not_yours(favorite: &Favorite) -> String {
    let whose = favorite.by.map(|by| format!(" <@{by}> made it;")).unwrap_or_default();
    format!(
        "{} is not yours to change:{whose} whoever made it can, and people with the permission **Manage Server**.",
        bold(&favorite.name)
    )
}

fn bold(name: &str) -> String {
    format!("**{}**", text::title(name, MAX_NAME))
}
