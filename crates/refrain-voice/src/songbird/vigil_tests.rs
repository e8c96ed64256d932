//! A connection's reports and silences, second by second.

use super::*;

const SSRC: u32 = 7;

struct Scene {
    vigil: Vigil,
    start: Instant,
    highest: u32,
}

impl Scene {
    /// Connected at second 0, with frames flowing.
    fn playing() -> Self {
        let mut scene = Self { vigil: Vigil::new(Liveness::default()), start: Instant::now(), highest: 0 };
        scene.vigil.connected(SSRC, scene.start);
        scene.vigil.flowing(true, scene.start);
        scene
    }

    fn at(&self, seconds: f64) -> Instant {
        self.start + Duration::from_secs_f64(seconds)
    }

    /// A report that all packets until then have arrived.
    fn report(&mut self, seconds: f64) -> bool {
        self.highest = (seconds * 50.0) as u32;
        let report = Report { about: SSRC, highest: self.highest };
        self.vigil.reported(Some(report), self.at(seconds))
    }

    fn reports(mut self, seconds: &[f64]) -> Self {
        for &second in seconds {
            assert!(self.report(second), "the report at {second} s proves that frames arrive");
        }
        self
    }

    /// What is concluded, and when, as the embedder finds out: by waking up when it was told to.
    fn silence(&mut self) -> Vec<(f64, Silence)> {
        let mut found = Vec::new();
        while let Some(wake) = self.vigil.wake() {
            assert!(found.len() < 3, "{found:?}");
            let silence = self.vigil.due(wake).expect("it asked to be woken for something");
            found.push(((wake - self.start).as_secs_f64(), silence));
        }
        found
    }
}

#[test]
fn a_server_that_reports_and_then_does_not_is_suspected_and_then_taken_for_gone() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5, 12.5]);
    assert_eq!(scene.silence(), [(19.5, Silence::Suspicious), (24.5, Silence::Certain)]);
}

#[test]
fn where_no_report_ever_came_or_only_one_nothing_is_concluded() {
    assert_eq!(Scene::playing().silence(), []);
    assert_eq!(Scene::playing().reports(&[2.5]).silence(), []);
}

#[test]
fn while_frames_are_held_silence_is_as_it_should_be_and_silence_before_still_counts() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.flowing(false, scene.at(10.5));
    assert_eq!(scene.silence(), []);
    scene.vigil.flowing(true, scene.at(100.0));
    assert_eq!(scene.silence(), [(104.0, Silence::Suspicious), (109.0, Silence::Certain)]);
}

#[test]
fn pauses_within_a_dead_connection_put_its_end_off_by_no_more_than_they_last() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    for second in [9.0, 12.0, 15.0] {
        scene.vigil.flowing(false, scene.at(second));
        scene.vigil.flowing(true, scene.at(second + 1.0));
    }
    assert_eq!(scene.silence(), [(17.5, Silence::Suspicious), (22.5, Silence::Certain)]);
}

#[test]
fn a_report_during_a_pause_ends_the_silence_before_it() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.flowing(false, scene.at(11.5));
    let until_then = Report { about: SSRC, highest: 575 };
    assert!(!scene.vigil.reported(Some(until_then), scene.at(12.5)), "frames are held: no proof that they are heard");
    scene.vigil.flowing(true, scene.at(100.0));
    assert_eq!(scene.silence().first(), Some(&(107.0, Silence::Suspicious)));
}

#[test]
fn the_time_in_which_the_process_was_frozen_is_no_silence() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.frozen(Duration::from_secs(10), scene.at(19.5));
    assert!(!scene.vigil.is_overdue(scene.at(19.5)));
    assert_eq!(scene.silence(), [(24.5, Silence::Suspicious), (29.5, Silence::Certain)]);
}

#[test]
fn after_a_freeze_a_report_need_not_show_packets_of_that_time() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.frozen(Duration::from_secs(10), scene.at(19.5));
    let report = Report { about: SSRC, highest: scene.highest + 125 };
    assert!(scene.vigil.reported(Some(report), scene.at(20.0)));
}

#[test]
fn a_report_ends_the_suspicion() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    assert_eq!(scene.vigil.due(scene.at(15.0)), Some(Silence::Suspicious));
    assert!(scene.vigil.is_overdue(scene.at(15.0)));
    assert!(scene.report(15.1));
    assert!(!scene.vigil.is_overdue(scene.at(15.1)) && scene.vigil.is_fresh(scene.at(15.1)));
    assert_eq!(scene.vigil.due(scene.at(16.0)), None);
}

#[test]
fn a_report_that_says_that_no_new_packet_arrived_proves_nothing() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    let same = Report { about: SSRC, highest: scene.highest };
    assert!(!scene.vigil.reported(Some(same), scene.at(12.5)));
    assert_eq!(scene.silence().last(), Some(&(19.5, Silence::Certain)));
}

#[test]
fn a_report_that_says_that_packets_stopped_arriving_meanwhile_proves_nothing() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    let partly = Report { about: SSRC, highest: scene.highest + 100 };
    assert!(!scene.vigil.reported(Some(partly), scene.at(12.5)), "of 250 packets 100 arrived");
    assert!(scene.report(17.5), "all arrive again");
}

#[test]
fn after_a_pause_the_first_report_need_not_show_packets_of_that_time_but_of_the_time_before_it() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.flowing(false, scene.at(7.6));
    scene.vigil.flowing(true, scene.at(60.0));
    let same = Report { about: SSRC, highest: scene.highest + 5 };
    assert!(scene.vigil.reported(Some(same), scene.at(60.1)));

    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.flowing(false, scene.at(11.0));
    scene.vigil.flowing(true, scene.at(60.0));
    let lost = Report { about: SSRC, highest: scene.highest + 5 };
    assert!(!scene.vigil.reported(Some(lost), scene.at(60.1)), "175 packets before the pause have not arrived");
}

#[test]
fn a_report_that_cannot_be_read_still_proves_that_somebody_is_there() {
    let mut scene = Scene::playing();
    assert!(scene.vigil.reported(None, scene.at(2.5)));
    assert!(scene.vigil.reported(Some(Report { about: 99, highest: 1 }), scene.at(7.5)));
    assert!(scene.vigil.reported(None, scene.at(12.5)));
}

#[test]
fn a_report_while_frames_are_held_is_no_proof_that_they_are_heard() {
    let mut scene = Scene::playing().reports(&[2.5]);
    scene.vigil.flowing(false, scene.at(3.0));
    assert!(!scene.report(7.5));
}

#[test]
fn a_server_that_reports_seldom_is_given_more_time() {
    let mut scene = Scene::playing().reports(&[10.0, 20.0, 30.0]);
    assert_eq!(scene.silence(), [(44.0, Silence::Suspicious), (54.0, Silence::Certain)]);
}

#[test]
fn a_resumed_session_keeps_its_account_and_a_new_one_starts_its_own() {
    let mut scene = Scene::playing().reports(&[2.5, 7.5]);
    scene.vigil.connected(SSRC, scene.at(8.0));
    assert!(scene.vigil.wake().is_some(), "resumed");
    scene.vigil.connected(SSRC + 1, scene.at(9.0));
    assert_eq!(scene.vigil.wake(), None, "a new one has brought no report yet");
}
