//! Words and figures for people: escaping, cutting, lengths of time, the position bar.

use std::time::Duration;

/// Characters that mean something in Discord's markdown wherever they stand.
const MARKDOWN: &str = "\\*_~`|[]<>#";

/// Marks what was cut off.
const ELLIPSIS: char = '…';

/// Makes text from outside harmless: markdown shows as it is, links do not become links, and neither line breaks nor
/// characters that change the writing direction survive.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in plain(text).chars() {
        // "://" is what makes a link of bare text.
        if MARKDOWN.contains(c) || (c == '/' && escaped.ends_with([':', '/'])) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// One line without control characters and direction overrides.
pub(crate) fn plain(text: &str) -> String {
    let overrides = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let spaced: String =
        text.chars().filter(|c| !overrides(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

/// At most `max` UTF-16 units, as Discord counts; what is cut off shows as an ellipsis. Escapes are not torn apart.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.chars().map(char::len_utf16).sum::<usize>() <= max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = ELLIPSIS.len_utf16();
    for c in text.chars() {
        used += c.len_utf16();
        if used > max {
            break;
        }
        kept.push(c);
    }
    // An odd number of backslashes at the end would escape the ellipsis instead of what was cut.
    let slashes = kept.chars().rev().take_while(|c| *c == '\\').count();
    if slashes % 2 == 1 {
        kept.pop();
    }
    let kept = kept.trim_end();
    if max == 0 { String::new() } else { format!("{kept}{ELLIPSIS}") }
}

/// A title from outside, escaped and cut to at most `max` UTF-16 units; never empty.
pub(crate) fn title(text: &str, max: usize) -> String {
    let escaped = escape(text);
    shorten(if escaped.is_empty() { "(no title)" } else { &escaped }, max)
}

/// A length of time as players show it: `3:05`, `1:02:09`.
pub(crate) fn clock(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A wait or a gap in words: `0.4 s`, `12 s`, `2 min`.
pub(crate) fn span(length: Duration) -> String {
    let millis = length.as_millis();
    if millis < 10_000 {
        // To the nearest tenth, but what was not nothing does not read as nothing.
        let tenths = ((millis + 50) / 100).max(u128::from(millis > 0));
        return match tenths % 10 {
            0 => format!("{} s", tenths / 10),
            rest => format!("{}.{rest} s", tenths / 10),
        };
    }
    let seconds = length.as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", (seconds + 30) / 60) }
}

/// A time that Discord shows as its distance from now and keeps up to date: "in 4 seconds", "2 minutes ago".
pub(crate) fn relative(unix: u64) -> String {
    format!("<t:{unix}:R>")
}

/// `count` of something, with the noun in its right number.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// How many pieces the position bar has.
const BAR: u32 = 20;

/// Where the music is, as a bar with a knob.
pub(crate) fn bar(position: Duration, length: Duration) -> String {
    let share = if length.is_zero() { 0.0 } else { position.as_secs_f64() / length.as_secs_f64() };
    let knob = (0..BAR).rev().find(|piece| f64::from(*piece) / f64::from(BAR) <= share).unwrap_or(0);
    (0..BAR).map(|piece| if piece == knob { '🔘' } else { '▬' }).collect()
}

/// An address that may stand in an embed: `http` or `https`, no spaces, at most `max` characters.
pub(crate) fn link(url: &str, max: usize) -> Option<&str> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    (web && url.len() <= max && !url.contains(|c: char| c.is_whitespace() || c.is_control())).then_some(url)
}

/// `[text](url)`, or the text alone where the address is none that can be linked. `text` is escaped already.
pub(crate) fn masked_link(text: &str, url: &str) -> String {
    match link(url, 200) {
        Some(url) => {
            let safe = url.replace('(', "%28").replace(')', "%29").replace('<', "%3C").replace('>', "%3E");
            format!("[{text}]({safe})")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_and_links_in_a_title_show_as_they_are() {
        assert_eq!(escape("**loud** [x](http://e.vil)"), "\\*\\*loud\\*\\* \\[x\\](http:\\/\\/e.vil)");
        assert_eq!(escape("a/b and/or"), "a/b and/or");
        assert_eq!(escape("  two\nlines\u{202e}drawkcab "), "two linesdrawkcab");
        assert_eq!(title("\u{7}", 10), "(no title)");
    }

    #[test]
    fn text_is_cut_as_discord_counts_it() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("longer", 5), "long…");
        assert_eq!(shorten("🎵🎵🎵", 5), "🎵🎵…");
        assert_eq!(shorten("ab\\*cd", 4), "ab…");
        assert_eq!(shorten("anything", 0), "");
    }

    #[test]
    fn lengths_of_time_read_well() {
        let clocks = [(0, "0:00"), (65, "1:05"), (3729, "1:02:09")];
        for (seconds, wanted) in clocks {
            assert_eq!(clock(Duration::from_secs(seconds)), wanted);
        }
        let spans = [
            (0, "0 s"),
            (20, "0.1 s"),
            (420, "0.4 s"),
            (2000, "2 s"),
            (12_300, "12 s"),
            (119_000, "119 s"),
            (121_000, "2 min"),
            (149_000, "2 min"),
            (150_000, "3 min"),
        ];
        for (millis, wanted) in spans {
            assert_eq!(span(Duration::from_millis(millis)), wanted);
        }
    }

    #[test]
    fn the_bar_has_one_knob_wherever_the_music_is() {
        for (position, length, knob) in [(0, 100, 0), (50, 100, 10), (100, 100, 19), (500, 100, 19), (5, 0, 0)] {
            let bar = bar(Duration::from_secs(position), Duration::from_secs(length));
            assert_eq!(bar.chars().position(|c| c == '🔘'), Some(knob), "at {position} of {length}");
            assert_eq!(bar.chars().count(), 20);
        }
    }

    #[test]
    fn only_web_addresses_are_linked() {
        assert_eq!(masked_link("t", "https://e.org/a_(b)"), "[t](https://e.org/a_%28b%29)");
        assert_eq!(masked_link("t", "javascript:alert(1)"), "t");
        assert_eq!(masked_link("t", "https://e.org/a b"), "t");
        assert_eq!(masked_link("t", &format!("https://e.org/{}", "x".repeat(300))), "t");
    }
}
