//! One incident is one message, whatever Discord does.

use super::{
    leaving::Leaving,
    line::{Job, Line, Request},
};
use crate::outbox::{Line as _, Outcome, Report};
use refrain::{Announcement, AnnouncementKind, AnnouncementStep, Interruption, Leftover, NextStep, Trouble};
use refrain_model::{AskedMessage, ChannelId, MessageId, MessagePlace};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use twilight_model::id::{Id, marker::MessageMarker};

const MESSAGE: Id<MessageMarker> = Id::new(99);

fn kind(words: &str) -> AnnouncementKind {
    AnnouncementKind::StartedOver { title: words.into() }
}

/// A line and the time, with words in place of incidents' states.
struct Desk {
    line: Line,
    now: Instant,
    /// What the guild's record was told last.
    reported: Option<Report>,
}

impl Desk {
    fn new() -> Self {
        Self { line: Line::default(), now: Instant::now(), reported: None }
    }

    fn push(&mut self, incident: u64, step: AnnouncementStep) {
        self.line.push(Announcement { channel: ChannelId::new(2), incident, step });
    }

    fn say(&mut self, incident: u64, words: &str) {
        self.push(incident, AnnouncementStep::Say(kind(words)));
    }

    fn settle(&mut self, incident: u64, words: &str) {
        self.push(incident, AnnouncementStep::Settle(kind(words)));
    }

    fn next(&mut self) -> Option<Request> {
        self.job().map(|job| job.request)
    }

    fn job(&mut self) -> Option<Job> {
        self.line.next(self.now)
    }

    fn done(&mut self, outcome: Outcome) -> Option<String> {
        let after = self.line.done(outcome, self.now);
        self.reported = after.report;
        after.complaint
    }

    /// The incident's message is made and says these words.
    fn shown(&mut self, incident: u64, words: &str) {
        self.say(incident, words);
        assert_eq!(self.next(), Some(Request::Create(kind(words))));
        assert_eq!(self.done(created()), None);
    }

    /// Time passes until the line wants to go on.
    fn wait(&mut self) {
        self.now = self.line.wake_up().expect("the line waits for nothing");
    }
}

const fn created() -> Outcome {
    Outcome::Created { message: MESSAGE, as_asked: true }
}

fn failed() -> Outcome {
    Outcome::Failed { reason: "HTTP 502".into() }
}

#[test]
fn one_incident_is_one_message_that_is_edited_and_taken_away() {
    let mut desk = Desk::new();
    desk.shown(1, "lost");
    desk.say(1, "again in 4 s");
    assert_eq!(desk.next(), Some(Request::Edit(MESSAGE, kind("again in 4 s"))));
    desk.done(Outcome::Done);
    desk.settle(1, "back");
    assert_eq!(desk.next(), Some(Request::Edit(MESSAGE, kind("back"))));
    desk.done(Outcome::Done);
    desk.push(1, AnnouncementStep::Remove);
    assert_eq!(desk.next(), Some(Request::Delete(MESSAGE)));
    desk.done(Outcome::Done);
    desk.say(1, "more");
    assert_eq!(desk.next(), None, "what is taken away stays away");
    desk.shown(2, "another incident");
}

#[test]
fn while_discord_is_slow_only_the_latest_word_waits() {
    let mut desk = Desk::new();
    desk.say(1, "lost");
    let first = desk.job().unwrap();
    assert!(!first.stale.load(Ordering::Relaxed));
    (0..50).for_each(|n| desk.say(1, &format!("attempt {n}")));
    assert!(first.stale.load(Ordering::Relaxed), "a request that has not been sent yet need not be");
    assert_eq!(desk.next(), None, "one request at a time");
    desk.done(created());
    assert_eq!(desk.next(), Some(Request::Edit(MESSAGE, kind("attempt 49"))));
    desk.done(Outcome::Done);
    assert_eq!(desk.next(), None);
}

#[test]
fn a_request_that_was_not_sent_gives_way_to_the_latest_word() {
    let mut desk = Desk::new();
    desk.say(1, "lost");
    desk.next();
    desk.say(1, "attempt 2");
    desk.done(Outcome::Superseded);
    assert_eq!(desk.next(), Some(Request::Create(kind("attempt 2"))));
}

#[test]
fn music_that_is_back_before_anything_could_be_said_is_not_announced() {
    let mut desk = Desk::new();
    desk.settle(1, "back");
    assert_eq!(desk.next(), None);
    desk.push(2, AnnouncementStep::Remove);
    assert_eq!(desk.next(), None);
}

