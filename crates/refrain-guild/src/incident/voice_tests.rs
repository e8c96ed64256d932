//! What people are told, told in virtual time.

use super::{
    view::{Now, Phase, Step, Told, View, Word},
    voice::VoiceIncidents,
};
use crate::{AnnouncementKind, AnnouncementStep, Ending, Interruption, NextStep, Trouble};
use alloc::{vec, vec::Vec};
use core::time::Duration;
use refrain_model::{ChannelId, Moment, WhenOver};
use refrain_recovery::{CloseCode, Generation, Incident, Verdict};

const TEXT: ChannelId = ChannelId::new(1);
const VOICE: ChannelId = ChannelId::new(2);
const OTHER: ChannelId = ChannelId::new(3);
/// What the wall clock shows when the machine's clock stands at zero.
const EPOCH: u64 = 1_700_000_000;

/// A guild with music, and somebody who reads.
struct Guild {
    book: VoiceIncidents,
    view: View,
    ms: u64,
    /// Looks that nothing but the book itself asked for.
    looks: usize,
}

impl Guild {
    fn new() -> Self {
        let view = View {
            phase: Phase::Connected,
            music: true,
            attempt: 1,
            text_channel: Some(TEXT),
            voice_channel: Some(VOICE),
        };
        let mut guild = Self { book: VoiceIncidents::default(), view, ms: 100_000, looks: 0 };
        assert_eq!(guild.see(Phase::Connected), []);
        guild
    }

    fn now(&self) -> Now {
        Now { at: Moment::from_millis(self.ms), unix_ms: EPOCH * 1000 + self.ms }
    }

    /// Shows the book where things stand, and takes what it has to say.
    fn see(&mut self, phase: Phase) -> Vec<Word> {
        self.view.phase = phase;
        self.book.observe(self.now(), &self.view);
        core::iter::from_fn(|| self.book.poll()).collect()
    }

    /// Lets time pass; the book is woken when it wants to be.
    fn wait(&mut self, ms: u64) -> Vec<Word> {
        let end = self.ms + ms;
        let mut said = Vec::new();
        while let Some(at) = self.book.wake_up().filter(|at| *at <= Moment::from_millis(end)) {
            self.ms = u64::try_from(at.since_epoch().as_millis()).unwrap().max(self.ms);
            self.looks += 1;
            assert!(self.looks < 100, "the book wants to be woken for ever");
            said.extend(self.see(self.view.phase));
        }
        self.ms = end;
        said
    }

    /// The connection is lost now, with this code.
    fn lose(&mut self, code: u16) -> Vec<Word> {
        self.code(code);
        self.see(Phase::Recovering { since: self.now().at, step: Step::Trying })
    }

    fn code(&mut self, code: u16) {
        let incident = Incident {
            at: self.now().at,
            generation: Generation(1),
            attempt: 1,
            code: Some(CloseCode(code)),
            verdict: Verdict::NewSession,
            reason: "for a test".into(),
            alert: None,
        };
        self.book.record(self.now(), &incident, "RETRYING");
    }

    /// Goes on with the recovery under way.
    fn step(&mut self, step: Step) -> Vec<Word> {
        let Phase::Recovering { since, .. } = self.view.phase else { panic!("nothing to recover from") };
        self.see(Phase::Recovering { since, step })
    }
}

/// The one word, which must be the only one.
#[track_caller]
fn only(words: Vec<Word>) -> Word {
    let [word] = <[Word; 1]>::try_from(words).unwrap_or_else(|words| panic!("one word was expected: {words:?}"));
    word
}

#[track_caller]
fn said(words: Vec<Word>) -> AnnouncementKind {
    match only(words).step {
        AnnouncementStep::Say(kind) => kind,
        other @ (AnnouncementStep::Settle(_) | AnnouncementStep::Remove) => panic!("nothing new was said: {other:?}"),
    }
}

#[track_caller]
fn settled(words: Vec<Word>) -> AnnouncementKind {
    match only(words).step {
        AnnouncementStep::Settle(kind) => kind,
        other @ (AnnouncementStep::Say(_) | AnnouncementStep::Remove) => panic!("nothing was settled: {other:?}"),
    }
}

const fn back(gap_ms: u64) -> AnnouncementKind {
    AnnouncementKind::Back { gap: Duration::from_millis(gap_ms), elsewhere: None }
}

#[test]
fn a_gap_under_three_seconds_is_nobodys_business() {
    for gap in [0, 40, 200, 2_999] {
        let mut guild = Guild::new();
        assert_eq!(guild.lose(4006), []);
        assert_eq!(guild.wait(gap), []);
        assert_eq!(guild.see(Phase::Connected), []);
        assert_eq!(guild.wait(3_600_000), [], "after a gap of {gap} ms");
        assert_eq!(guild.looks, 0, "and the book sleeps");
    }
}

