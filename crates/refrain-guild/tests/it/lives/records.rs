//! What is saved: after each step the latest save holds the state.

use crate::world::{Event, World};
use refrain_guild::{Doing, GuildInput, GuildOutput, Observation};
use refrain_model::GuildRecord;

#[derive(Debug, Default)]
pub(crate) struct Records {
    last: Option<(u64, Box<GuildRecord>)>,
    /// What was read at the start.
    loaded: Box<GuildRecord>,
    /// The numbers of the saves of this step.
    now: Vec<u64>,
    /// The record could not be read: nothing is saved.
    without_record: bool,
}

impl Records {
    pub(super) fn said(&mut self, output: &GuildOutput) {
        if let GuildOutput::Save { seq, record } = output {
            assert!(!self.without_record, "a record that could not be read is not overwritten");
            assert!(self.last.as_ref().is_none_or(|(last, _)| last < seq), "saves have rising numbers");
            self.now.push(*seq);
            self.last = Some((*seq, record.clone()));
        }
        self.without_record |= matches!(output, GuildOutput::Observe(Observation::LoadFailed { again: None, .. }));
    }

    pub(super) fn step_ends(&mut self) {
        self.now.clear();
    }

    pub(super) fn saves(&self) -> bool {
        !self.without_record
    }

    /// What was saved last, or is on the disk from before.
    pub(super) fn last(&self) -> (u64, &GuildRecord) {
        self.last.as_ref().map_or((0, &self.loaded), |(seq, record)| (*seq, record))
    }

    pub(super) fn heard(&mut self, event: &Event) {
        if let Event::Input(GuildInput::Loaded(Ok(Some(record)))) = event
            && self.last.is_none()
        {
            self.loaded = record.clone();
        }
    }

    pub(super) fn was_said(&self, seq: u64) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| seq <= *last)
    }

    pub(super) fn said_now(&self, seq: u64) -> bool {
        self.now.contains(&seq)
    }

    pub(super) fn check(&self, world: &World) {
        let guild = world.guild();
        if self.without_record || !guild.is_loaded() {
            return;
        }
        let saved = &self.last().1.queue;
        let saved = saved.current.iter().chain(&saved.upcoming).map(|t| t.id);
        let queue = guild.queue();
        let is = queue.current().into_iter().chain(queue.upcoming()).map(|t| t.id);
        assert!(is.eq(saved), "the latest save holds the queue");
    }

    pub(super) fn process_ends(&mut self) {
        *self = Self::default();
    }

    pub(super) fn check_quiet(&self, world: &World) {
        let guild = world.guild();
        if self.without_record {
            return;
        }
        let (_, record) = self.last();
        assert_eq!(record.queue, guild.queue().snapshot(), "all is quiet, and the save is not the state");
        assert_eq!(
            record.settings.unwrap_or_default().default_queue_page_size,
            guild.settings().default_queue_page_size
        );
        let (voice, doing) = (guild.voice_view().intent, guild.voice_view().doing);
        if matches!(doing, Doing::Fatal { .. }) {
            // What no retry can help is tried again by the next process.
            return;
        }
        assert_eq!(record.voice_channel, voice, "all is quiet, and the saved channel is not the one that is meant");
    }
}