#[test]
fn a_failed_request_is_made_again_with_the_latest_word_and_ever_later() {
    let mut desk = Desk::new();
    desk.shown(1, "lost");
    desk.say(1, "attempt 2");
    let mut pauses = Vec::new();
    for n in 3..8 {
        assert!(desk.next().is_some());
        assert_eq!(desk.done(failed()), None, "a word to the operator is not worth it yet");
        desk.say(1, &format!("attempt {n}"));
        assert_eq!(desk.next(), None, "not at once");
        let before = desk.now;
        desk.wait();
        pauses.push((desk.now - before).as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16]);
    assert_eq!(desk.next(), Some(Request::Edit(MESSAGE, kind("attempt 7"))));
    desk.done(Outcome::Done);
    desk.say(1, "attempt 8");
    assert!(desk.next().is_some(), "after a success there is no pause");
}

#[test]
fn it_gives_up_in_the_end_and_says_so_once() {
    let mut desk = Desk::new();
    let mut complaints = 0;
    for incident in 1..4 {
        desk.shown(incident, "lost");
        desk.say(incident, "attempt 2");
        let mut tries = 0;
        loop {
            while desk.next().is_some() {
                tries += 1;
                complaints += usize::from(desk.done(failed()).is_some());
            }
            match desk.line.wake_up() {
                Some(at) => desk.now = at,
                None => break,
            }
        }
        assert_eq!(tries, 10);
    }
    assert_eq!(complaints, 3, "a success between makes it news again");
}

#[test]
fn a_message_whose_making_failed_is_asked_for_again_under_its_nonce_and_for_two_minutes_only() {
    let mut desk = Desk::new();
    desk.say(1, "lost");
    let first = desk.job().unwrap();
    desk.done(failed());
    desk.wait();
    let second = desk.job().unwrap();
    assert_eq!((first.incident, first.request), (second.incident, second.request));
    desk.done(failed());
    desk.settle(1, "back");
    desk.wait();
    assert_eq!(desk.next(), Some(Request::Create(kind("back"))), "it may be there, saying that the music is away");
    desk.done(failed());
    desk.now += Duration::from_secs(121);
    assert_eq!(desk.next(), None, "now it could become a second message");
    desk.say(1, "lost again");
    assert_eq!(desk.next(), None);
}

#[test]
fn a_message_that_an_earlier_request_made_is_brought_up_to_date() {
    let mut desk = Desk::new();
    desk.say(1, "lost");
    desk.next();
    desk.done(failed());
    desk.say(1, "attempt 2");
    desk.wait();
    assert_eq!(desk.next(), Some(Request::Create(kind("attempt 2"))));
    desk.done(Outcome::Created { message: MESSAGE, as_asked: false });
    assert_eq!(desk.next(), Some(Request::Edit(MESSAGE, kind("attempt 2"))));
}

#[test]
fn a_message_that_somebody_deleted_is_not_sent_again() {
    let mut desk = Desk::new();
    desk.shown(1, "lost");
    desk.say(1, "attempt 2");
    desk.next();
    assert_eq!(desk.done(Outcome::Gone), None);
    desk.say(1, "attempt 3");
    desk.settle(1, "back");
    assert_eq!(desk.next(), None);
    desk.shown(2, "the next incident has one again");
}

#[test]
fn where_it_may_not_write_it_asks_once_an_incident_and_complains_once() {
    let mut desk = Desk::new();
    let refused = || Outcome::Refused { reason: "HTTP 403".into() };
    let mut complaints = Vec::new();
    for incident in 1..=5 {
        desk.say(incident, "lost");
        assert!(desk.next().is_some());
        complaints.extend(desk.done(refused()));
        desk.say(incident, "attempt 2");
        assert_eq!(desk.next(), None);
        assert_eq!(desk.line.wake_up(), None);
    }
    assert_eq!(complaints, ["HTTP 403"]);
    desk.shown(6, "the permission is there again");
    desk.say(7, "lost");
    desk.next();
    assert!(desk.done(refused()).is_some(), "and taken away again");
}

#[test]
fn a_guild_with_endless_trouble_does_not_grow_and_what_is_forgotten_stays_silent() {
    let mut desk = Desk::new();
    (1..1000).for_each(|incident| desk.say(incident, "lost"));
    let mut sent = Vec::new();
    while let Some(job) = desk.job() {
        sent.push(job.incident);
        desk.done(created());
    }
    assert_eq!(sent, (992..1000).collect::<Vec<_>>(), "the latest, in their order");
    desk.say(5, "attempt 2");
    assert_eq!(desk.next(), None);
}

