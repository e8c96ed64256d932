//! What a member was told and has not answered yet: as long as some of that is on its way, a key package of the member
//! may be void before it is used.

use std::collections::VecDeque;

/// How often in a row a member may give up before it is let come to rest. Op 31 does not tell which of several messages
/// it is about, as all groups begin with transition 0: taken for the answer to the wrong one, it would leave a Welcome
/// for a void key package on its way every time.
const MAX_FAILURES: u8 = 3;

/// What the member's answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// A commit or a Welcome with this transition: the member says that it is ready, or that it could not process it.
    Transition(u16),
    /// To begin anew: the member sends a key package.
    BeginAnew,
    /// Nothing: it is left alone for a while.
    Nothing,
}

/// One member's answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// What is not answered, oldest first, and until when an answer is waited for.
    awaited: VecDeque<(Told, f64)>,
    /// Whether the member gave up on its group and its next key package comes with that.
    gave_up: bool,
    /// How often it gave up since it last was ready for something.
    failures: u8,
}

impl Answers {
    /// The member is told of a transition. One that is executed at once (0) is answered when it fails, or never.
    pub(super) fn told_of(&mut self, transition_id: u16, now_ms: f64, limit_ms: f64) {
        self.tell(Told::Transition(transition_id), now_ms, limit_ms);
    }

    /// The member is told to begin anew.
    pub(super) fn told_to_begin_anew(&mut self, now_ms: f64, limit_ms: f64) {
        self.tell(Told::BeginAnew, now_ms, limit_ms);
    }

    fn tell(&mut self, told: Told, now_ms: f64, limit_ms: f64) {
        self.awaited.retain(|(_, until_ms)| now_ms < *until_ms);
        self.awaited.push_back((told, now_ms + limit_ms));
    }

    /// Op 23 came.
    pub(super) fn ready(&mut self, transition_id: u16) {
        self.failures = 0;
        self.answered(Told::Transition(transition_id));
    }

    /// Op 31 came: a key package comes with it.
    pub(super) fn invalid(&mut self, transition_id: u16, now_ms: f64, limit_ms: f64) {
        self.answered(Told::Transition(transition_id));
        self.gave_up = true;
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MAX_FAILURES {
            self.tell(Told::Nothing, now_ms, limit_ms);
        }
    }

    /// Op 26 came.
    pub(super) fn key_package(&mut self) {
        if !std::mem::take(&mut self.gave_up) {
            self.answered(Told::BeginAnew);
        }
    }

    /// Messages come in order: what was told before is answered, too.
    fn answered(&mut self, told: Told) {
        if let Some(at) = self.awaited.iter().position(|(awaited, _)| *awaited == told) {
            self.awaited.drain(..=at);
        }
    }

    /// Whether something is still waited for.
    pub(super) fn are_owed(&self, now_ms: f64) -> bool {
        self.awaited.iter().any(|(_, until_ms)| now_ms < *until_ms)
    }

    /// When nothing more is waited for, at the latest.
    pub(super) fn until_ms(&self) -> Option<f64> {
        self.awaited.back().map(|(_, until_ms)| *until_ms)
    }

    /// What came too late by now is not waited for any more.
    pub(super) fn give_up_waiting(&mut self) {
        self.awaited.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_MS: f64 = 2000.0;

    #[test]
    fn an_answer_stands_for_all_that_was_told_before() {
        let mut answers = Answers::default();
        answers.told_of(1, 0.0, LIMIT_MS);
        answers.told_of(2, 0.0, LIMIT_MS);
        answers.told_of(3, 0.0, LIMIT_MS);
        answers.ready(2);
        assert!(answers.are_owed(0.0));
        answers.ready(9);
        assert!(answers.are_owed(0.0), "nobody told of that one");
        answers.ready(3);
        assert!(!answers.are_owed(0.0));
    }

    #[test]
    fn the_key_package_of_a_member_that_gave_up_is_not_the_one_it_was_told_to_send() {
        let mut answers = Answers::default();
        answers.told_of(1, 0.0, LIMIT_MS);
        answers.told_to_begin_anew(0.0, LIMIT_MS);
        answers.invalid(1, 0.0, LIMIT_MS);
        answers.key_package();
        assert!(answers.are_owed(0.0));
        answers.key_package();
        assert!(!answers.are_owed(0.0));
    }

    #[test]
    fn a_member_that_gives_up_again_and_again_is_left_alone_for_a_while() {
        let mut answers = Answers::default();
        for _ in 1..MAX_FAILURES {
            answers.invalid(0, 0.0, LIMIT_MS);
            assert!(!answers.are_owed(0.0));
        }
        answers.invalid(0, 0.0, LIMIT_MS);
        answers.key_package();
        assert!(answers.are_owed(1999.0));
        assert!(!answers.are_owed(2000.0));
        answers.ready(7);
        answers.invalid(0, 2000.0, LIMIT_MS);
        assert!(!answers.are_owed(2000.0), "it was in a group in between");
    }

    #[test]
    fn nobody_is_waited_for_longer_than_the_limit() {
        let mut answers = Answers::default();
        answers.told_of(0, 0.0, LIMIT_MS);
        assert!(answers.are_owed(1999.0));
        assert_eq!(answers.until_ms(), Some(LIMIT_MS));
        assert!(!answers.are_owed(2000.0));
    }
}
