//! What the random lives have reached. What is never reached is not tested, so it fails the run.

use super::{overlap::TURNS, steps::CODES};
use crate::world::Event;
use refrain_recovery::{
    Alert, Cause, CloseCode, Handled, Idle, Incident, Input, Notice, Output, Reaction, Retrying, Stage, State, Timer,
    Verdict,
};
use std::{collections::BTreeMap, time::Duration};

/// A kind of thing, its name, and the close code that it is about, or 0.
type Key = (&'static str, &'static str, u16);

/// How often each thing was seen.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    seen: BTreeMap<Key, u64>,
    /// Seconds of silence while the bot was wanted, by reason.
    silence: BTreeMap<&'static str, Duration>,
    lives: u64,
    steps: u64,
}

impl Coverage {
    pub(super) fn life(&mut self) {
        self.lives += 1;
    }

    pub(super) fn silence(&mut self, lengths: &BTreeMap<&'static str, Duration>) {
        for (reason, length) in lengths {
            *self.silence.entry(reason).or_default() += *length;
        }
    }

    pub(super) fn step(&mut self, event: &Event, said: &[Output], state: &State) {
        self.steps += 1;
        self.count(("state", state_name(state), 0));
        if let State::Retrying(Retrying { cause, .. }) = state {
            self.count(("cause", cause_name(*cause), 0));
        }
        if let Event::Timer(timer) = event {
            self.count(("timer", name_in(&TIMERS, timer), 0));
        }
        for output in said {
            self.count(("output", output_name(output), 0));
            match output {
                Output::Incident(incident) => self.incident(incident),
                Output::Notify(notice) => self.count(("notice", notice_name(*notice), 0)),
                Output::SendVoiceState { .. }
                | Output::Connect { .. }
                | Output::Resume { .. }
                | Output::AskTurn { .. }
                | Output::WithdrawTurn
                | Output::Probe { .. }
                | Output::TearDown { .. }
                | Output::StartFrames { .. }
                | Output::StopFrames
                | Output::Persist { .. } => {}
            }
        }
    }

    /// What became of an input.
    pub(super) fn handled(&mut self, input: &Input, handled: Handled) {
        let name = match handled {
            Handled::Taken => "Taken",
            Handled::Stale => "Stale",
            Handled::Ignored => ignored_name(input),
        };
        self.count(("handled", name, 0));
    }

    /// A turn of a connection that carries the frames while another one is made.
    pub(super) fn overlap(&mut self, turn: &'static str) {
        self.count(("overlap", turn, 0));
    }

    fn incident(&mut self, incident: &Incident) {
        let verdict = name_in(&VERDICTS, &incident.verdict);
        self.count(("verdict", verdict, 0));
        if let Some(alert) = incident.alert {
            self.count(("alert", name_in(&ALERTS, &alert), 0));
        }
        if let Some(code) = incident.code {
            let number = if code.is_listed() { code.0 } else { UNLISTED };
            self.count(("code", "", number));
            self.count(("code and verdict", verdict, number));
            self.count(("reaction", reaction_name(code.reaction()), 0));
        }
    }

    fn count(&mut self, key: Key) {
        *self.seen.entry(key).or_default() += 1;
    }

    /// Prints what was reached, and fails for what was not.
    #[expect(clippy::print_stdout, reason = "the run says what it has reached")]
    pub(super) fn report(&self) {
        println!("{} lives, {} steps", self.lives, self.steps);
        let mut last = "";
        for ((kind, name, code), count) in &self.seen {
            if *kind != last {
                println!("{kind}");
                last = kind;
            }
            let code = match *code {
                0 => String::new(),
                UNLISTED => "unlisted ".to_owned(),
                code => format!("{code} "),
            };
            println!("  {:<28} {count:>10}", code + name);
        }
        println!("silence while wanted, in hours");
        for (reason, length) in &self.silence {
            println!("  {reason:<28} {:>10}", length.as_secs() / 3600);
        }
        let missing: Vec<_> = expected().into_iter().filter(|wanted| !self.seen.contains_key(wanted)).collect();
        assert!(missing.is_empty(), "never reached: {missing:?}");
    }
}

