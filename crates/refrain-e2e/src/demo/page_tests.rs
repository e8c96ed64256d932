use super::*;
use crate::{
    demo::report::Event,
    measure::Audio,
    track::{Tune, compose},
};

/// A run with a gap of 900 ms, drawn.
fn drawn() -> String {
    let source = compose(Tune { seed: 4006, seconds: 20 });
    let frames = source.frames();
    let quiet = |ms: usize| vec![[0.0_f32; 2]; ms * 48];
    let heard =
        [&quiet(700), &frames[..8_000 * 48], &quiet(900), &frames[8_000 * 48..18_000 * 48], &quiet(300)].concat();
    let comparison = Comparison::new(&Audio::from_frames(heard), &source);
    let mut report = Report {
        source: "<First & \"Light\">".to_owned(),
        first_audio_ms: Some(812),
        audio_match: 0.987,
        play_ms: Some(-112),
        stop_ms: Some(19_600),
        timeline: vec![Event { at_ms: 8_812, event: "the voice server closes the connection with 4006".to_owned() }],
        ..Report::failed(String::new())
    };
    report.judge(&comparison, "close", Some(4006), 8_695.0, 19_600.0);
    page(&report, &comparison)
}

#[test]
fn the_page_shows_the_run_and_needs_nothing_else() {
    let page = drawn();
    for wanted in ["The music came back", "close 4006", "ms of silence", "98.7 %", "812 ms", "class=\"gap\"", "8.81 s"]
    {
        assert!(page.contains(wanted), "{wanted} is missing");
    }
    for unwanted in ["<script", "http://", "https://", "src=", "<link", "@import", "NaN", "inf"] {
        assert!(!page.contains(unwanted), "{unwanted} is on the page");
    }
    if let Some(path) = std::env::var_os("REFRAIN_SHOW_PAGE") {
        std::fs::write(path, page).unwrap();
    }
}

#[test]
fn names_are_written_not_run() {
    assert!(drawn().contains("&lt;First &amp; &quot;Light&quot;&gt;"));
}

#[test]
fn a_run_without_music_is_drawn_as_well() {
    let comparison = Comparison::new(&Audio::default(), &Audio::default());
    let page = page(&Report::failed("Nothing.".to_owned()), &comparison);
    assert!(page.contains("Nothing.") && !page.contains("NaN"));
}