#[test]
fn a_longer_one_is_told_after_three_seconds_whether_or_not_something_happens() {
    let mut guild = Guild::new();
    guild.lose(4006);
    assert_eq!(guild.wait(2_999), []);
    let word = only(guild.wait(1));
    assert_eq!(word.channel, TEXT);
    let told = AnnouncementKind::Interrupted(Interruption {
        trouble: Trouble::Closed(CloseCode(4006)),
        stood: true,
        since_unix: EPOCH + 100,
        next: NextStep::Trying,
        attempt: 1,
    });
    assert_eq!(word.step, AnnouncementStep::Say(told));
    assert_eq!(guild.step(Step::Trying), [], "the same is not said twice");
    assert_eq!(guild.wait(60_000), []);
}

#[test]
fn one_incident_is_one_message_until_the_music_is_back() {
    let mut guild = Guild::new();
    guild.lose(4015);
    let first = only(guild.wait(3_000));
    let at = guild.now().at + Duration::from_millis(1_500);
    guild.view.attempt = 2;
    let waiting = only(guild.step(Step::Attempt(at)));
    assert!(matches!(
        &waiting.step,
        AnnouncementStep::Say(AnnouncementKind::Interrupted(Interruption {
            next: NextStep::Attempt { at_unix },
            attempt: 2,
            ..
        })) if *at_unix == EPOCH + 105
    ));
    guild.wait(1_500);
    let trying = only(guild.step(Step::Trying));
    guild.wait(10_000);
    let cooling = only(guild.step(Step::Round(guild.now().at + Duration::from_secs(30))));
    guild.wait(30_000);
    let over = only(guild.see(Phase::Connected));
    assert_eq!(over.step, AnnouncementStep::Settle(back(44_500)));
    for word in [waiting, trying, cooling, over] {
        assert_eq!((word.incident, word.channel), (first.incident, first.channel));
    }
    assert_eq!(guild.wait(3_600_000), [], "the line stays");
}

#[test]
fn the_last_close_code_tells_what_happened_and_no_answer_tells_nothing() {
    let trouble = |words: Vec<Word>| {
        let kind = said(words);
        let AnnouncementKind::Interrupted(interruption) = kind else { panic!("{kind:?}") };
        interruption.trouble
    };
    let mut guild = Guild::new();
    guild.see(Phase::Recovering { since: guild.now().at, step: Step::Trying });
    assert_eq!(trouble(guild.wait(3_000)), Trouble::Lost);
    assert_eq!(trouble(guild.step(Step::NoServer)), Trouble::ServerGone);
    guild.code(4021);
    assert_eq!(
        trouble(guild.step(Step::Round(guild.now().at + Duration::from_secs(60)))),
        Trouble::Closed(CloseCode(4021))
    );
    assert_eq!(trouble(guild.step(Step::NoGateway)), Trouble::Closed(CloseCode(4021)));
}

#[test]
fn what_becomes_of_the_message_follows_the_guilds_setting() {
    // The setting, the gap in ms, and whether the message stays.
    let cases = [
        (WhenOver::Tidy, 9_999, false),
        (WhenOver::Tidy, 10_000, true),
        (WhenOver::Settle, 3_001, true),
        (WhenOver::Delete, 600_000, false),
    ];
    for (when_over, gap, stays) in cases {
        let mut guild = Guild::new();
        guild.book.set_when_over(when_over);
        guild.lose(4006);
        assert_eq!(guild.wait(gap).len(), 1);
        assert_eq!(settled(guild.see(Phase::Connected)), back(gap), "{when_over:?}");
        let later: Vec<_> = guild.wait(3_600_000).into_iter().map(|word| word.step).collect();
        let wanted = if stays { vec![] } else { vec![AnnouncementStep::Remove] };
        assert_eq!(later, wanted, "{when_over:?} after {gap} ms");
    }
}

#[test]
fn trouble_that_returns_within_a_minute_goes_on_in_the_same_message() {
    let mut guild = Guild::new();
    guild.lose(4006);
    let first = only(guild.wait(20_000));
    assert_eq!(settled(guild.see(Phase::Connected)), back(20_000));
    guild.wait(59_000);
    assert_eq!(only(guild.lose(4015)).incident, first.incident, "the old message says so at once");
    guild.wait(2_000);
    assert_eq!(settled(guild.see(Phase::Connected)), back(2_000), "and counts anew");
    guild.wait(60_000);
    assert_eq!(guild.lose(4015), [], "later it is another incident");
    assert_ne!(only(guild.wait(3_000)).incident, first.incident);
}

