//! The faults, in their order, with what Refrain wants to be able to say of each.

use serde::{Deserialize, Serialize};

/// A fault that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
pub enum Row {
    /// 4006 where op 4 for the channel one is in brings nothing.
    #[serde(rename = "4006-strict")]
    #[value(name = "4006-strict")]
    InvalidStrict,
    /// 4006 where op 4 for the channel one is in is answered.
    #[serde(rename = "4006-lenient")]
    #[value(name = "4006-lenient")]
    InvalidLenient,
    /// 4006, and each Identify is answered with 4006 for a minute.
    #[serde(rename = "4006-always")]
    #[value(name = "4006-always")]
    InvalidAlways,
    /// 4014 without any word of the main gateway: the bot is still in its channel.
    #[serde(rename = "4014")]
    #[value(name = "4014")]
    Disconnected,
    /// 4015, the session can be resumed.
    #[serde(rename = "4015")]
    #[value(name = "4015")]
    Crashed,
    /// 4015, resumes are refused with 4006; op 4 for the channel one is in is answered.
    #[serde(rename = "4015-refused")]
    #[value(name = "4015-refused")]
    CrashedRefused,
    /// 4015 of a voice server that has lost its sessions: neither resume nor credentials are good for anything.
    #[serde(rename = "4015-void")]
    #[value(name = "4015-void")]
    CrashedVoid,
    /// 1001, going away.
    #[serde(rename = "1001")]
    #[value(name = "1001")]
    GoingAway,
    /// The voice socket ends with a TCP reset.
    #[serde(rename = "reset")]
    #[value(name = "reset")]
    Reset,
    /// It ends with a FIN, neither TLS nor the websocket said goodbye.
    #[serde(rename = "fin")]
    #[value(name = "fin")]
    Fin,
    /// TLS says goodbye, the websocket does not.
    #[serde(rename = "tls-close")]
    #[value(name = "tls-close")]
    TlsClose,
    /// The voice socket is dead and nobody says so; the media go on as long as the server keeps the session.
    #[serde(rename = "dead-socket")]
    #[value(name = "dead-socket")]
    DeadSocket,
    /// Nothing gets to the voice server or back for a while: socket, media, new connections.
    #[serde(rename = "dead-server")]
    #[value(name = "dead-server")]
    DeadServer,
    /// A server update with a new token.
    #[serde(rename = "server-update")]
    #[value(name = "server-update")]
    ServerUpdate,
    /// A server update without an endpoint, a real one two seconds later.
    #[serde(rename = "null-endpoint")]
    #[value(name = "null-endpoint")]
    NullEndpoint,
    /// A moderator moves the bot.
    #[serde(rename = "moved")]
    #[value(name = "moved")]
    Moved,
    /// A moderator throws the bot out.
    #[serde(rename = "kicked")]
    #[value(name = "kicked")]
    Kicked,
}

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How long the music stays away, and how far its position is off.
    Silence,
    /// The same, and how long it takes until the fault is noticed at all.
    Noticing,
    /// Whether the tries stay within bounds, and whether it comes back when it can.
    Storm,
    /// Whether it stays where it was sent: out.
    StayingOut,
}

/// What Refrain wants to be able to say.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// In words.
    pub words: &'static str,
    /// The most silence, in milliseconds; in a row of [`Kind::Noticing`] the longest time until it is noticed; in one of
    /// [`Kind::Storm`] the most tries in the minute.
    pub most: f64,
    /// Only the native driver can reach it: songbird does not watch its heartbeats.
    pub native: bool,
}

