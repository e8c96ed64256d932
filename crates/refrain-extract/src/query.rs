//! What a person typed: a link or words to search for.

use crate::text::is_unseen;
use url::Url;

/// The longest text that is accepted, in characters.
const MAX_LENGTH: usize = 500;
/// Hosts that people paste without a scheme; `www.` needs no list.
const BARE_HOSTS: [&str; 5] = ["youtu.be/", "youtube.com/", "m.youtube.com/", "music.youtube.com/", "soundcloud.com/"];
/// The fragment through which yt-dlp's extractors hand each other options. From a person it could set request headers.
const SMUGGLED: &str = "__youtubedl_smuggle";

/// What to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A page or a file, `http` or `https`.
    Url(Url),
    /// Words to search for.
    Search(String),
}

/// Why a text is neither a link that can be played nor a search. The text of the error is for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// Nothing was typed.
    #[error("Tell me what to play: paste a link, or write a few words to search for.")]
    Empty,
    /// More than anyone types.
    #[error("That is too long: I can take {MAX_LENGTH} characters. Paste a shorter link, or fewer words.")]
    TooLong,
    /// Line breaks and the like.
    #[error("That has line breaks or invisible characters in it. Paste one link, or write a few words, on one line.")]
    ControlCharacters,
    /// A link to something that is not the web.
    #[error(
        "I cannot play `{scheme}://` links, only `http://` and `https://` ones. You can also write words to search for."
    )]
    Scheme {
        /// The scheme as typed, in lower case.
        scheme: String,
    },
    /// It begins like a link and is none.
    #[error("That link is broken: I cannot read an address from it. Copy it again, or write words to search for.")]
    NotAUrl,
    /// A link with a user name or password, which everyone in the channel would see.
    #[error("That link has a user name or password in it, which everyone here would see. Use a link without it.")]
    Credentials,
}

impl Query {
    /// Reads what a person typed. Surrounding space and the `<…>` that hides a preview are taken off.
    ///
    /// # Errors
    /// [`BadQuery`] when it can be neither played nor searched for; its text says what would do.
    pub fn parse(input: &str) -> Result<Self, BadQuery> {
        let trimmed = input.trim();
        let text = trimmed.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(trimmed).trim();
        check(text)?;
        if let Some((scheme, _)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
            let scheme = scheme.to_ascii_lowercase();
            return match scheme.as_str() {
                "http" | "https" => web_url(text).map(Self::Url),
                _ => Err(BadQuery::Scheme { scheme: scheme.chars().take(20).collect() }),
            };
        }
        if is_bare_link(text) {
            return web_url(&format!("https://{text}")).map(Self::Url);
        }
        Ok(Self::Search(text.to_owned()))
    }
}

/// Checks what holds for links and words alike.
pub(crate) fn check(text: &str) -> Result<(), BadQuery> {
    if text.is_empty() {
        Err(BadQuery::Empty)
    } else if text.chars().nth(MAX_LENGTH).is_some() {
        Err(BadQuery::TooLong)
    } else if text.chars().any(is_unseen) {
        Err(BadQuery::ControlCharacters)
    } else {
        Ok(())
    }
}

/// Reads an address that yt-dlp may be given: on the web, without credentials and without smuggled options.
pub(crate) fn web_url(text: &str) -> Result<Url, BadQuery> {
    let url = Url::parse(text).map_err(|_| BadQuery::NotAUrl)?;
    clean(url)
}

/// See [`web_url`].
pub(crate) fn clean(mut url: Url) -> Result<Url, BadQuery> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BadQuery::Scheme { scheme: url.scheme().chars().take(20).collect() });
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(BadQuery::NotAUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadQuery::Credentials);
    }
    if url.fragment().is_some_and(|fragment| fragment.contains(SMUGGLED)) {
        url.set_fragment(None);
    }
    Ok(url)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn is_bare_link(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let www = lower.strip_prefix("www.").is_some_and(|rest| rest.split('/').next().is_some_and(|h| h.contains('.')));
    !text.contains(char::is_whitespace) && (www || BARE_HOSTS.iter().any(|host| lower.starts_with(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Query {
        Query::Url(Url::parse(text).unwrap())
    }

    #[test]
    fn links_are_taken_however_they_are_pasted() {
        assert_eq!(Query::parse(" <https://a.example/x?y=1> \n"), Ok(url("https://a.example/x?y=1")));
        assert_eq!(Query::parse("HTTP://A.example/x"), Ok(url("http://a.example/x")));
        assert_eq!(Query::parse("youtu.be/abc"), Ok(url("https://youtu.be/abc")));
        assert_eq!(Query::parse("www.a.example/x"), Ok(url("https://www.a.example/x")));
    }

    #[test]
    fn other_words_are_a_search() {
        for words in ["first light", "www. what", "youtu.be song name", "--exec id", "-U", "ytsearch50:x", "a: b"] {
            assert_eq!(Query::parse(words), Ok(Query::Search(words.to_owned())));
        }
    }

    #[test]
    fn what_cannot_be_played_is_refused_in_words() {
        assert_eq!(Query::parse(" <> "), Err(BadQuery::Empty));
        assert_eq!(Query::parse(&"x".repeat(501)), Err(BadQuery::TooLong));
        assert!(Query::parse(&"é".repeat(500)).is_ok());
        assert_eq!(Query::parse("a\nb"), Err(BadQuery::ControlCharacters));
        assert_eq!(Query::parse("https://a.example/\n--exec id"), Err(BadQuery::ControlCharacters));
        assert_eq!(Query::parse("http://"), Err(BadQuery::NotAUrl));
        assert_eq!(Query::parse("https://me:pw@a.example/"), Err(BadQuery::Credentials));
        let refused = Query::parse("rtmp://a.example/x").unwrap_err();
        assert!(refused.to_string().contains("`rtmp://`") && refused.to_string().contains("https"), "{refused}");
        assert!(matches!(Query::parse("file:///etc/passwd"), Err(BadQuery::Scheme { .. })));
    }

    #[test]
    fn options_smuggled_in_the_fragment_are_dropped() {
        let smuggled = "https://a.example/x#__youtubedl_smuggle=%7B%22http_headers%22%3A%7B%7D%7D";
        assert_eq!(Query::parse(smuggled), Ok(url("https://a.example/x")));
        assert_eq!(Query::parse("https://a.example/x#t=3"), Ok(url("https://a.example/x#t=3")));
    }
}