fn interrupted() -> AnnouncementStep {
    let interruption =
        Interruption { trouble: Trouble::Lost, stood: true, since_unix: 1, next: NextStep::Trying, attempt: 1 };
    AnnouncementStep::Say(AnnouncementKind::Interrupted(interruption))
}

fn place() -> MessagePlace {
    MessagePlace { channel: ChannelId::new(2), message: MessageId::new(MESSAGE.get()) }
}

#[test]
fn the_record_knows_of_an_interruptions_message_until_its_last_word() {
    let mut desk = Desk::new();
    desk.push(1, interrupted());
    desk.next();
    desk.done(created());
    assert_eq!(desk.reported, Some(Report::Incident(Some(place()))));
    desk.push(1, interrupted());
    desk.next();
    desk.done(Outcome::Done);
    assert_eq!(desk.reported, None, "nothing new");
    desk.settle(1, "back");
    desk.next();
    desk.done(Outcome::Done);
    assert_eq!(desk.reported, Some(Report::Incident(None)));
    desk.push(1, AnnouncementStep::Remove);
    desk.next();
    desk.done(Outcome::Done);
    assert_eq!(desk.reported, None, "nothing new");
}

#[test]
fn what_is_no_interruption_leaves_nothing_to_be_brought_to_an_end() {
    let mut desk = Desk::new();
    desk.shown(1, "a track could not be played");
    assert_eq!(desk.reported, None);
}

#[test]
fn a_deleted_message_of_an_interruption_is_none_to_be_brought_to_an_end() {
    let mut desk = Desk::new();
    desk.push(1, interrupted());
    desk.next();
    desk.done(created());
    desk.push(1, interrupted());
    desk.next();
    desk.done(Outcome::Gone);
    assert_eq!(desk.reported, Some(Report::Incident(None)));
}

#[test]
fn what_another_process_left_is_brought_to_its_end_once_and_quietly() {
    for outcome in [Outcome::Done, Outcome::Gone, Outcome::Refused { reason: "HTTP 403".into() }] {
        let mut desk = Desk::new();
        desk.line.settle(Leaving::new(Leftover::At(place()), 0, desk.now));
        assert_eq!(desk.next(), Some(Request::Leftover(MESSAGE)));
        assert_eq!(desk.done(failed()), None);
        desk.wait();
        assert_eq!(desk.next(), Some(Request::Leftover(MESSAGE)));
        assert_eq!(desk.done(outcome), None);
        assert_eq!((desk.next(), desk.line.wake_up()), (None, None));
    }
}

/// What a process that was killed left, `age` ms after it had asked for a message and before it knew where that was.
fn asked(desk: &Desk, age: u64) -> Option<Leaving> {
    let asked = AskedMessage { channel: ChannelId::new(2), incident: 7, at_unix_ms: 1_000_000 };
    Leaving::new(Leftover::Asked(asked), u128::from(1_000_000 + age), desk.now)
}

#[test]
fn a_message_whose_place_nobody_learned_is_found_by_its_nonce_and_brought_to_its_end() {
    let mut desk = Desk::new();
    desk.line.settle(asked(&desk, 30_000));
    let job = desk.job().unwrap();
    assert_eq!((job.request, job.incident), (Request::FindLeftover, 7));
    desk.done(Outcome::Created { message: MESSAGE, as_asked: false });
    assert_eq!(desk.next(), Some(Request::Leftover(MESSAGE)));
    desk.done(Outcome::Done);
    assert_eq!((desk.next(), desk.line.wake_up()), (None, None));
}

#[test]
fn a_message_that_had_never_been_made_does_not_stay() {
    let mut desk = Desk::new();
    desk.line.settle(asked(&desk, 30_000));
    assert_eq!(desk.next(), Some(Request::FindLeftover));
    desk.done(created());
    assert_eq!(desk.next(), Some(Request::Delete(MESSAGE)), "what this request has made");
    desk.done(failed());
    desk.wait();
    assert_eq!(desk.next(), Some(Request::Delete(MESSAGE)));
    desk.done(Outcome::Done);
    assert_eq!((desk.next(), desk.line.wake_up()), (None, None));
}

#[test]
fn once_discord_has_forgotten_the_nonce_no_second_message_is_risked() {
    let mut desk = Desk::new();
    assert_eq!(asked(&desk, 120_001), None);
    desk.line.settle(asked(&desk, 119_000));
    assert_eq!(desk.next(), Some(Request::FindLeftover));
    desk.done(failed());
    desk.wait();
    assert_eq!((desk.next(), desk.line.wake_up()), (None, None));
}