impl Row {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::InvalidStrict,
        Self::InvalidLenient,
        Self::InvalidAlways,
        Self::Disconnected,
        Self::Crashed,
        Self::CrashedRefused,
        Self::CrashedVoid,
        Self::GoingAway,
        Self::Reset,
        Self::Fin,
        Self::TlsClose,
        Self::DeadSocket,
        Self::DeadServer,
        Self::ServerUpdate,
        Self::NullEndpoint,
        Self::Moved,
        Self::Kicked,
    ];

    /// What it is called on the command line and in the files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidStrict => "4006-strict",
            Self::InvalidLenient => "4006-lenient",
            Self::InvalidAlways => "4006-always",
            Self::Disconnected => "4014",
            Self::Crashed => "4015",
            Self::CrashedRefused => "4015-refused",
            Self::CrashedVoid => "4015-void",
            Self::GoingAway => "1001",
            Self::Reset => "reset",
            Self::Fin => "fin",
            Self::TlsClose => "tls-close",
            Self::DeadSocket => "dead-socket",
            Self::DeadServer => "dead-server",
            Self::ServerUpdate => "server-update",
            Self::NullEndpoint => "null-endpoint",
            Self::Moved => "moved",
            Self::Kicked => "kicked",
        }
    }

    /// What people call it: in short, and what more there is to say.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidStrict => ("4006", "op 4 for the same channel unanswered"),
            Self::InvalidLenient => ("4006", "op 4 for the same channel answered"),
            Self::InvalidAlways => ("4006 on every Identify", "for 60 s"),
            Self::Disconnected => ("4014", "the bot still in its channel"),
            Self::Crashed => ("4015", "resume accepted"),
            Self::CrashedRefused => ("4015", "resume refused"),
            Self::CrashedVoid => ("4015", "sessions and tokens lost"),
            Self::GoingAway => ("1001", "going away"),
            Self::Reset => ("TCP reset", "of the voice socket"),
            Self::Fin => ("TCP FIN", "of the voice socket"),
            Self::TlsClose => ("TLS close", "of the voice socket"),
            Self::DeadSocket => ("Voice socket dead", "and nobody says so"),
            Self::DeadServer => ("Voice server dark", "for 30 s: socket, media, connects"),
            Self::ServerUpdate => ("Server update", "with a new token"),
            Self::NullEndpoint => ("Null endpoint", "a real one 2 s later"),
            Self::Moved => ("Moved", "by a moderator"),
            Self::Kicked => ("Kicked", "by a moderator"),
        }
    }

    /// The same as one.
    #[must_use]
    pub fn title(self) -> String {
        let (short, more) = self.words();
        format!("{short}, {more}")
    }

    /// What it compares.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::InvalidAlways => Kind::Storm,
            Self::DeadSocket | Self::DeadServer => Kind::Noticing,
            Self::Kicked => Kind::StayingOut,
            Self::InvalidStrict
            | Self::InvalidLenient
            | Self::Disconnected
            | Self::Crashed
            | Self::CrashedRefused
            | Self::CrashedVoid
            | Self::GoingAway
            | Self::Reset
            | Self::Fin
            | Self::TlsClose
            | Self::ServerUpdate
            | Self::NullEndpoint
            | Self::Moved => Kind::Silence,
        }
    }

    /// The goal. A listener's shortest silence is 40 ms: less is "none".
    #[must_use]
    pub fn goal(self) -> Goal {
        let within = |words, most| Goal { words, most, native: false };
        let native = |words, most| Goal { words, most, native: true };
        match self {
            Self::InvalidStrict => within("under 200 ms", 200.0),
            Self::InvalidLenient => within("under 80 ms", 80.0),
            Self::InvalidAlways => within("bounded, and back", 30.0),
            Self::Disconnected => within("back once the evidence is in", 12_000.0),
            Self::Crashed | Self::GoingAway | Self::Reset | Self::Fin | Self::TlsClose | Self::ServerUpdate => {
                within("none", 40.0)
            }
            Self::CrashedRefused => within("under 80 ms", 80.0),
            Self::CrashedVoid => within("under 300 ms", 300.0),
            Self::DeadSocket | Self::DeadServer => native("noticed within 10 s", 10_000.0),
            Self::NullEndpoint => within("under 60 ms", 60.0),
            Self::Moved => within("under 40 ms", 40.0),
            Self::Kicked => within("stays out", 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn a_row_is_called_the_same_on_the_command_line_and_in_the_files() {
        for row in Row::ALL {
            assert_eq!(Row::from_str(row.name(), false), Ok(row));
            assert_eq!(serde_json::to_value(row).unwrap(), row.name());
        }
    }
}
