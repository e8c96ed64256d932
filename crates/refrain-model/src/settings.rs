//! What a guild sets for itself.

use core::time::Duration;
use serde::{Deserialize, Serialize};

/// When a bot that is out of its channel comes back by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoRejoin {
    /// Never: a session that cannot be resumed is the end, until somebody asks.
    Off,
    /// After faults, but not after a moderator disconnected it.
    #[default]
    AfterFaults,
    /// Also after a moderator disconnected it, with the pauses of an attempt that failed.
    AlsoAfterKick,
}

/// What becomes of the message of an interruption that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenOver {
    /// It becomes one line; after a short interruption (under 10 s) it is deleted a little later.
    #[default]
    Tidy,
    /// It becomes one line and stays.
    Settle,
    /// It becomes one line and is deleted a little later.
    Delete,
}

/// What a restarted bot does with music that was playing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoResume {
    /// It goes on where people stopped hearing it.
    #[default]
    Resume,
    /// The bot comes back to the channel and waits, paused, for somebody to press Resume.
    Paused,
    /// The bot stays away; the queue is kept, and `/resume` brings it back.
    StayAway,
}

/// A guild's own settings. Numbers are within the bounds that [`GuildSettings::bounded`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuildSettings {
    /// When the bot comes back to its voice channel by itself; `None`: as the operator has it.
    pub auto_rejoin: Option<AutoRejoin>,
    /// What becomes of the message of an interruption that is over.
    pub when_over: WhenOver,
    /// What a restarted bot does; `None`: as the operator has it.
    pub auto_resume: Option<AutoResume>,
    /// The most tracks that one request may add (1 to 1000).
    pub playlist_limit: u16,
    /// Seconds after which the bot leaves when the queue has run out (0 to 86400); 0: never.
    pub wait_after_queue_empties: u32,
    /// Leave when nobody has listened for a minute. The queue is kept.
    pub leave_if_no_listeners: bool,
    /// Say it in a new message when the next song begins; otherwise the message that is there is edited.
    pub auto_announce_next_song: bool,
    /// The volume of a guild that has not changed it since the bot joined, in per cent (0 to 200).
    pub default_volume: u16,
    /// Play more quietly while somebody speaks.
    pub reduce_vol_when_voice: bool,
    /// The volume meanwhile, in per cent (0 to 100).
    pub reduce_vol_when_voice_target: u16,
    /// Tracks on a page of the queue (1 to 30).
    pub default_queue_page_size: u16,
}

impl Default for GuildSettings {
    fn default() -> Self {
        Self {
            auto_rejoin: None,
            when_over: WhenOver::default(),
            auto_resume: None,
            playlist_limit: 50,
            wait_after_queue_empties: 300,
            leave_if_no_listeners: true,
            auto_announce_next_song: false,
            default_volume: 100,
            reduce_vol_when_voice: false,
            reduce_vol_when_voice_target: 20,
            default_queue_page_size: 10,
        }
    }
}

/// One setting, as somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettingChange {
    /// [`GuildSettings::auto_rejoin`].
    AutoRejoin(AutoRejoin),
    /// [`GuildSettings::when_over`].
    WhenOver(WhenOver),
    /// [`GuildSettings::auto_resume`].
    AutoResume(AutoResume),
    /// [`GuildSettings::playlist_limit`].
    PlaylistLimit(u16),
    /// [`GuildSettings::wait_after_queue_empties`], in seconds.
    WaitAfterQueueEmpties(u32),
    /// [`GuildSettings::leave_if_no_listeners`].
    LeaveIfNoListeners(bool),
    /// [`GuildSettings::auto_announce_next_song`].
    AutoAnnounceNextSong(bool),
    /// [`GuildSettings::default_volume`], in per cent.
    DefaultVolume(u16),
    /// [`GuildSettings::reduce_vol_when_voice`].
    ReduceVolWhenVoice(bool),
    /// [`GuildSettings::reduce_vol_when_voice_target`], in per cent.
    ReduceVolWhenVoiceTarget(u16),
    /// [`GuildSettings::default_queue_page_size`].
    DefaultQueuePageSize(u16),
}

/// The loudest that anybody can ask for, in per cent.
pub const MAX_VOLUME: u16 = 200;

impl GuildSettings {
    /// These settings with one of them changed; a number out of its bounds becomes the nearest one within.
    #[must_use]
    pub fn with(self, change: SettingChange) -> Self {
        let changed = match change {
            SettingChange::AutoRejoin(auto_rejoin) => Self { auto_rejoin: Some(auto_rejoin), ..self },
            SettingChange::WhenOver(when_over) => Self { when_over, ..self },
            SettingChange::AutoResume(auto_resume) => Self { auto_resume: Some(auto_resume), ..self },
            SettingChange::PlaylistLimit(playlist_limit) => Self { playlist_limit, ..self },
            SettingChange::WaitAfterQueueEmpties(wait_after_queue_empties) => Self { wait_after_queue_empties, ..self },
            SettingChange::LeaveIfNoListeners(leave_if_no_listeners) => Self { leave_if_no_listeners, ..self },
            SettingChange::AutoAnnounceNextSong(auto_announce_next_song) => Self { auto_announce_next_song, ..self },
            SettingChange::DefaultVolume(default_volume) => Self { default_volume, ..self },
            SettingChange::ReduceVolWhenVoice(reduce_vol_when_voice) => Self { reduce_vol_when_voice, ..self },
            SettingChange::ReduceVolWhenVoiceTarget(reduce_vol_when_voice_target) => {
                Self { reduce_vol_when_voice_target, ..self }
            }
            SettingChange::DefaultQueuePageSize(default_queue_page_size) => Self { default_queue_page_size, ..self },
        };
        changed.bounded()
    }

    /// The same, with every number within its bounds: what comes from a file or another program need not be.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            playlist_limit: self.playlist_limit.clamp(1, 1000),
            wait_after_queue_empties: self.wait_after_queue_empties.min(86_400),
            default_volume: self.default_volume.min(MAX_VOLUME),
            reduce_vol_when_voice_target: self.reduce_vol_when_voice_target.min(100),
            default_queue_page_size: self.default_queue_page_size.clamp(1, 30),
            ..self
        }
    }

    /// How long the bot waits in its channel once the queue has run out; `None`: for ever.
    #[must_use]
    pub const fn leaves_after(&self) -> Option<Duration> {
        match self.wait_after_queue_empties {
            0 => None,
            seconds => Some(Duration::from_secs(seconds as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_changes_one_setting_and_numbers_stay_in_their_bounds() {
        let settings = GuildSettings::default();
        assert_eq!(settings.with(SettingChange::PlaylistLimit(0)).playlist_limit, 1);
        assert_eq!(settings.with(SettingChange::DefaultVolume(9_999)).default_volume, MAX_VOLUME);
        assert_eq!(settings.with(SettingChange::DefaultQueuePageSize(99)).default_queue_page_size, 30);
        let changed = settings.with(SettingChange::LeaveIfNoListeners(false));
        assert_eq!(changed, GuildSettings { leave_if_no_listeners: false, ..settings });
    }

    #[test]
    fn zero_seconds_means_for_ever() {
        let settings = GuildSettings::default();
        assert_eq!(settings.with(SettingChange::WaitAfterQueueEmpties(0)).leaves_after(), None);
        let ten = settings.with(SettingChange::WaitAfterQueueEmpties(10));
        assert_eq!(ten.leaves_after(), Some(Duration::from_secs(10)));
    }
}
