//! The small part of a record: all but the tracks, their order, the playhead and the timeline.

use refrain_model::{
    AskedMessage, ChannelId, GuildRecord, GuildSettings, LoopMode, MessagePlace, QueueSnapshot, VoiceRecord,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The row of `guild/1`, as JSON. A field may be added, with a default; none changes its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Small {
    voice_channel: Option<ChannelId>,
    text_channel: Option<ChannelId>,
    paused: bool,
    halted: bool,
    volume: Option<u16>,
    settings: Option<Tolerant<GuildSettings>>,
    panel: Option<MessagePlace>,
    incident_message: Option<MessagePlace>,
    incident_asked: Option<AskedMessage>,
    voice: Tolerant<VoiceRecord>,
    looping: LoopMode,
    next_id: u64,
}

impl Default for Small {
    fn default() -> Self {
        Self::of(&GuildRecord::default())
    }
}

impl Small {
    pub(crate) fn of(record: &GuildRecord) -> Self {
        Self {
            voice_channel: record.voice_channel,
            text_channel: record.text_channel,
            paused: record.paused,
            halted: record.halted,
            volume: record.volume,
            settings: record.settings.map(Tolerant),
            panel: record.panel,
            incident_message: record.incident_message,
            incident_asked: record.incident_asked,
            voice: Tolerant(record.voice.clone()),
            looping: record.queue.looping,
            next_id: record.queue.next_id,
        }
    }

    /// A record of this, with no tracks yet.
    pub(crate) fn into_record(self) -> GuildRecord {
        GuildRecord {
            voice_channel: self.voice_channel,
            text_channel: self.text_channel,
            queue: QueueSnapshot { looping: self.looping, next_id: self.next_id, ..QueueSnapshot::default() },
            paused: self.paused,
            halted: self.halted,
            volume: self.volume,
            settings: self.settings.map(|settings| settings.0),
            panel: self.panel,
            incident_message: self.incident_message,
            incident_asked: self.incident_asked,
            voice: self.voice.0,
            ..GuildRecord::default()
        }
    }
}

/// A value that is read field by field where it cannot be read as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Tolerant<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Tolerant<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        tolerantly(value).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Reads what another version wrote: unknown fields are ignored, and so is a field whose value this version does not
/// know (a new kind of loop, say), which then has its default. For types with `#[serde(default)]`.
pub(crate) fn tolerantly<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    let Value::Object(fields) = value else {
        return Err(serde::de::Error::custom("not a JSON object"));
    };
    if let Ok(whole) = serde_json::from_value(Value::Object(fields.clone())) {
        return Ok(whole);
    }
    let alone = |name: &String, value: &Value| {
        let field = serde_json::Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<T>(Value::Object(field)).is_ok()
    };
    let known = fields.into_iter().filter(|(name, value)| alone(name, value)).collect();
    serde_json::from_value(Value::Object(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_model::AutoRejoin;
    use serde_json::json;

    #[test]
    fn what_a_newer_build_added_is_ignored_and_what_an_older_one_lacked_has_its_default() {
        let newer = json!({
            "volume": 70, "karaoke": true, "looping": "backwards",
            "settings": {"playlist_limit": 7, "auto_rejoin": "on-sundays", "default_volume": 80},
        });
        let small: Small = tolerantly(newer).unwrap();
        let record = small.into_record();
        assert_eq!(record.volume, Some(70));
        assert_eq!(record.queue.looping, LoopMode::Off);
        let settings = record.settings.unwrap();
        assert_eq!((settings.playlist_limit, settings.default_volume, settings.auto_rejoin), (7, 80, None));
        assert_eq!(record.queue.next_id, 1);
    }

    #[test]
    fn a_record_comes_back_as_it_went() {
        let record = GuildRecord {
            volume: Some(3),
            paused: true,
            settings: Some(GuildSettings { auto_rejoin: Some(AutoRejoin::AlsoAfterKick), ..GuildSettings::default() }),
            voice: VoiceRecord { attempts: 4, ..VoiceRecord::default() },
            ..GuildRecord::default()
        };
        let json = serde_json::to_value(Small::of(&record)).unwrap();
        assert_eq!(tolerantly::<Small>(json).unwrap().into_record(), record);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(tolerantly::<Small>(json!([1, 2])).is_err());
    }
}
