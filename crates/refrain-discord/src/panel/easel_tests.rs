//! One panel a guild, whatever Discord does.

use super::easel::{Easel, Job, Request};
use crate::outbox::{After, Line as _, Outcome, Report};
use refrain::{LoopMode, Panel, PanelFace, PanelFailure};
use refrain_model::{ChannelId, MessageId, MessagePlace, Track, TrackId, TrackInfo, UserId};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use twilight_model::id::Id;

const TEXT: ChannelId = ChannelId::new(2);

const fn place(message: u64) -> MessagePlace {
    MessagePlace { channel: TEXT, message: MessageId::new(message) }
}

fn face(track: u64) -> PanelFace {
    let info = TrackInfo {
        title: "A song".into(),
        page_url: "https://example.org".into(),
        uploader: None,
        thumbnail: None,
        duration: None,
        live: false,
    };
    let track = Track { id: TrackId(track), info, requested_by: UserId::new(7), requested_in: TEXT };
    PanelFace::Track { track: Arc::new(track), paused: false, looping: LoopMode::Off, news: None, waits: None }
}

/// An easel and the time.
struct Studio {
    easel: Easel,
    now: Instant,
}

impl Studio {
    fn new() -> Self {
        Self { easel: Easel::default(), now: Instant::now() }
    }

    /// As the actor asks for an edit of the panel, or for a new one in `channel`.
    fn push(&mut self, place: Option<MessagePlace>, channel: Option<ChannelId>, face: PanelFace) {
        self.easel.push(Panel { place, channel, replaces: None, face });
    }

    fn job(&mut self) -> Option<Job> {
        self.easel.next(self.now)
    }

    fn next(&mut self) -> Option<Request> {
        self.job().map(|job| job.request)
    }

    fn done(&mut self, outcome: Outcome) -> After {
        self.easel.done(outcome, self.now)
    }

    /// Everything that is to be done is done, and well.
    fn settle(&mut self) -> Vec<Request> {
        let mut all = Vec::new();
        while let Some(request) = self.next() {
            let outcome =
                if let Request::Create { serial, .. } = &request { created(1000 + serial) } else { Outcome::Done };
            self.done(outcome);
            all.push(request);
        }
        all
    }
}

fn created(message: u64) -> Outcome {
    Outcome::Created { message: Id::new(message), as_asked: true }
}

fn failed() -> Outcome {
    Outcome::Failed { reason: "HTTP 502".into() }
}

fn refused() -> Outcome {
    Outcome::Refused { reason: "HTTP 403".into() }
}

fn report(place: Option<MessagePlace>) -> After {
    After { complaint: None, report: Some(Report::Panel(place)) }
}

#[test]
fn a_panel_is_made_once_and_edited_from_then_on() {
    let mut studio = Studio::new();
    studio.push(None, Some(TEXT), face(1));
    let made = studio.next();
    assert_eq!(made, Some(Request::Create { channel: TEXT, serial: 1, face: face(1) }));
    // The actor does not know of it yet, and wants it to show something else.
    studio.push(None, Some(TEXT), face(2));
    assert_eq!(studio.next(), None, "one request at a time");
    assert_eq!(studio.done(created(50)), report(Some(place(50))));
    assert_eq!(studio.settle(), [Request::Edit { place: place(50), face: face(2) }]);
    studio.push(None, Some(TEXT), face(3));
    assert_eq!(studio.settle(), [Request::Edit { place: place(50), face: face(3) }]);
    studio.push(Some(place(50)), None, PanelFace::Over);
    assert_eq!(studio.settle(), [Request::Edit { place: place(50), face: PanelFace::Over }]);
}

#[test]
fn while_discord_is_slow_only_the_latest_face_waits() {
    let mut studio = Studio::new();
    studio.push(Some(place(50)), None, face(1));
    let first = studio.job().unwrap();
    (2..50).for_each(|track| studio.push(Some(place(50)), None, face(track)));
    assert!(first.stale.load(Ordering::Relaxed), "a request that has not been sent yet need not be");
    studio.done(Outcome::Superseded);
    assert_eq!(studio.settle(), [Request::Edit { place: place(50), face: face(49) }]);
}

#[test]
fn the_answer_to_a_command_takes_the_place_of_the_panel_before() {
    let mut studio = Studio::new();
    studio.push(Some(place(50)), Some(TEXT), face(1));
    studio.settle();
    studio.easel.adopt(place(60));
    assert_eq!(studio.settle(), [Request::Retire(place(50))]);
    // The actor does not know of it yet.
    studio.push(Some(place(50)), Some(TEXT), face(2));
    assert_eq!(studio.settle(), [Request::Edit { place: place(60), face: face(2) }]);
    studio.easel.adopt(place(60));
    assert_eq!(studio.settle(), [], "the same again is no other");
}

#[test]
fn an_adopted_message_that_is_out_of_date_is_corrected_unless_something_newer_was_asked_for() {
    let mut studio = Studio::new();
    studio.easel.adopt(place(60));
    studio.easel.correct(face(2));
    assert_eq!(studio.settle(), [Request::Edit { place: place(60), face: face(2) }]);
    studio.easel.adopt(place(70));
    studio.push(Some(place(70)), None, face(3));
    studio.easel.correct(face(2));
    assert_eq!(studio.settle().first(), Some(&Request::Edit { place: place(70), face: face(3) }));
}

#[test]
fn a_message_that_is_made_while_an_answer_becomes_the_panel_is_none() {
    let mut studio = Studio::new();
    studio.push(None, Some(TEXT), face(1));
    studio.next();
    studio.easel.adopt(place(60));
    assert_eq!(studio.done(created(50)), After::default());
    assert_eq!(studio.settle(), [Request::Retire(place(50))]);
}

