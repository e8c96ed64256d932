//! What is saved: after each step the latest save holds the state.

use crate::world::World;
use refrain_guild::{GuildOutput, Observation};
use refrain_model::{GuildRecord, TrackId};

#[derive(Debug, Default)]
pub(crate) struct Records {
    last: Option<(u64, Box<GuildRecord>)>,
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

    pub(super) fn last(&self) -> Option<(u64, &GuildRecord)> {
        self.last.as_ref().map(|(seq, record)| (*seq, &**record))
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
        let saved: Vec<TrackId> = self.last.as_ref().map_or_else(Vec::new, |(_, record)| {
            record.queue.current.iter().chain(&record.queue.upcoming).map(|t| t.id).collect()
        });
        let queue = guild.queue();
        let is = queue.current().into_iter().chain(queue.upcoming()).map(|t| t.id);
        if self.last.is_some() {
            assert!(is.eq(saved.iter().copied()), "the latest save holds the queue: {saved:?}");
        }
    }

    pub(super) fn process_ends(&mut self) {
        *self = Self::default();
    }

    pub(super) fn check_quiet(&self, world: &World) {
        let guild = world.guild();
        let Some((_, record)) = &self.last else { return };
        assert_eq!(record.queue, guild.queue().snapshot(), "all is quiet, and the save is not the state");
        assert_eq!(record.settings.unwrap_or_default().default_queue_page_size, guild.settings().default_queue_page_size);
        let voice = guild.voice_view().intent;
        assert_eq!(record.voice_channel, voice, "all is quiet, and the saved channel is not the one that is meant");
    }
}
