//! Who may be connected to: public addresses on the ports where the web is, and what the operator allows.

use super::address::is_public;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Which addresses beyond the public ones may be reached. None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Hosts that may be reached although their addresses are not public.
    pub allow_private: Vec<AllowedHost>,
}

/// A host that may be reached: `127.0.0.1:8080`, `[::1]:80`, `nas.local`. Without a port, all ports.
///
/// An address is allowed whatever name leads to it; a name is allowed wherever it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: String,
    address: Option<IpAddr>,
    port: Option<u16>,
}

/// A text that names no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no host: write an address or a name, with a port if only that is meant, such as 127.0.0.1:8080")]
pub struct BadAllowedHost {
    text: String,
}

impl FromStr for AllowedHost {
    type Err = BadAllowedHost;

    fn from_str(text: &str) -> Result<Self, BadAllowedHost> {
        let bad = || BadAllowedHost { text: text.chars().take(100).collect() };
        let trimmed = text.trim();
        if let Ok(address) = trimmed.parse::<SocketAddr>() {
            return Ok(Self { host: String::new(), address: Some(address.ip()), port: Some(address.port()) });
        }
        if let Ok(address) = bare(trimmed).parse::<IpAddr>() {
            return Ok(Self { host: String::new(), address: Some(address), port: None });
        }
        let (host, port) = match trimmed.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| bad())?)),
            None => (trimmed, None),
        };
        let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
        if !named {
            return Err(bad());
        }
        Ok(Self { host: normal(host), address: None, port })
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.port) {
            (Some(address), Some(port)) => SocketAddr::new(address, port).fmt(f),
            (Some(address), None) => address.fmt(f),
            (None, Some(port)) => write!(f, "{}:{port}", self.host),
            (None, None) => f.write_str(&self.host),
        }
    }
}

impl FromStr for EgressPolicy {
    type Err = BadAllowedHost;

    /// Reads hosts with commas between them; an empty text allows none.
    fn from_str(text: &str) -> Result<Self, BadAllowedHost> {
        let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
        Ok(Self { allow_private: hosts.map(str::parse).collect::<Result<_, _>>()? })
    }
}

impl EgressPolicy {
    /// Whether `host`, as it was asked for, may be reached at `address`.
    pub(crate) fn admits(&self, host: &str, address: SocketAddr) -> bool {
        self.allows(host, address) || (is_public(address.ip()) && is_web_port(address.port()))
    }

    fn allows(&self, host: &str, address: SocketAddr) -> bool {
        let host = normal(host);
        self.allow_private.iter().any(|allowed| {
            allowed.port.is_none_or(|port| port == address.port())
                && match allowed.address {
                    Some(ip) => ip == address.ip(),
                    None => allowed.host == host,
                }
        })
    }
}

/// A host name or address as it is compared: without brackets and the root's dot, in lower case.
fn normal(host: &str) -> String {
    bare(host).trim_end_matches('.').to_ascii_lowercase()
}

/// An IPv6 address without its brackets, anything else as it is.
pub(crate) fn bare(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) if inner.parse::<Ipv6Addr>().is_ok() => inner,
        _ => host,
    }
}

/// The well-known ports of the web, and those that anyone may use. Not mail, not SSH, not the rest below 1024.
fn is_web_port(port: u16) -> bool {
    matches!(port, 80 | 443 | 1024..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(policy: &str, host: &str, address: &str) -> bool {
        policy.parse::<EgressPolicy>().unwrap().admits(host, address.parse().unwrap())
    }

    #[test]
    fn nothing_private_is_reached_unless_it_is_named() {
        assert!(admits("", "a.example", "8.8.8.8:443"));
        assert!(admits("", "a.example", "8.8.8.8:8443"));
        assert!(!admits("", "a.example", "8.8.8.8:25"));
        assert!(!admits("", "a.example", "127.0.0.1:8080"));
        assert!(admits("127.0.0.1:8080", "localhost", "127.0.0.1:8080"));
        assert!(!admits("127.0.0.1:8080", "localhost", "127.0.0.1:8081"));
        assert!(admits("10.0.0.1:1, 127.0.0.1", "localhost", "127.0.0.1:22"));
        assert!(admits("[::1]:80", "[::1]", "[::1]:80"));
        assert!(admits("::1", "x", "[::1]:81"));
        assert!(admits("nas.local", "NAS.local.", "192.168.1.7:80"));
        assert!(!admits("nas.local", "evil-nas.local", "192.168.1.7:80"));
    }

    #[test]
    fn allowed_hosts_are_read_as_they_are_printed() {
        for text in ["127.0.0.1:8080", "127.0.0.1", "[::1]:80", "::1", "nas.local", "nas.local:80"] {
            assert_eq!(text.parse::<AllowedHost>().unwrap().to_string(), text);
        }
        for text in ["", ":80", "a b", "http://a", "a:99999", "a:"] {
            let refused = text.parse::<AllowedHost>().unwrap_err();
            assert!(refused.to_string().contains("127.0.0.1:8080"), "{refused}");
        }
    }
}
