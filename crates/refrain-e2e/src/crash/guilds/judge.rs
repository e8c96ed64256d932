//! What became of one guild: a pure function of what was heard and of what the media server was asked for.

use crate::media::Request;
use serde::Serialize;

/// How far from where it was last heard the song may go on, in milliseconds.
const MOST_OFF_MS: f64 = 1_500.0;
/// Bytes of a WAV file before its samples, as the simulator writes it.
const HEADER: f64 = 44.0;

/// What is known of a guild. Times are milliseconds on the simulator's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The file that played, and the one behind it in the queue.
    pub(super) song: String,
    pub(super) next: String,
    /// How much of the song had been heard when the bot was killed.
    pub(super) heard_ms: f64,
    /// When the bot was started again.
    pub(super) started_ms: f64,
    /// When the music was heard again; none where it was not.
    pub(super) sound_ms: Option<f64>,
    /// How much further on in the song the first sound is than the last before the kill, where sound is decoded.
    pub(super) jump_ms: Option<f64>,
    /// Whether another song than its own was heard, where sound is decoded.
    pub(super) other_song: bool,
    /// What the media server was asked for since the restart, of this guild's songs.
    pub(super) requests: Vec<Request>,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// From the start of the bot to the first sound.
    pub sound_after_ms: Option<f64>,
    /// How far off the place is that was asked of the media server: later is positive.
    pub asked_off_ms: Option<f64>,
    /// The same of what was heard.
    pub heard_off_ms: Option<f64>,
    /// What is wrong, in words.
    pub complaints: Vec<String>,
}

/// Compares what was before the kill with what came after it. A second of a song is so many bytes.
pub(super) fn judge(known: &Known, bytes_a_second: f64) -> Outcome {
    let mut complaints = Vec::new();
    let asked = |file: &str| known.requests.iter().filter(|one| one.path.trim_start_matches('/') == file).count();
    let sound_after_ms = known.sound_ms.map(|sound_ms| sound_ms - known.started_ms);
    if sound_after_ms.is_none() {
        complaints.push(String::from("its song did not come back"));
    }
    if asked(&known.next) > 0 || known.other_song {
        complaints.push(String::from("its song was passed over"));
    } else if sound_after_ms.is_some() && asked(&known.song) == 0 {
        complaints.push(String::from("something is heard, and its song was never asked for"));
    }
    let starts = known.requests.iter().filter(|one| one.path.trim_start_matches('/') == known.song);
    let furthest = starts
        .filter_map(|one| range_start(one.range.as_deref()?))
        .fold(None, |most: Option<f64>, start| Some(most.map_or(start, |most| most.max(start))));
    let asked_off_ms = furthest
        .filter(|start| *start > HEADER)
        .map(|start| (start - HEADER) / bytes_a_second * 1_000.0 - known.heard_ms);
    for (what, off_ms) in [("asked for", asked_off_ms), ("heard", known.jump_ms)] {
        if let Some(off_ms) = off_ms.filter(|off_ms| off_ms.abs() > MOST_OFF_MS) {
            complaints.push(format!("its song goes on {:.1} s off, by what was {what}", off_ms / 1_000.0));
        }
    }
    if sound_after_ms.is_some() && asked_off_ms.is_none() && known.jump_ms.is_none() {
        complaints.push(String::from("its song began anew"));
    }
    Outcome { sound_after_ms, asked_off_ms, heard_off_ms: known.jump_ms, complaints }
}

/// The first byte of `bytes=A-` or `bytes=A-B`.
fn range_start(range: &str) -> Option<f64> {
    range.strip_prefix("bytes=")?.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 32_000.0;

    fn request(path: &str, range: Option<&str>) -> Request {
        Request {
            method: String::from("GET"),
            path: path.to_owned(),
            range: range.map(str::to_owned),
            at: std::time::Duration::ZERO,
            status: None,
        }
    }

    fn known(requests: Vec<Request>) -> Known {
        Known {
            song: String::from("1-a.wav"),
            next: String::from("1-b.wav"),
            heard_ms: 60_000.0,
            started_ms: 100_000.0,
            sound_ms: Some(104_000.0),
            requests,
            ..Known::default()
        }
    }

    #[test]
    fn a_song_that_goes_on_where_it_was_is_as_it_should_be() {
        let good = known(vec![request("/1-a.wav", Some("bytes=0-")), request("/1-a.wav", Some("bytes=1904044-"))]);
        let outcome = judge(&good, RATE);
        assert_eq!(outcome.complaints, Vec::<String>::new());
        assert_eq!((outcome.sound_after_ms, outcome.asked_off_ms), (Some(4_000.0), Some(-500.0)));
    }

    #[test]
    fn each_way_to_lose_a_song_is_told() {
        let words = |known: &Known| judge(known, RATE).complaints.join("; ");
        let whole = request("/1-a.wav", Some("bytes=0-"));
        assert_eq!(words(&known(vec![whole.clone()])), "its song began anew");
        let lost = Known { sound_ms: None, ..known(Vec::new()) };
        assert_eq!(words(&lost), "its song did not come back");
        let skipped = known(vec![whole.clone(), request("/1-b.wav", None)]);
        assert!(words(&skipped).starts_with("its song was passed over"));
        let far = known(vec![whole, request("/1-a.wav", Some("bytes=3200044-"))]);
        assert_eq!(words(&far), "its song goes on 40.0 s off, by what was asked for");
        let heard = Known { jump_ms: Some(-4_000.0), ..known(vec![request("/1-a.wav", Some("bytes=1904044-"))]) };
        assert_eq!(words(&heard), "its song goes on -4.0 s off, by what was heard");
    }
}
