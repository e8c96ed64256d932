//! What went wrong in a lookup, for three readers: the code that may try again, the person in Discord, the operator.

use std::fmt;

/// The class of an [`ExtractError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The site takes the bot for what it is, and wants proof of a person.
    BotCheck,
    /// Only for adults who are logged in.
    AgeRestricted,
    /// The owner keeps it private.
    Private,
    /// For members or paying customers.
    MembersOnly,
    /// The site wants an account.
    LoginRequired,
    /// Not where the bot runs.
    RegionBlocked,
    /// Removed, or never there.
    Gone,
    /// A premiere or a stream that has not begun, or one that is over.
    NotLive,
    /// Too many requests.
    RateLimited,
    /// There is no sound in it that could be played: protected, or none at all.
    NoAudio,
    /// The site refused with status 403.
    Forbidden,
    /// The site was not reached, or failed itself.
    Network,
    /// The link leads to nothing that yt-dlp can play.
    BadInput,
    /// yt-dlp does not understand the site any more.
    ExtractorBroken,
    /// An error of yt-dlp's that fits no class.
    Unknown,
    /// It took longer than the limit.
    TimedOut,
    /// yt-dlp printed more than the limit.
    TooMuchOutput,
    /// yt-dlp could not be run.
    Spawn,
    /// What yt-dlp printed could not be understood.
    Garbled,
    /// The link, or what it redirects to, lies in a private network.
    PrivateAddress,
    /// The extractor is being shut down.
    ShuttingDown,
}

/// Why a lookup brought nothing.
#[derive(Debug)]
pub struct ExtractError {
    kind: ErrorKind,
    detail: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ExtractError {
    /// `detail` is for operators: no signatures, no secrets, bounded.
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), source: None }
    }

    pub(crate) fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The class.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same request may succeed a little later, without anyone changing anything.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::RateLimited
            | ErrorKind::Forbidden
            | ErrorKind::Network
            | ErrorKind::TimedOut
            | ErrorKind::Garbled => true,
            ErrorKind::BotCheck
            | ErrorKind::AgeRestricted
            | ErrorKind::Private
            | ErrorKind::MembersOnly
            | ErrorKind::LoginRequired
            | ErrorKind::RegionBlocked
            | ErrorKind::Gone
            | ErrorKind::NotLive
            | ErrorKind::NoAudio
            | ErrorKind::BadInput
            | ErrorKind::ExtractorBroken
            | ErrorKind::Unknown
            | ErrorKind::TooMuchOutput
            | ErrorKind::Spawn
            | ErrorKind::PrivateAddress
            | ErrorKind::ShuttingDown => false,
        }
    }

    /// What happened and what to do, in plain words, for a message in Discord.
    #[must_use]
    pub fn user_message(&self) -> String {
        match self.kind {
            ErrorKind::BotCheck => {
                "The site wants proof that a person is asking, so I cannot play this right now. Try another source, or \
                 ask whoever runs me to set up cookies."
            }
            ErrorKind::AgeRestricted => "That is age-restricted, and I have no account to watch it with. Try another one.",
            ErrorKind::Private => "That is private: only people its owner invited can see it. Try another one.",
            ErrorKind::MembersOnly => "That is for members or paying customers only. Try another one.",
            ErrorKind::LoginRequired => "The site wants a login for that, and I have none. Try another source.",
            ErrorKind::RegionBlocked => "That cannot be played in the country where I run. Try another source.",
            ErrorKind::Gone => "There is nothing at that link: it was removed, or the link is wrong. Check it and try again.",
            ErrorKind::NotLive => "That has not begun yet, or is over. Try again when it is live.",
            ErrorKind::RateLimited => "The site says I ask too often. Try again in a few minutes.",
            ErrorKind::NoAudio => "There is no sound in that which I can play: it is protected, or has none. Try another one.",
            ErrorKind::Forbidden => "The site refused to let me have that. Try again in a moment, or try another source.",
            ErrorKind::Network => "I could not reach that site. Check the link, or try again in a moment.",
            ErrorKind::BadInput => {
                "I found nothing to play at that link. Paste a link to a song or video page, or straight to an audio \
                 file, or write words to search for."
            }
            ErrorKind::ExtractorBroken => {
                "I do not understand that site at the moment: it has changed. Try another source; whoever runs me may \
                 need to update yt-dlp."
            }
            ErrorKind::Unknown => "The site gave an error that I do not know. Try another source.",
            ErrorKind::TimedOut => "Looking that up took too long, so I gave up. Try again in a moment.",
            ErrorKind::TooMuchOutput => "That link leads to far more than one song. Paste a link to a single one.",
            ErrorKind::Spawn | ErrorKind::Garbled => {
                "Something is wrong with my look-up of songs. Try again; if it goes on, tell whoever runs me."
            }
            ErrorKind::PrivateAddress => {
                "That link leads into a private network, where I do not go. Use a link that anyone on the internet can open."
            }
            ErrorKind::ShuttingDown => "I am shutting down. Try again in a moment.",
        }
        .to_owned()
    }
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "yt-dlp lookup failed ({:?}): {}", self.kind, self.detail)
    }
}

impl std::error::Error for ExtractError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
