//! The kinds of failure: their class, their name, and what a member reads.

use crate::Purpose;
use refrain_model::FailureClass;

/// The kind of an [`ExtractError`](crate::ExtractError).
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
    /// An error of yt-dlp's that fits no other kind.
    Unknown,
    /// It took longer than the limit.
    TimedOut,
    /// yt-dlp printed more than the limit.
    TooMuchOutput,
    /// yt-dlp could not be run.
    Spawn,
    /// This machine has no space, no descriptors, no processes or no memory left.
    OutOfResources,
    /// What yt-dlp printed could not be understood.
    Garbled,
    /// The link, or what it redirects to, lies in a private network.
    PrivateAddress,
    /// The guild has too many requests waiting already.
    Busy,
    /// The extractor is being shut down.
    ShuttingDown,
}

impl ErrorKind {
    /// What a failure of this kind is about. [`Self::Busy`] depends on what was asked:
    /// see [`ExtractError::class`](crate::ExtractError::class).
    #[must_use]
    pub const fn class(self) -> FailureClass {
        match self {
            Self::AgeRestricted
            | Self::Private
            | Self::MembersOnly
            | Self::LoginRequired
            | Self::RegionBlocked
            | Self::Gone
            | Self::NotLive
            | Self::NoAudio
            | Self::BadInput
            | Self::TooMuchOutput
            | Self::PrivateAddress => FailureClass::Track,
            Self::BotCheck
            | Self::RateLimited
            | Self::Forbidden
            | Self::Network
            | Self::ExtractorBroken
            | Self::Unknown
            | Self::TimedOut
            | Self::Garbled => FailureClass::Site,
            Self::Spawn | Self::OutOfResources => FailureClass::Machine,
            Self::Busy | Self::ShuttingDown => FailureClass::Request,
        }
    }

    /// The kind's name for logs, metrics and recordings; it does not change between versions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BotCheck => "bot-check",
            Self::AgeRestricted => "age-restricted",
            Self::Private => "private",
            Self::MembersOnly => "members-only",
            Self::LoginRequired => "login-required",
            Self::RegionBlocked => "region-blocked",
            Self::Gone => "gone",
            Self::NotLive => "not-live",
            Self::RateLimited => "rate-limited",
            Self::NoAudio => "no-audio",
            Self::Forbidden => "forbidden",
            Self::Network => "network",
            Self::BadInput => "bad-input",
            Self::ExtractorBroken => "extractor-broken",
            Self::Unknown => "unknown",
            Self::TimedOut => "timed-out",
            Self::TooMuchOutput => "too-much-output",
            Self::Spawn => "spawn",
            Self::OutOfResources => "out-of-resources",
            Self::Garbled => "garbled",
            Self::PrivateAddress => "private-address",
            Self::Busy => "busy",
            Self::ShuttingDown => "shutting-down",
        }
    }

    /// What happened and what follows, for a member. A track in the queue waits when the failure is not its own; a look-up
    /// that failed has nothing to wait for.
    pub(crate) const fn message(self, purpose: Purpose) -> &'static str {
        match purpose {
            Purpose::Play => self.when_playing(),
            Purpose::LookUp => self.when_looking_up(),
        }
    }

    const fn when_playing(self) -> &'static str {
        match self {
            Self::BotCheck => {
                "The site wants proof that I am not a bot. The music waits and goes on when the site lets me in; my \
                 operator can help with cookies."
            }
            Self::RateLimited => {
                "The site says that I ask too often. The music waits and goes on when the site answers again."
            }
            Self::Forbidden => {
                "The site refuses to answer me. The music waits and goes on when the site answers again."
            }
            Self::Network | Self::TimedOut | Self::Garbled | Self::Unknown => {
                "The site does not answer as it should. The music waits and goes on when the site answers again."
            }
            Self::ExtractorBroken => {
                "I cannot read what the site answers: it may have changed. The music waits and goes on when I can read it \
                 again; my operator may need to update yt-dlp."
            }
            Self::Spawn | Self::OutOfResources => {
                "The machine that I run on has a problem, and my operator has to look at it. The music waits and goes on \
                 when the problem is solved."
            }
            Self::Busy => "Too many songs of this server are being opened at once. The music waits for its turn.",
            Self::ShuttingDown => "I am shutting down. The music goes on when I am back.",
            Self::AgeRestricted
            | Self::Private
            | Self::MembersOnly
            | Self::LoginRequired
            | Self::RegionBlocked
            | Self::Gone
            | Self::NotLive
            | Self::NoAudio
            | Self::BadInput
            | Self::TooMuchOutput
            | Self::PrivateAddress => self.about_the_track(),
        }
    }

    const fn when_looking_up(self) -> &'static str {
        match self {
            Self::BotCheck => {
                "The site wants proof that I am not a bot, so I cannot look that up at the moment. Try again later; my \
                 operator can help with cookies."
            }
            Self::RateLimited => "The site says that I ask too often. Try again in a few minutes.",
            Self::Forbidden => "The site refuses to answer me. Try again in a moment.",
            Self::Network | Self::Garbled | Self::Unknown => {
                "I could not reach that site. Check the link, or try again in a moment."
            }
            Self::TimedOut => "The site takes too long to answer. Try again in a moment.",
            Self::ExtractorBroken => {
                "I cannot read what the site answers: it may have changed. My operator may need to update yt-dlp."
            }
            Self::Spawn | Self::OutOfResources => {
                "The machine that I run on has a problem, so I cannot look that up. Try again in a moment; if the problem \
                 stays, tell my operator."
            }
            Self::Busy => {
                "Too many songs of this server are waiting to be looked up. Wait until some of them are in the queue, then \
                 try again."
            }
            Self::ShuttingDown => "I am shutting down. Try again when I am back.",
            Self::AgeRestricted
            | Self::Private
            | Self::MembersOnly
            | Self::LoginRequired
            | Self::RegionBlocked
            | Self::Gone
            | Self::NotLive
            | Self::NoAudio
            | Self::BadInput
            | Self::TooMuchOutput
            | Self::PrivateAddress => self.about_the_track(),
        }
    }

    /// The same whether the track is looked up or played: only another link helps.
    const fn about_the_track(self) -> &'static str {
        match self {
            Self::AgeRestricted => "That is age-restricted, and I have no account to watch it with. Try another one.",
            Self::Private => "That is private: only viewers whom its owner invited can see it. Try another one.",
            Self::MembersOnly => "That is for members or paying customers of the site only. Try another one.",
            Self::LoginRequired => "The site wants a login for that, and I have none. Try another one.",
            Self::RegionBlocked => "That cannot be played in the country where I run. Try another one.",
            Self::Gone => "There is nothing at that link: it was removed, or the link is wrong. Check the link.",
            Self::NotLive => "That has not begun yet, or is over. Try again when it is live.",
            Self::NoAudio => {
                "That has no sound that I can play: it is protected, or there is none in it. Try another one."
            }
            Self::TooMuchOutput => "That link leads to far more than one song. Paste a link to a single one.",
            Self::PrivateAddress => {
                "That link leads into a private network, where I do not go. Use a link that anyone on the internet can open."
            }
            Self::BadInput
            | Self::BotCheck
            | Self::RateLimited
            | Self::Forbidden
            | Self::Network
            | Self::ExtractorBroken
            | Self::Unknown
            | Self::TimedOut
            | Self::Spawn
            | Self::OutOfResources
            | Self::Garbled
            | Self::Busy
            | Self::ShuttingDown => {
                "I found nothing to play at that link. Paste a link to a song or video page, or straight to an audio file, \
                 or write words to search for."
            }
        }
    }
}