#[test]
fn an_end_is_told_at_once_and_is_settled_when_somebody_asks_the_bot_back() {
    for ending in [
        Ending::Kicked,
        Ending::StayedOut,
        Ending::ChannelGone,
        Ending::Unanswered,
        Ending::Fatal { code: Some(CloseCode(4017)) },
    ] {
        let mut guild = Guild::new();
        guild.book.ended(ending, Told::NotYet);
        let told = only(guild.see(Phase::Out { asked: false }));
        assert_eq!(told.step, AnnouncementStep::Say(AnnouncementKind::Ended(ending)));
        assert_eq!(guild.wait(30_000), []);
        assert_eq!(guild.see(Phase::Busy), []);
        let over = only(guild.see(Phase::Connected));
        assert_eq!((over.incident, over.step), (told.incident, AnnouncementStep::Settle(back(30_000))));
    }
}

#[test]
fn an_end_in_the_middle_of_an_interruption_stays_in_its_message() {
    let mut guild = Guild::new();
    guild.lose(4014);
    let first = only(guild.wait(5_000));
    guild.book.ended(Ending::Kicked, Told::NotYet);
    let end = only(guild.see(Phase::Out { asked: false }));
    assert_eq!(
        (end.incident, end.step),
        (first.incident, AnnouncementStep::Say(AnnouncementKind::Ended(Ending::Kicked)))
    );
    assert_eq!(settled(guild.see(Phase::Out { asked: true })), AnnouncementKind::Left, "/disconnect settles it");
}

#[test]
fn whoever_has_the_answer_to_a_command_is_not_told_twice() {
    let mut guild = Guild::new();
    guild.see(Phase::Busy);
    guild.book.ended(Ending::Unanswered, Told::ByAnswer);
    assert_eq!(guild.see(Phase::Out { asked: false }), []);
    assert_eq!(guild.wait(3_600_000), []);
}

#[test]
fn asked_to_leave_in_the_middle_it_says_so_and_takes_the_message_away() {
    let mut guild = Guild::new();
    guild.lose(4006);
    let first = only(guild.wait(5_000));
    assert_eq!(settled(guild.see(Phase::Leaving)), AnnouncementKind::Left);
    assert_eq!(guild.see(Phase::Out { asked: true }), []);
    let gone = only(guild.wait(60_000));
    assert_eq!((gone.incident, gone.step), (first.incident, AnnouncementStep::Remove));
}

#[test]
fn without_music_nobody_misses_anything() {
    let mut guild = Guild::new();
    guild.view.music = false;
    guild.lose(4006);
    assert_eq!(guild.wait(60_000), []);
    assert_eq!(guild.see(Phase::Connected), []);
    guild.book.ended(Ending::Kicked, Told::NotYet);
    assert_eq!(guild.see(Phase::Out { asked: false }), []);
    let fatal = Ending::Fatal { code: None };
    guild.see(Phase::Connected);
    guild.book.ended(fatal, Told::NotYet);
    assert_eq!(
        said(guild.see(Phase::Out { asked: false })),
        AnnouncementKind::Ended(fatal),
        "but that is for the operator"
    );
}

#[test]
fn music_that_is_asked_for_in_the_middle_of_an_interruption_is_missed() {
    let mut guild = Guild::new();
    guild.view.music = false;
    guild.lose(4006);
    guild.wait(60_000);
    guild.view.music = true;
    assert!(matches!(said(guild.step(Step::Trying)), AnnouncementKind::Interrupted(_)));
}

#[test]
fn the_message_stays_in_its_channel_and_tells_when_the_music_is_elsewhere() {
    let mut guild = Guild::new();
    guild.lose(4014);
    guild.wait(5_000);
    guild.view.text_channel = Some(OTHER);
    guild.view.voice_channel = Some(OTHER);
    let over = only(guild.see(Phase::Connected));
    assert_eq!(over.channel, TEXT);
    let elsewhere = AnnouncementKind::Back { gap: Duration::from_secs(5), elsewhere: Some(OTHER) };
    assert_eq!(over.step, AnnouncementStep::Settle(elsewhere));
}

#[test]
fn a_first_join_that_does_not_come_about_is_no_loss() {
    let mut guild = Guild::new();
    guild.see(Phase::Out { asked: true });
    guild.see(Phase::Busy);
    guild.lose(4006);
    let told = said(guild.wait(3_000));
    assert!(matches!(told, AnnouncementKind::Interrupted(Interruption { stood: false, .. })), "{told:?}");
}

#[test]
fn without_a_text_channel_the_book_neither_speaks_nor_wakes() {
    let mut guild = Guild::new();
    guild.view.text_channel = None;
    guild.lose(4006);
    assert_eq!(guild.wait(3_600_000), []);
    assert_eq!(guild.looks, 0);
}
