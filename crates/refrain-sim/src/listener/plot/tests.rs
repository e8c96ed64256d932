//! The picture: whole, safe, and with everything in it.

use super::*;
use crate::timecode::{Analyser, Track};

fn heard() -> Analysis {
    let mono = Track::new(7, 20.0).unwrap().samples();
    let part = |from: usize, to: usize| mono[from * 48..to * 48].iter().flat_map(|one| [*one; 2]).collect::<Vec<f32>>();
    let mut analyser = Analyser::new(5000.0);
    for piece in [vec![0.0; 48_000], part(0, 3000), vec![0.0; 96_000], part(4000, 6000), part(2000, 5000)] {
        analyser.push(&piece);
    }
    analyser.finish()
}

fn mark(at_ms: f64, name: &str, kind: MarkKind) -> Mark {
    Mark { at_ms, name: name.to_owned(), kind }
}

#[test]
fn positions_silences_jumps_and_marks_are_in_the_picture() {
    let marks = vec![
        mark(5100.0, "session 1001", MarkKind::Good),
        mark(8500.0, "reset", MarkKind::Fault),
        mark(8501.0, "closed 1006", MarkKind::Close),
        mark(9_000_000.0, "far away", MarkKind::Fault),
    ];
    let svg = draw("Guild 1, bot 2", &heard(), marks, &[(9000.0, 50.0)]);
    for there in ["track 7", "class=\"silence\"", "closed 1006", "reset", "session 1001", "+1.00 s", "\u{2212}4.00 s"] {
        assert!(svg.contains(there), "{there}: {svg}");
    }
    assert!(svg.contains("class=\"stall\""));
    assert!(!svg.contains("far away"));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn a_name_cannot_break_the_picture() {
    let svg = draw("<&\">", &heard(), vec![mark(6000.0, "</text><script>", MarkKind::Fault)], &[]);
    assert!(!svg.contains("<script>"));
    assert!(svg.contains("&lt;&amp;&quot;&gt;"));
}

#[test]
fn nothing_heard_is_a_picture_too() {
    let svg = draw("Guild 1, bot 2", &Analyser::new(0.0).finish(), Vec::new(), &[]);
    assert!(svg.contains("no timecode was heard") && !svg.contains("NaN"), "{svg}");
}

#[test]
fn names_that_would_lie_upon_each_other_get_rows_of_their_own() {
    let time = Axis::new((0.0, 10_000.0), (LEFT, WIDTH - RIGHT));
    let marks = (0..40).map(|at| mark(5000.0 + f64::from(at), "closed 4006", MarkKind::Close)).collect();
    let (labels, lanes) = marks::labels(marks, &time);
    assert_eq!((labels.len(), lanes), (40, 7));
}
