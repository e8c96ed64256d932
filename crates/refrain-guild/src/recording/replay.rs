//! A recording's inputs, fed to a guild again.

use super::{Recording, Step};
use crate::{Guild, GuildOutput};
use alloc::vec::Vec;
use refrain_model::Moment;

/// What happens in a replay, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Replayed<'a> {
    /// This goes in.
    In(&'a Step),
    /// This comes out.
    Out(Moment, GuildOutput),
}

impl Recording {
    /// Feeds the inputs to a new guild and gives what it says, each output with the time of its step.
    #[must_use]
    pub fn replay(&self) -> Vec<(Moment, GuildOutput)> {
        let mut outputs = Vec::new();
        self.replay_with(|replayed| {
            if let Replayed::Out(at, output) = replayed {
                outputs.push((at, output));
            }
        });
        outputs
    }

    /// The same, telling each input and output in the order in which they happen.
    pub fn replay_with(&self, mut tell: impl FnMut(Replayed<'_>)) {
        let mut guild = Guild::new(self.header.guild, self.header.policy.clone(), self.header.seed);
        let mut steps = self.steps.iter().peekable();
        let mut at = Moment::ZERO;
        loop {
            while let Some(output) = guild.poll_output() {
                let answered = matches!(output, GuildOutput::Rewind { .. } | GuildOutput::AskTurn { .. });
                tell(Replayed::Out(at, output));
                if let Some(answer) = steps.next_if(|step| answered && step.on_the_spot) {
                    feed(&mut guild, answer, &mut tell);
                }
            }
            let Some(step) = steps.next() else { return };
            at = step.observed.at;
            feed(&mut guild, step, &mut tell);
        }
    }
}

fn feed<'a>(guild: &mut Guild, step: &'a Step, tell: &mut impl FnMut(Replayed<'a>)) {
    tell(Replayed::In(step));
    match &step.input {
        Some(input) => guild.handle_input(step.observed, input.clone()),
        None => guild.handle_timeout(step.observed),
    }
}
