//! The guild under test, with a seeded bug or without.

use refrain_guild::{
    Command, CommandId, Guild, GuildInput, GuildOutput, GuildPolicy, GuildTimer, Observed, SilenceReason, SourceEvent,
};
use refrain_model::{FailureClass, GuildId, Moment};
use std::{collections::VecDeque, time::Duration};

pub(crate) const GUILD: GuildId = GuildId::new(77);

/// A bug that is put in from outside: the invariants must find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    LosesATrack,
    AnswersTwice,
    LosesAnAnswer,
    AnswersBeforeItsSave,
    SavesTooLittle,
    NeverClosesASource,
    ClosesASourceTwice,
    AttachesBeforeOpened,
    ShrinksInAnOutage,
    JoinsAfterALeave,
    ForgetsThePosition,
    RetriesWithoutBackoff,
    IgnoresRetryAfter,
    SilentWithoutATimer,
    ShowsAnOldPanel,
    LeavesAnIncidentOpen,
}

impl Bug {
    pub(crate) const ALL: [Self; 16] = [
        Self::LosesATrack,
        Self::AnswersTwice,
        Self::LosesAnAnswer,
        Self::AnswersBeforeItsSave,
        Self::SavesTooLittle,
        Self::NeverClosesASource,
        Self::ClosesASourceTwice,
        Self::AttachesBeforeOpened,
        Self::ShrinksInAnOutage,
        Self::JoinsAfterALeave,
        Self::ForgetsThePosition,
        Self::RetriesWithoutBackoff,
        Self::IgnoresRetryAfter,
        Self::SilentWithoutATimer,
        Self::ShowsAnOldPanel,
        Self::LeavesAnIncidentOpen,
    ];
}

/// Commands that the bug gives, and members do not.
const HIDDEN: u64 = 1 << 40;

pub(crate) struct Subject {
    guild: Guild,
    bug: Option<Bug>,
    out: VecDeque<GuildOutput>,
    hidden: u64,
    chance: u32,
}

impl Subject {
    pub(crate) fn new(mut policy: GuildPolicy, seed: u64, bug: Option<Bug>) -> Self {
        if bug == Some(Bug::RetriesWithoutBackoff) {
            policy.sources.backoff_base = Duration::from_millis(1);
            policy.sources.backoff_max = Duration::from_millis(1);
        }
        let guild = Guild::new(GUILD, policy, seed);
        Self { guild, bug, out: VecDeque::new(), hidden: HIDDEN, chance: 0 }
    }

    pub(crate) const fn guild(&self) -> &Guild {
        &self.guild
    }

    /// Every third time.
    fn strikes(&mut self, bug: Bug) -> bool {
        if self.bug != Some(bug) {
            return false;
        }
        self.chance += 1;
        self.chance.is_multiple_of(3)
    }

    pub(crate) fn input(&mut self, observed: Observed, mut input: GuildInput) {
        if let GuildInput::Loaded(Ok(Some(record))) = &mut input
            && self.bug == Some(Bug::ForgetsThePosition)
        {
            record.playhead = None;
        }
        if let GuildInput::Source { event: SourceEvent::OpenFailed(failure), .. } = &mut input
            && self.bug == Some(Bug::IgnoresRetryAfter)
        {
            failure.retry_after = None;
        }
        let looked_up = matches!(input, GuildInput::LookedUp { .. });
        let failed = matches!(
            &input,
            GuildInput::Source { event: SourceEvent::OpenFailed(f) | SourceEvent::Broke { failure: f, .. }, .. }
                if matches!(f.class, FailureClass::Site | FailureClass::Machine)
        );
        self.guild.handle_input(observed, input);
        if looked_up && !self.guild.queue().is_empty() && self.strikes(Bug::LosesATrack) {
            self.hidden_command(observed, Command::Remove { position: 1, count: 1 });
        }
        if failed && self.strikes(Bug::ShrinksInAnOutage) {
            self.hidden_command(observed, Command::Skip { count: 1 });
        }
        self.drain();
    }

    fn hidden_command(&mut self, observed: Observed, command: Command) {
        self.hidden += 1;
        self.guild.handle_input(observed, GuildInput::Command { id: CommandId(self.hidden), command });
    }

    pub(crate) fn timeout(&mut self, observed: Observed) {
        self.guild.handle_timeout(observed);
        self.drain();
    }

    /// Without a bug outputs come straight from the guild.
    fn drain(&mut self) {
        if self.bug.is_none() {
            return;
        }
        while let Some(output) = self.guild.poll_output() {
            self.distort(output);
        }
        if self.strikes(Bug::AnswersBeforeItsSave) {
            let is_save = |output: &GuildOutput| matches!(output, GuildOutput::Save { .. });
            let (saves, others): (Vec<_>, Vec<_>) = self.out.drain(..).partition(is_save);
            self.out.extend(others.into_iter().chain(saves));
        }
    }

    fn distort(&mut self, mut output: GuildOutput) {
        if matches!(&output, GuildOutput::Answer { id, .. } if id.0 > HIDDEN) {
            return;
        }
        let answer = matches!(output, GuildOutput::Answer { .. });
        let close = matches!(output, GuildOutput::CloseSource { .. });
        let lost = answer && self.strikes(Bug::LosesAnAnswer)
            || close && self.strikes(Bug::NeverClosesASource)
            || matches!(output, GuildOutput::ShowPanel(_)) && self.strikes(Bug::ShowsAnOldPanel)
            || matches!(&output, GuildOutput::Announce(a) if closes(a)) && self.strikes(Bug::LeavesAnIncidentOpen);
        if lost {
            return;
        }
        if let GuildOutput::Save { record, .. } = &mut output
            && self.strikes(Bug::SavesTooLittle)
        {
            record.queue.upcoming.pop();
        }
        let twice = answer && self.strikes(Bug::AnswersTwice) || close && self.strikes(Bug::ClosesASourceTwice);
        let attaches = self.bug == Some(Bug::AttachesBeforeOpened);
        let attach =
            if let GuildOutput::OpenSource(open) = &output { Some(open.id).filter(|_| attaches) } else { None };
        let left = matches!(output, GuildOutput::SendVoiceState { channel: None });
        self.out.push_back(output.clone());
        if twice {
            self.out.push_back(output);
        }
        if let Some(id) = attach {
            self.out.push_back(GuildOutput::Attach { id: Some(id), at: None });
        }
        if left && self.strikes(Bug::JoinsAfterALeave) {
            self.out.push_back(GuildOutput::SendVoiceState { channel: Some(super::A) });
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<GuildOutput> {
        if self.bug.is_none() {
            return self.guild.poll_output();
        }
        self.drain();
        self.out.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Moment, GuildTimer)> {
        if self.bug == Some(Bug::SilentWithoutATimer) && self.guild.silence() == Some(SilenceReason::SourceBackoff) {
            return None;
        }
        self.guild.poll_timeout()
    }
}

fn closes(announcement: &refrain_guild::Announcement) -> bool {
    use refrain_guild::AnnouncementStep::{Remove, Settle};
    matches!(announcement.step, Settle(_) | Remove)
}
