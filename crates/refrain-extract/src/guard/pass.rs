//! Who may use the guard: each child has a name and a secret of its own, so that a refusal is known to be its doing.

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::TryRngCore;
use std::{
    collections::HashMap,
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How many troubles, and how many addresses without an end, one run's pass remembers.
const MAX_NOTED: usize = 16;

/// The guard's address with a credential in it, for `http_proxy` and the like. `Debug` leaves the credential out.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    url: String,
    address: SocketAddr,
}

impl ProxyUrl {
    /// The whole address: a secret, not to be logged and not to be put on a command line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Where the guard listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl(http://***@{})", self.address)
    }
}

/// What the guard did not do for a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The host leads to addresses that may not be reached.
    Refused(String),
    /// The host was not found or did not answer.
    Unreachable(String),
    /// This machine had no descriptor, port or memory left for the connection.
    Exhausted(String),
}

/// What the guard saw of a child's requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    pub(crate) troubles: Vec<Trouble>,
    /// The longest wait that a site asked for. Seen over plain `http` only.
    pub(crate) retry_after: Option<Duration>,
    /// Hosts that want to be left alone, and until when.
    pub(crate) resting: Vec<(String, Instant)>,
    /// Addresses that answered with sound of no known length. Seen over plain `http` only. They may carry signatures.
    pub(crate) endless: Vec<String>,
}

/// The right of one child to use the guard; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    name: String,
    proxy: ProxyUrl,
    entry: Arc<Entry>,
    passes: Weak<Passes>,
}

/// The right of one source's reader (ffmpeg) to use the egress guard; it ends when this is dropped.
#[derive(Debug)]
pub struct MediaPass(Pass);

impl MediaPass {
    pub(crate) const fn new(pass: Pass) -> Self {
        Self(pass)
    }

    /// The guard's address with this pass's credential in it: a secret.
    #[must_use]
    pub const fn proxy(&self) -> &ProxyUrl {
        self.0.proxy()
    }

    /// The longest wait that a site asked this reader for (`Retry-After`). Seen over plain `http` only.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.noted().retry_after
    }
}

/// What is remembered of a pass.
#[derive(Debug)]
pub(crate) struct Entry {
    secret: String,
    noted: Mutex<Noted>,
}

/// All passes in use.
#[derive(Debug)]
pub(crate) struct Passes {
    address: SocketAddr,
    count: AtomicU64,
    entries: Mutex<HashMap<String, Arc<Entry>>>,
}

impl Passes {
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, count: AtomicU64::new(0), entries: Mutex::default() })
    }

    /// Makes a pass. Fails only when the system has no randomness to give.
    pub(crate) fn issue(self: &Arc<Self>) -> io::Result<Pass> {
        let mut random = [0_u8; 16];
        rand::rngs::OsRng.try_fill_bytes(&mut random).map_err(|e| io::Error::other(e.to_string()))?;
        let secret = random.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let name = format!("child-{}", self.count.fetch_add(1, Ordering::Relaxed));
        let proxy = ProxyUrl { url: format!("http://{name}:{secret}@{}", self.address), address: self.address };
        let entry = Arc::new(Entry { secret, noted: Mutex::default() });
        lock(&self.entries).insert(name.clone(), Arc::clone(&entry));
        Ok(Pass { name, proxy, entry, passes: Arc::downgrade(self) })
    }

    /// The pass that a `Proxy-Authorization` header shows, if it is one.
    pub(crate) fn check(&self, header: &[u8]) -> Option<Arc<Entry>> {
        let header = std::str::from_utf8(header).ok()?;
        let (scheme, credential) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = BASE64_STANDARD.decode(credential.trim()).ok()?;
        let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        let entry = lock(&self.entries).get(name).cloned()?;
        same(entry.secret.as_bytes(), secret.as_bytes()).then_some(entry)
    }
}

impl Entry {
    pub(crate) fn note(&self, trouble: Trouble) {
        add(&mut lock(&self.noted).troubles, trouble);
    }

    /// A host asked to be left alone.
    pub(crate) fn note_wait(&self, host: &str, wait: Duration, now: Instant) {
        let mut noted = lock(&self.noted);
        noted.retry_after = noted.retry_after.max(Some(wait));
        let until = now.checked_add(wait).unwrap_or(now);
        noted.resting.retain(|(resting, over)| resting != host && *over > now);
        if noted.resting.len() < MAX_NOTED {
            noted.resting.push((host.to_owned(), until));
        }
    }

    /// Whether a host has asked to be left alone until later than `now`. Children retry by themselves, and do not know.
    pub(crate) fn is_resting(&self, host: &str, now: Instant) -> bool {
        lock(&self.noted).resting.iter().any(|(resting, until)| resting == host && *until > now)
    }

    pub(crate) fn note_endless(&self, address: String) {
        add(&mut lock(&self.noted).endless, address);
    }
}

impl Pass {
    pub(crate) const fn proxy(&self) -> &ProxyUrl {
        &self.proxy
    }

    /// What the guard saw of this child's requests so far.
    pub(crate) fn noted(&self) -> Noted {
        lock(&self.entry.noted).clone()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(passes) = self.passes.upgrade() {
            lock(&passes.entries).remove(&self.name);
        }
    }
}

/// Adds what is new, up to the bound.
fn add<T: PartialEq>(list: &mut Vec<T>, new: T) {
    if list.len() < MAX_NOTED && !list.contains(&new) {
        list.push(new);
    }
}

/// Compares in a time that depends on the lengths alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// What is behind these locks stays whole even where a holder panicked: each change is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(url: &str) -> String {
        let credential = url.strip_prefix("http://").unwrap().split('@').next().unwrap();
        format!("Basic {}", BASE64_STANDARD.encode(credential))
    }

    #[test]
    fn a_pass_opens_until_it_is_dropped_and_no_other_does() {
        let passes = Passes::new("127.0.0.1:1".parse().unwrap());
        let pass = passes.issue().unwrap();
        let good = header(pass.proxy().as_str());
        assert!(passes.check(good.as_bytes()).is_some());
        for bad in ["", "Basic", "Basic ????", "Bearer x", &header("http://child-0:@x"), &header("http://child-0:0@x")]
        {
            assert!(passes.check(bad.as_bytes()).is_none(), "{bad}");
        }
        drop(pass);
        assert!(passes.check(good.as_bytes()).is_none());
    }

    #[test]
    fn the_secret_is_not_printed() {
        let pass = Passes::new("127.0.0.1:1".parse().unwrap()).issue().unwrap();
        let secret = pass.proxy().as_str().rsplit_once('@').unwrap().0.rsplit_once(':').unwrap().1;
        assert!(secret.len() == 32 && !format!("{:?}", pass.proxy()).contains(secret));
    }
}
