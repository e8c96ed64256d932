//! From a host to a connection: resolve, check, connect to what was checked.

use super::{EgressPolicy, policy::bare};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// How long the resolver may take.
const RESOLVE_LIMIT: Duration = Duration::from_secs(8);
/// How long one address may take to answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(6);
/// How many of a host's addresses are tried.
const MAX_ADDRESSES: usize = 4;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NoConnection {
    /// No address of the host may be reached.
    Refused,
    /// The host has no address.
    NotFound(io::Error),
    /// No address answered.
    Unreachable(io::Error),
}

/// Connects to `host` (a name or an address, IPv6 in brackets or not) if the policy lets it.
pub(crate) async fn connect(policy: &EgressPolicy, host: &str, port: u16) -> Result<TcpStream, NoConnection> {
    let found = timeout(RESOLVE_LIMIT, lookup_host((bare(host), port)))
        .await
        .map_err(|_| NoConnection::NotFound(io::ErrorKind::TimedOut.into()))?
        .map_err(NoConnection::NotFound)?;
    let addresses = found.collect::<Vec<_>>();
    if addresses.is_empty() {
        return Err(NoConnection::NotFound(io::ErrorKind::NotFound.into()));
    }
    let mut admitted =
        addresses.into_iter().filter(|address| policy.admits(host, *address)).take(MAX_ADDRESSES).peekable();
    if admitted.peek().is_none() {
        return Err(NoConnection::Refused);
    }
    let mut last = io::Error::from(io::ErrorKind::NotConnected);
    for address in admitted {
        match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(NoConnection::Unreachable(last))
}

/// Whether a host that is an address, or this machine by name, would be refused. Other names are not resolved for it.
pub(crate) fn literal_is_refused(policy: &EgressPolicy, host: &str, port: u16) -> bool {
    let address = match bare(host).parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) if host.eq_ignore_ascii_case("localhost") => IpAddr::from([127, 0, 0, 1]),
        Err(_) => return false,
    };
    !policy.admits(host, SocketAddr::new(address, port))
}
