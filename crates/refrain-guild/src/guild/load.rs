//! Reading the guild's record when it begins, and what happens meanwhile.

use super::Guild;
use crate::{Command, CommandError, GuildInput, GuildOutput, Observation};
use alloc::collections::VecDeque;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::time::Duration;
use refrain_model::{GuildRecord, Moment};

/// Pauses before a record is read again that the disk did not give.
const READ_AGAIN: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
/// Inputs that wait for the record; what comes after them is answered or dropped.
const WAITING: usize = 1024;

/// How far the reading is.
#[derive(Debug, Default)]
pub(super) struct Loading {
    over: bool,
    failures: usize,
    again_at: Option<Moment>,
    waiting: VecDeque<GuildInput>,
    /// Inputs that found no room to wait.
    refused: Vec<GuildInput>,
}

impl Loading {
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    pub(super) const fn again_at(&self) -> Option<Moment> {
        self.again_at
    }

    /// Keeps an input until the record is there.
    pub(super) fn keep(&mut self, input: GuildInput) {
        if self.waiting.len() < WAITING {
            self.waiting.push_back(input);
        } else if matches!(input, GuildInput::Command { .. }) {
            self.refused.push(input);
        }
    }
}

impl Guild {
    /// The record is there, or the store could not give it. A record that cannot be read is not overwritten: the guild plays
    /// from memory, and what the record holds is there when the bot is started again and the disk is well.
    pub(super) fn loaded(&mut self, result: Result<Option<Box<GuildRecord>>, String>) {
        if self.loading.over {
            return;
        }
        match (result, READ_AGAIN.get(self.loading.failures)) {
            (Ok(record), _) => {
                if let Some(record) = record {
                    self.take_over(*record);
                }
                self.saved.begin();
                // A bot that comes back settles it on its way.
                if self.restoring.is_none() {
                    self.settle_leftover();
                }
            }
            (Err(error), Some(pause)) => {
                self.loading.failures += 1;
                self.loading.again_at = Some(self.now() + *pause);
                return self.note(Observation::LoadFailed { error, again: Some(*pause) });
            }
            (Err(error), None) => self.note(Observation::LoadFailed { error, again: None }),
        }
        self.loading.over = true;
        self.loading.again_at = None;
        for input in core::mem::take(&mut self.loading.waiting) {
            self.take(input);
            // Each input finds the state that the one before has led to.
            self.carry_out_recovery();
        }
        for input in core::mem::take(&mut self.loading.refused) {
            if let GuildInput::Command { id, command } = input
                && !matches!(command, Command::ShutDown)
            {
                self.answer(id, Err(CommandError::Unavailable));
            }
        }
    }

    /// The process ends before the record is there: commands that wait for it are answered, and nothing else happens.
    pub(super) fn refuse_kept_commands(&mut self) {
        for input in core::mem::take(&mut self.loading.waiting) {
            if let GuildInput::Command { id, .. } = input {
                self.answer(id, Err(CommandError::Unavailable));
            }
        }
    }

    /// The pause is over: the record is read again.
    pub(super) fn load_again(&mut self) {
        if self.loading.again_at.take().is_some() {
            self.say(GuildOutput::Load);
        }
    }
}