/// Stands for every code that is not listed.
const UNLISTED: u16 = 1;

fn expected() -> Vec<Key> {
    let mut all = Vec::new();
    let mut want = |kind, names: &[&'static str]| all.extend(names.iter().map(|n| (kind, *n, 0)));
    want("state", &["Stable", "Fresh", "Left", "Declined", "Unanswered", "Kicked", "Gone", "Fatal"]);
    want("state", &["Leaving", "AskingAgain", "Joining", "Connecting", "Resuming", "Weighing", "AwaitingTurn"]);
    want("state", &["BackingOff", "CoolingDown", "AwaitingServer", "AwaitingGuild", "AwaitingAccess"]);
    want("cause", &["Join", "Switch", "Recovery", "Leave"]);
    want("reaction", &["Resume", "NewSession", "Weigh", "CoolDown", "Fatal"]);
    want("notice", &["Interrupted", "CoolingDown", "Recovered", "Kicked", "StayedOut", "Moved", "ChannelGone"]);
    want("notice", &["JoinUnanswered", "Fatal", "AwaitingAccess"]);
    want("output", &["SendVoiceState", "Connect", "Resume", "AskTurn", "WithdrawTurn", "Probe", "TearDown"]);
    want("output", &["StartFrames", "StopFrames", "Persist", "Incident", "Notify"]);
    want("handled", &["Taken", "Stale", "Ignored intent", "Ignored gateway event", "Ignored driver report"]);
    want("handled", &["Ignored turn", "Ignored proof", "Ignored flow", "Ignored access"]);
    want("overlap", &TURNS);
    want("timer", &TIMERS.map(|(_, name)| name));
    want("verdict", &VERDICTS.map(|(_, name)| name));
    want("alert", &ALERTS.map(|(_, name)| name));
    let listed = CODES.into_iter().map(|c| if CloseCode(c).is_listed() { c } else { UNLISTED });
    all.extend(listed.map(|c| ("code", "", c)));
    all
}

/// The name of a value in a table of all of them. One that the table lacks fails the test.
fn name_in<T: PartialEq + std::fmt::Debug>(table: &[(T, &'static str)], value: &T) -> &'static str {
    table.iter().find(|(v, _)| v == value).map_or_else(|| panic!("{value:?} is not in its table"), |(_, name)| name)
}

const TIMERS: [(Timer, &str); 15] = [
    (Timer::Join, "Join"),
    (Timer::Reconnect, "Reconnect"),
    (Timer::Hedge, "Hedge"),
    (Timer::Leave, "Leave"),
    (Timer::Resume, "Resume"),
    (Timer::ResumeAgain, "ResumeAgain"),
    (Timer::Evidence, "Evidence"),
    (Timer::Turn, "Turn"),
    (Timer::Backoff, "Backoff"),
    (Timer::Cooldown, "Cooldown"),
    (Timer::Server, "Server"),
    (Timer::Guild, "Guild"),
    (Timer::Access, "Access"),
    (Timer::Health, "Health"),
    (Timer::Stability, "Stability"),
];

const VERDICTS: [(Verdict, &str); 11] = [
    (Verdict::Join, "Join"),
    (Verdict::Leave, "Leave"),
    (Verdict::Recovered, "Recovered"),
    (Verdict::Resume, "Resume"),
    (Verdict::NewSession, "NewSession"),
    (Verdict::Weigh, "Weigh"),
    (Verdict::Follow, "Follow"),
    (Verdict::Wait, "Wait"),
    (Verdict::CoolDown, "CoolDown"),
    (Verdict::StayOut, "StayOut"),
    (Verdict::Fatal, "Fatal"),
];

const ALERTS: [(Alert, &str); 4] = [
    (Alert::UnlistedCodes, "UnlistedCodes"),
    (Alert::Protocol, "Protocol"),
    (Alert::Configuration, "Configuration"),
    (Alert::RateLimited, "RateLimited"),
];

fn ignored_name(input: &Input) -> &'static str {
    match input {
        Input::Intent(_) => "Ignored intent",
        Input::Gateway(_) => "Ignored gateway event",
        Input::Driver { .. } => "Ignored driver report",
        Input::Turn => "Ignored turn",
        Input::Heard { .. } => "Ignored proof",
        Input::Flowing(_) => "Ignored flow",
        Input::Access { .. } => "Ignored access",
        Input::Settings(_) | Input::TrackStarted { .. } => panic!("always taken: {input:?}"),
    }
}

pub(super) const fn state_name(state: &State) -> &'static str {
    match state {
        State::Idle(idle) => idle_name(idle),
        State::Retrying(Retrying { stage, .. }) => stage_name(stage),
        State::Stable(_) => "Stable",
    }
}

const fn output_name(output: &Output) -> &'static str {
    match output {
        Output::SendVoiceState { .. } => "SendVoiceState",
        Output::Connect { .. } => "Connect",
        Output::Resume { .. } => "Resume",
        Output::AskTurn { .. } => "AskTurn",
        Output::WithdrawTurn => "WithdrawTurn",
        Output::Probe { .. } => "Probe",
        Output::TearDown { .. } => "TearDown",
        Output::StartFrames { .. } => "StartFrames",
        Output::StopFrames => "StopFrames",
        Output::Persist { .. } => "Persist",
        Output::Incident(_) => "Incident",
        Output::Notify(_) => "Notify",
    }
}

const fn notice_name(notice: Notice) -> &'static str {
    match notice {
        Notice::Interrupted { .. } => "Interrupted",
        Notice::CoolingDown { .. } => "CoolingDown",
        Notice::Recovered { .. } => "Recovered",
        Notice::AwaitingAccess { .. } => "AwaitingAccess",
        Notice::Kicked => "Kicked",
        Notice::StayedOut => "StayedOut",
        Notice::Moved { .. } => "Moved",
        Notice::ChannelGone => "ChannelGone",
        Notice::JoinUnanswered => "JoinUnanswered",
        Notice::Fatal { .. } => "Fatal",
    }
}

