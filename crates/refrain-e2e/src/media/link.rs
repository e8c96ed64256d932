//! Links that lead to an address of their own each time: it needs the cookie that came with it, and the next one ends it.

/// The links.
#[derive(Debug, Default)]
pub(super) struct Links {
    issued: u64,
    expired: bool,
}

impl Links {
    /// A new address for `name`, which ends the one before, and the cookie that it needs.
    pub(super) fn issue(&mut self, name: &str) -> (String, String) {
        self.issued += 1;
        self.expired = false;
        (format!("once/{}/{name}", self.issued), format!("pass={}; Path=/", self.issued))
    }

    /// The name that an address leads to, while it is good and the cookie is there.
    pub(super) fn follow(&self, link: &str, cookie: Option<&str>) -> Option<String> {
        let (number, name) = link.split_once('/')?;
        let wanted = format!("pass={}", self.issued);
        let passed = cookie.is_some_and(|cookie| cookie.split(';').any(|one| one.trim() == wanted));
        let good = number == self.issued.to_string() && !self.expired && passed;
        good.then(|| name.to_owned())
    }

    /// The address that was given out last is good no more.
    pub(super) const fn expire(&mut self) {
        self.expired = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_good_with_its_cookie_until_the_next_one_or_its_end() {
        let mut links = Links::default();
        let (place, cookie) = links.issue("a.ogg");
        assert_eq!((place.as_str(), cookie.as_str()), ("once/1/a.ogg", "pass=1; Path=/"));
        assert_eq!(links.follow("1/a.ogg", Some("x=y; pass=1")).as_deref(), Some("a.ogg"));
        assert_eq!(links.follow("1/a.ogg", None), None);
        links.issue("a.ogg");
        assert_eq!(links.follow("1/a.ogg", Some("pass=1")), None);
        assert!(links.follow("2/a.ogg", Some("pass=2")).is_some());
        links.expire();
        assert_eq!(links.follow("2/a.ogg", Some("pass=2")), None);
    }
}