#[test]
fn no_message_is_made_beside_an_answer_that_may_become_the_panel() {
    let mut studio = Studio::new();
    studio.easel.await_answer();
    studio.push(None, Some(TEXT), face(1));
    assert_eq!((studio.next(), studio.easel.wake_up()), (None, None));
    studio.easel.adopt(place(60));
    studio.easel.answered();
    assert_eq!(studio.settle(), [Request::Edit { place: place(60), face: face(1) }]);
    let mut studio = Studio::new();
    studio.easel.await_answer();
    studio.push(None, Some(TEXT), face(1));
    studio.easel.answered();
    assert_eq!(studio.settle(), [Request::Create { channel: TEXT, serial: 1, face: face(1) }], "it was only queued");
}

#[test]
fn a_new_message_for_the_next_song_takes_the_buttons_of_the_one_before() {
    let mut studio = Studio::new();
    studio.push(Some(place(50)), Some(TEXT), face(1));
    studio.settle();
    let panel = Panel { place: None, channel: Some(TEXT), replaces: Some(place(50)), face: face(2) };
    studio.easel.push(panel);
    let all = studio.settle();
    assert_eq!(all, [Request::Create { channel: TEXT, serial: 1, face: face(2) }, Request::Retire(place(50))]);
}

#[test]
fn a_panel_that_somebody_deleted_is_made_anew_where_that_is_wanted() {
    for gone in [Outcome::Gone, refused()] {
        let mut studio = Studio::new();
        studio.push(Some(place(50)), Some(TEXT), face(1));
        studio.next();
        assert_eq!(studio.done(gone.clone()), After::default());
        assert_eq!(studio.next(), Some(Request::Create { channel: TEXT, serial: 1, face: face(1) }));
        assert_eq!(studio.done(created(60)), report(Some(place(60))));
        studio.push(Some(place(60)), None, PanelFace::Over);
        studio.next();
        assert_eq!(studio.done(gone), report(None), "nobody needs a message that says that nothing plays");
        assert_eq!(studio.settle(), []);
    }
}

#[test]
fn where_none_can_be_made_it_gives_up_and_complains_once() {
    let mut studio = Studio::new();
    let mut complaints = Vec::new();
    for track in 1..4 {
        studio.push(None, Some(TEXT), face(track));
        assert!(studio.next().is_some());
        let After { complaint, report } = studio.done(refused());
        assert_eq!(report, Some(Report::PanelFailed(PanelFailure::Forbidden { channel: TEXT })));
        complaints.extend(complaint);
        assert_eq!((studio.next(), studio.easel.wake_up()), (None, None));
    }
    assert_eq!(complaints, ["HTTP 403"]);
}

#[test]
fn a_lost_answer_is_asked_for_again_as_the_same_message_and_then_brought_up_to_date() {
    let mut studio = Studio::new();
    studio.push(None, Some(TEXT), face(1));
    studio.next();
    studio.done(failed());
    assert_eq!(studio.next(), None, "not at once");
    studio.now = studio.easel.wake_up().unwrap();
    assert_eq!(studio.next(), Some(Request::Create { channel: TEXT, serial: 1, face: face(1) }));
    studio.done(created(50));
    assert_eq!(studio.settle(), [Request::Edit { place: place(50), face: face(1) }]);
}

#[test]
fn a_message_that_may_be_there_is_not_asked_for_once_it_could_become_a_second_one() {
    let mut studio = Studio::new();
    studio.push(None, Some(TEXT), face(1));
    studio.next();
    studio.done(failed());
    studio.now += Duration::from_secs(121);
    assert_eq!(studio.settle(), []);
    studio.push(None, Some(TEXT), face(2));
    assert_eq!(studio.settle(), [Request::Create { channel: TEXT, serial: 2, face: face(2) }]);
}

#[test]
fn what_fails_again_and_again_is_given_up_and_the_next_face_is_tried_anew() {
    let mut studio = Studio::new();
    studio.push(Some(place(50)), None, face(1));
    let mut tries = 0;
    let complaint = loop {
        while studio.next().is_none() {
            studio.now = studio.easel.wake_up().unwrap();
        }
        tries += 1;
        if let Some(complaint) = studio.done(failed()).complaint {
            break complaint;
        }
    };
    assert_eq!((tries, complaint.as_str()), (10, "HTTP 502"));
    assert_eq!(studio.settle(), []);
    studio.push(Some(place(50)), None, face(2));
    assert_eq!(studio.settle(), [Request::Edit { place: place(50), face: face(2) }]);
}

#[test]
fn buttons_that_cannot_be_taken_away_are_tried_again_and_then_left() {
    let mut studio = Studio::new();
    studio.easel.adopt(place(50));
    studio.easel.adopt(place(60));
    let mut tries = 0;
    while let Some(request) = studio.next() {
        assert_eq!(request, Request::Retire(place(50)));
        tries += 1;
        assert_eq!(studio.done(failed()), After::default(), "nobody needs to hear of it");
        studio.now = studio.easel.wake_up().unwrap_or(studio.now);
    }
    assert_eq!(tries, 10);
}

#[test]
fn a_guild_with_endless_panels_does_not_grow() {
    let mut studio = Studio::new();
    (1..1000).for_each(|message| studio.easel.adopt(place(message)));
    assert_eq!(studio.settle().len(), 8);
}

#[test]
fn a_channel_that_is_gone_is_told_as_that() {
    let mut studio = Studio::new();
    studio.push(None, Some(TEXT), face(1));
    assert!(studio.next().is_some());
    let After { complaint, report } = studio.done(Outcome::Gone);
    assert_eq!((complaint, report), (None, Some(Report::PanelFailed(PanelFailure::ChannelGone { channel: TEXT }))));
}
