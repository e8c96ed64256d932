//! What a listener's report says about music and silence.

use serde_json::{Value, json};

use super::{run::Unmet, step::ExpectTrack};

/// Music that is expected.
pub(super) struct Music {
    pub(super) since_ms: f64,
    /// So much of it up to now, without a gap.
    pub(super) for_ms: f64,
    /// What is no gap yet.
    pub(super) gap_ms: f64,
    pub(super) silence_at_most_ms: Option<f64>,
}

/// A silence: start, end, and whether it still goes on.
fn silences(report: &Value, until_ms: f64) -> impl Iterator<Item = (f64, f64, bool)> + '_ {
    report["silences"].as_array().into_iter().flatten().map(move |silence| {
        let start = silence["start_ms"].as_f64().unwrap_or(0.0);
        let is_open = silence["open"] == json!(true);
        let end = if is_open { until_ms } else { start + silence["length_ms"].as_f64().unwrap_or(0.0) };
        (start, end, is_open)
    })
}

/// Whether the music is as expected.
pub(super) fn music(report: &Value, wish: &Music) -> Result<Value, Unmet> {
    let Some(first) = report["first_frame_ms"].as_f64() else {
        return Err(Unmet::Yet("no music was heard yet".into()));
    };
    let until = report["heard_until_ms"].as_f64().unwrap_or(first);
    let since = wish.since_ms.max(first);
    let (mut from, mut longest) = (since, 0.0_f64);
    for (start, end, _) in silences(report, until).filter(|(_, end, _)| *end > since) {
        let length = end - start.max(since);
        longest = longest.max(length);
        if length > wish.gap_ms {
            from = from.max(end);
        }
    }
    if let Some(most) = wish.silence_at_most_ms.filter(|most| longest > *most) {
        return Err(Unmet::Never(format!("it was silent for {longest:.0} ms, more than {most:.0} ms")));
    }
    let heard = (until - from).max(0.0);
    if heard < wish.for_ms {
        return Err(Unmet::Yet(format!(
            "there has been music for {heard:.0} ms without a gap, {:.0} ms are expected (longest silence {longest:.0} ms)",
            wish.for_ms
        )));
    }
    Ok(json!({ "music_since_ms": from, "music_ms": heard, "longest_silence_ms": longest }))
}

/// How long nothing has been heard, up to now.
pub(super) fn quiet_ms(report: &Value, start_ms: f64, now_ms: f64) -> f64 {
    if report["first_frame_ms"].is_null() {
        return now_ms - start_ms;
    }
    let until = report["heard_until_ms"].as_f64().unwrap_or(now_ms);
    let open = silences(report, until).find(|(_, _, is_open)| *is_open);
    open.map_or(0.0, |(start, end, _)| end - start)
}

/// Whether a timecode track was heard as it should be.
pub(super) fn track(told: &Value, wish: &ExpectTrack) -> Result<Value, Unmet> {
    let all = |name: &str| told[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_track = |one: &&Value| one["track"].as_u64() == Some(wish.track);
    let number = |one: &Value, name: &str| one[name].as_f64().unwrap_or(0.0);
    for (name, most) in [("repeats", wish.repeat_at_most_ms), ("skips", wish.skip_at_most_ms)] {
        let Some(most) = most else { continue };
        if let Some(jump) = all(name).iter().filter(of_track).find(|jump| number(jump, "by_ms") > most as f64) {
            return Err(Unmet::Never(format!("among the {name} is {jump}, more than {most} ms")));
        }
    }
    let heard: f64 = all("segments").iter().filter(of_track).map(|one| number(one, "length_ms")).sum();
    if heard < wish.heard_ms as f64 {
        let tracks: Vec<&Value> = all("order").iter().map(|one| &one["track"]).collect();
        let words = format!("{heard:.0} ms of track {} were heard, {} are expected", wish.track, wish.heard_ms);
        return Err(Unmet::Yet(format!("{words} (tracks heard: {})", json!(tracks))));
    }
    Ok(json!({ "heard_ms": heard, "repeats": told["repeats"], "skips": told["skips"] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(since_ms: f64, for_ms: f64, silence_at_most_ms: Option<f64>) -> Music {
        Music { since_ms, for_ms, gap_ms: 100.0, silence_at_most_ms }
    }

    fn report(until: f64, silences: Value) -> Value {
        json!({ "first_frame_ms": 1_000.0, "heard_until_ms": until, "silences": silences })
    }

    #[test]
    fn music_is_counted_from_the_last_gap() {
        let gaps = json!([{ "start_ms": 2_000.0, "length_ms": 500.0 }, { "start_ms": 3_000.0, "length_ms": 60.0 }]);
        let found = music(&report(5_000.0, gaps.clone()), &wish(0.0, 2_500.0, Some(500.0))).ok().unwrap();
        assert_eq!(found["music_ms"], 2_500.0);
        assert_eq!(found["longest_silence_ms"], 500.0);
        assert!(matches!(music(&report(5_000.0, gaps.clone()), &wish(0.0, 2_501.0, None)), Err(Unmet::Yet(_))));
        assert!(matches!(music(&report(5_000.0, gaps), &wish(0.0, 1.0, Some(499.0))), Err(Unmet::Never(_))));
    }

    #[test]
    fn silences_before_the_moment_do_not_count_and_an_open_one_grows() {
        let early = json!([{ "start_ms": 1_500.0, "length_ms": 900.0 }]);
        assert!(music(&report(4_000.0, early), &wish(2_400.0, 1_000.0, Some(0.0))).is_ok());
        let open = json!([{ "start_ms": 2_000.0, "length_ms": 100.0, "open": true }]);
        assert!(matches!(music(&report(4_000.0, open.clone()), &wish(0.0, 10.0, Some(1_999.0))), Err(Unmet::Never(_))));
        assert_eq!(quiet_ms(&report(4_000.0, open), 0.0, 4_100.0), 2_000.0);
    }

    #[test]
    fn before_the_first_music_it_is_quiet_since_one_began_to_look() {
        assert_eq!(quiet_ms(&json!({ "first_frame_ms": null }), 500.0, 800.0), 300.0);
        assert_eq!(quiet_ms(&report(4_000.0, json!([])), 0.0, 4_000.0), 0.0);
        assert!(matches!(music(&json!({}), &wish(0.0, 1.0, None)), Err(Unmet::Yet(_))));
    }

    #[test]
    fn a_track_is_judged_by_what_was_heard_of_it_repeated_and_left_out() {
        let told = json!({
            "segments": [{ "track": 7, "length_ms": 900.0 }, { "track": 7, "length_ms": 400.0 }, { "track": 8, "length_ms": 5_000.0 }],
            "skips": [{ "track": 7, "by_ms": 300.0 }], "repeats": [{ "track": 7, "by_ms": 40.0 }],
            "order": [{ "track": 7 }, { "track": 8 }],
        });
        let wish = |fields: Value| serde_json::from_value::<ExpectTrack>(fields).unwrap();
        assert!(track(&told, &wish(json!({ "track": 7, "heard_ms": 1_300, "skip_at_most_ms": 300 }))).is_ok());
        assert!(matches!(track(&told, &wish(json!({ "track": 7, "heard_ms": 1_301 }))), Err(Unmet::Yet(_))));
        for strict in ["skip_at_most_ms", "repeat_at_most_ms"] {
            let wish = wish(json!({ "track": 7, "heard_ms": 1, strict: 39 }));
            assert!(matches!(track(&told, &wish), Err(Unmet::Never(_))), "{strict}");
        }
    }
}