const fn idle_name(idle: &Idle) -> &'static str {
    match idle {
        Idle::Fresh => "Fresh",
        Idle::Left => "Left",
        Idle::Declined { .. } => "Declined",
        Idle::Unanswered => "Unanswered",
        Idle::Kicked { .. } => "Kicked",
        Idle::Gone => "Gone",
        Idle::Fatal { .. } => "Fatal",
    }
}

const fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Leaving { .. } => "Leaving",
        Stage::AskingAgain { .. } => "AskingAgain",
        Stage::Joining { .. } => "Joining",
        Stage::Connecting { .. } => "Connecting",
        Stage::Resuming { .. } => "Resuming",
        Stage::Weighing { .. } => "Weighing",
        Stage::AwaitingTurn { .. } => "AwaitingTurn",
        Stage::BackingOff { .. } => "BackingOff",
        Stage::CoolingDown { .. } => "CoolingDown",
        Stage::AwaitingServer { .. } => "AwaitingServer",
        Stage::AwaitingGuild { .. } => "AwaitingGuild",
        Stage::AwaitingAccess { .. } => "AwaitingAccess",
    }
}

const fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Join => "Join",
        Cause::Switch { .. } => "Switch",
        Cause::Recovery(_) => "Recovery",
        Cause::Leave => "Leave",
    }
}

const fn reaction_name(reaction: Reaction) -> &'static str {
    match reaction {
        Reaction::Resume { .. } => "Resume",
        Reaction::NewSession { .. } => "NewSession",
        Reaction::Weigh => "Weigh",
        Reaction::CoolDown => "CoolDown",
        Reaction::Fatal => "Fatal",
    }
}
