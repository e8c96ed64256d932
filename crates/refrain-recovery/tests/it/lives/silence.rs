//! Silence while the bot is wanted somewhere: every moment of it has a reason, and waiting has a failure before it.

use crate::world::Event;
use refrain_model::Moment;
use refrain_recovery::{AutoRejoin, Input, Notice, Output, Policy, Settings, State, Timer};
use std::{collections::BTreeMap, time::Duration};

/// What came before a wait, and how long each kind of silence was.
#[derive(Debug, Default)]
pub(super) struct Silence {
    then: Moment,
    /// Why it was silent since the last step; `None` while frames flowed, or nobody wanted the bot anywhere.
    reason: Option<&'static str>,
    /// Since when the connection stands, while it does.
    stable: Option<Moment>,
    /// Turns that were taken since a connection was proven, or a cooldown was waited out.
    attempts: u32,
    /// A turn is asked for.
    asked: bool,
    auto_rejoin: AutoRejoin,
    /// Times that the bot was out of its channel in a guild that wants it back.
    kicks: u32,
    pub(super) lengths: BTreeMap<&'static str, Duration>,
}

impl Silence {
    /// Before the outputs of a step are looked at.
    pub(super) fn passes(&mut self, now: Moment, event: &Event) {
        let length = now.since(self.then);
        self.then = now;
        *self.lengths.entry(self.reason.unwrap_or("heard, or not wanted")).or_default() += length;
        if self.stable.is_some_and(|since| now.since(since) >= Policy::default().proven_after) {
            self.attempts = 0;
        }
        match event {
            Event::Input(Input::Settings(Settings { auto_rejoin })) => self.auto_rejoin = *auto_rejoin,
            Event::Input(Input::Turn) | Event::Timer(Timer::Turn) => self.took_turn(),
            Event::Input(_) | Event::Timer(_) | Event::Nothing => {}
        }
        if super::reference::says_absent(event) && self.auto_rejoin == AutoRejoin::AlsoAfterKick {
            self.kicks += 1;
        }
    }

    fn took_turn(&mut self) {
        self.attempts += u32::from(std::mem::take(&mut self.asked));
    }

    /// All that a step has said.
    pub(super) fn said(&mut self, said: &[Output], grants_at_once: bool) {
        let policy = Policy::default();
        let limited =
            said.iter().any(|output| matches!(output, Output::Incident(i) if i.code.is_some_and(|c| c.0 == 4021)));
        for output in said {
            match output {
                Output::AskTurn { .. } => {
                    self.asked = true;
                    if grants_at_once {
                        self.took_turn();
                    }
                }
                Output::WithdrawTurn => self.asked = false,
                Output::Notify(Notice::CoolingDown { .. }) => {
                    let failed = self.attempts.max(self.kicks);
                    assert!(limited || failed >= policy.backoff.attempts, "a cooldown after {failed} failures");
                    (self.attempts, self.kicks) = (0, 0);
                }
                Output::Notify(Notice::Interrupted { .. }) => {
                    // After a move, and where Discord names another server, what fails had no turn.
                    let moved = matches!(self.reason, Some("Joining" | "Connecting" | "Weighing" | "AwaitingServer"));
                    assert!(
                        self.attempts + self.kicks > 0 || moved,
                        "a pause, and no attempt has failed: {self:?}\n{said:?}"
                    );
                }
                Output::SendVoiceState { .. }
                | Output::Connect { .. }
                | Output::Resume { .. }
                | Output::Probe { .. }
                | Output::TearDown { .. }
                | Output::StartFrames { .. }
                | Output::StopFrames
                | Output::Persist { .. }
                | Output::Incident(_)
                | Output::Notify(_) => {}
            }
        }
    }

    /// Where a step has led.
    pub(super) fn stands(&mut self, state: &State, wanted: bool, flowing: bool, stage: &'static str) {
        self.stable = if let State::Stable(stable) = state { Some(stable.since) } else { None };
        self.reason = (wanted && !flowing).then(|| {
            assert!(matches!(state, State::Retrying(_)), "silence without a reason: {state:?}");
            stage
        });
    }
}
