//! Text from the world, made fit for people and for logs.

/// The longest title, in characters.
const MAX_TITLE: usize = 200;
/// The longest line of yt-dlp's that an error carries, in characters.
const MAX_LINE: usize = 400;

/// Control characters, and the ones that turn the writing direction around: neither is seen, both can deceive.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A title or a name on one line: unseen characters out, spaces folded, bounded. `None` when nothing is left.
pub(crate) fn title(text: &str) -> Option<String> {
    let mut clean = String::new();
    // Bounded before the work, too: a site can send megabytes.
    for word in text.split(|c: char| c.is_whitespace()).take(4 * MAX_TITLE) {
        let mut letters = word.chars().filter(|c| !is_unseen(*c)).take(MAX_TITLE + 1).peekable();
        if letters.peek().is_some() {
            if !clean.is_empty() {
                clean.push(' ');
            }
            clean.extend(letters);
        }
        if clean.chars().nth(MAX_TITLE).is_some() {
            return Some(cut(&clean, MAX_TITLE));
        }
    }
    (!clean.is_empty()).then_some(clean)
}

/// A line of yt-dlp's for operators: without the queries of addresses, which carry signatures, and bounded.
pub(crate) fn operator_line(line: &str) -> String {
    let mut safe = String::new();
    // yt-dlp never prints a space within an address.
    for (i, word) in line.split_whitespace().take(200).enumerate() {
        if i > 0 {
            safe.push(' ');
        }
        safe.extend(without_query(word).chars().filter(|c| !is_unseen(*c)));
    }
    cut(&safe, MAX_LINE)
}

/// An address without its query, fragment and credentials; any other word as it is.
fn without_query(word: &str) -> String {
    let Some(start) = word.find("://") else { return without_bare_query(word).to_owned() };
    let (scheme, rest) = word.split_at(start + 3);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

/// Requests are also named by their path alone, and the id of a page without one is the end of its address.
fn without_bare_query(word: &str) -> &str {
    match word.split_once('?') {
        Some((before, query)) if word.starts_with('/') || query.contains('=') => before,
        _ => word,
    }
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_one_clean_bounded_line() {
        assert_eq!(title("  A\u{202e} b\n\tc\u{7} ").as_deref(), Some("A b c"));
        assert_eq!(title("\u{7} \n"), None);
        let long = title(&"word ".repeat(1000)).unwrap();
        assert!(long.chars().count() <= MAX_TITLE + 1 && long.ends_with('…'));
        assert_eq!(title(&"x".repeat(5_000_000)).unwrap().chars().count(), MAX_TITLE + 1);
    }

    #[test]
    fn an_operators_line_holds_no_signature_and_no_password() {
        let line = "ERROR: v?sig=0: why? (caused by 'https://u:p@a.example/v?sig=1&n=2#f') and /v?sig=3 end";
        assert_eq!(operator_line(line), "ERROR: v why? (caused by 'https://a.example/v and /v end");
        assert!(operator_line(&"long ".repeat(1000)).chars().count() <= MAX_LINE + 1);
    }
}
