//! What is needed to log in.

use std::fmt;

/// A bot token. It prints as nothing but a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a token as the developer portal shows it; a leading `Bot ` and white space around it are dropped.
    ///
    /// `None` when what remains is empty, or holds characters that cannot stand in a header: then it is no token.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        let token =
            token.strip_prefix("Bot").filter(|rest| !rest.starts_with(|c: char| c.is_ascii_graphic())).unwrap_or(token);
        let token = token.trim();
        let sound = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self(token.to_owned()))
    }

    /// The token itself, for the header and the identify message.
    pub(crate) fn secret(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where the REST API is, if not at Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestBase {
    /// Host and port.
    authority: String,
    plain: bool,
}

impl RestBase {
    /// Takes `http://host:port` or `https://host:port`, without a path; `None` for anything else.
    #[must_use]
    pub fn new(base: &str) -> Option<Self> {
        let (plain, rest) = match (base.strip_prefix("http://"), base.strip_prefix("https://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return None,
        };
        authority(rest).map(|authority| Self { authority, plain })
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.plain { "http" } else { "https" }, self.authority)
    }
}

/// Where the main gateway is, if not at Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayBase(String);

impl GatewayBase {
    /// Takes `ws://host:port` or `wss://host:port`, without a path; `None` for anything else.
    #[must_use]
    pub fn new(base: &str) -> Option<Self> {
        let scheme = ["ws://", "wss://"].into_iter().find(|scheme| base.starts_with(scheme))?;
        authority(&base[scheme.len()..]).map(|authority| Self(format!("{scheme}{authority}")))
    }

    pub(crate) fn url(&self) -> String {
        self.0.clone()
    }
}

/// `host` or `host:port` and at most a slash after it.
fn authority(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!text.is_empty() && text.chars().all(allowed)).then(|| text.to_owned())
}

/// How to reach Discord, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bot's token.
    pub token: Token,
    /// Another REST API than Discord's: the simulator's.
    pub api: Option<RestBase>,
    /// Another main gateway than Discord's: the simulator's.
    pub gateway: Option<GatewayBase>,
}

impl Settings {
    /// Where a gateway session is resumed, out of the store. `None` for what is no address, which twilight would panic at,
    /// and for one without TLS where Discord itself is meant.
    pub(crate) fn resume_url(&self, stored: &str) -> Option<String> {
        let base = GatewayBase::new(stored)?;
        (self.gateway.is_some() || base.0.starts_with("wss://")).then(|| base.url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_people_paste_it_and_never_printed() {
        let token = Token::new("  Bot abc.def-ghi_j\n").unwrap();
        assert_eq!(token.secret(), "abc.def-ghi_j");
        assert_eq!(format!("{token:?}"), "Token(…)");
        for bad in ["", "  ", "Bot ", "two words", "tök"] {
            assert_eq!(Token::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn bases_are_a_scheme_and_a_host() {
        let plain = RestBase::new("http://127.0.0.1:8080").unwrap();
        assert_eq!(plain.origin(), "http://127.0.0.1:8080");
        assert_eq!(RestBase::new("https://proxy.example/").unwrap().origin(), "https://proxy.example");
        for bad in ["127.0.0.1:1", "ftp://x", "http://", "http://x/api", "http://user@x"] {
            assert_eq!(RestBase::new(bad), None, "{bad:?}");
        }
        assert_eq!(GatewayBase::new("ws://127.0.0.1:9/").unwrap().url(), "ws://127.0.0.1:9");
        assert_eq!(GatewayBase::new("http://127.0.0.1:9"), None);
    }

    #[test]
    fn a_stored_address_is_used_when_it_is_one() {
        let token = Token::new("abc").unwrap();
        let discord = Settings { token, api: None, gateway: None };
        let url = "wss://gateway-us-east1-b.discord.gg";
        assert_eq!(discord.resume_url(url).as_deref(), Some(url));
        for bad in ["", "wss://", "wss://gateway.discord.gg/?v=1", "ws://gateway.discord.gg", "not an address"] {
            assert_eq!(discord.resume_url(bad), None, "{bad:?}");
        }
        let simulated = Settings { gateway: GatewayBase::new("ws://127.0.0.1:9"), ..discord };
        assert_eq!(simulated.resume_url("ws://127.0.0.1:9").as_deref(), Some("ws://127.0.0.1:9"));
    }
}
