//! What the tables of behaviours need: music that plays, and what was said of it.

use super::{World, secs, site::Song};
use refrain_guild::{
    Announcement, AnnouncementKind, AnnouncementStep, Answer, CommandError, CommandId, GuildOutput, Observation,
};
use refrain_model::{ChannelId, Moment};
use std::time::Duration;

impl World {
    /// Nothing has been asked for.
    pub(crate) fn idle() -> Self {
        Self::idle_with(7)
    }

    fn idle_with(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.all = Some(Vec::new());
        world.boot();
        world.run(secs(1));
        world
    }

    /// The first of these plays for a few seconds, and the others wait.
    pub(crate) fn playing(songs: &[Song]) -> Self {
        let mut world = Self::idle();
        world.add(songs);
        world.run(secs(10));
        assert!(world.is_heard(), "{:?}", world.guild().silence());
        world.forget();
        world
    }

    /// One song of three minutes plays, and what takes its time takes another time for each seed.
    pub(crate) fn playing_with(seed: u64) -> Self {
        let mut world = Self::idle_with(seed);
        world.add(&[Song::of(secs(180))]);
        world.run(secs(10));
        assert!(world.is_heard(), "{:?}", world.guild().silence());
        world.forget();
        world
    }

    /// So many songs of three minutes.
    pub(crate) fn playing_songs(count: usize) -> Self {
        Self::playing(&vec![Song::of(secs(180)); count])
    }

    pub(crate) fn add(&mut self, songs: &[Song]) -> Vec<CommandId> {
        self.sites.next.extend(songs.iter().cloned());
        songs.iter().map(|_| self.play()).collect()
    }

    /// The look-up of the next play is never over.
    pub(crate) fn hang_next_look_up(&mut self) {
        self.hangs.0 = true;
    }

    /// The next opening is never over.
    pub(crate) fn hang_next_opening(&mut self) {
        self.hangs.1 = true;
    }

    /// What was said until now does not count.
    pub(crate) fn forget(&mut self) {
        self.all = Some(Vec::new());
        self.told.clear();
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.audio.sounds() && self.discord.delivers()
    }

    pub(crate) fn outputs(&self) -> impl Iterator<Item = &(Moment, GuildOutput)> {
        self.all.iter().flatten()
    }

    /// The answer to a command, which a member has read.
    pub(crate) fn answer_to(&self, id: CommandId) -> &Result<Answer, CommandError> {
        let told = self.told.iter().find(|(_, told, _)| *told == id);
        &told.unwrap_or_else(|| panic!("{id:?} is not answered")).2
    }

    pub(crate) fn is_answered(&self, id: CommandId) -> bool {
        self.told.iter().any(|(_, told, _)| *told == id)
    }

    /// The titles of the queue: the current track first.
    pub(crate) fn titles(&self) -> Vec<String> {
        let queue = self.guild().queue();
        queue.current().into_iter().chain(queue.upcoming()).map(|track| track.info.title.clone()).collect()
    }

    /// What was opened: when, which track, where.
    pub(crate) fn opened(&self) -> Vec<(Moment, String, Duration)> {
        let open = |(at, output): &(Moment, GuildOutput)| {
            let GuildOutput::OpenSource(open) = output else { return None };
            Some((*at, open.track.info.title.clone(), open.from))
        };
        self.outputs().filter_map(open).collect()
    }

    pub(crate) fn announced(&self) -> impl Iterator<Item = (Moment, &Announcement)> {
        self.outputs().filter_map(|(at, output)| {
            if let GuildOutput::Announce(announcement) = output { Some((*at, announcement)) } else { None }
        })
    }

    /// What was announced, in order, edits and last words included.
    pub(crate) fn words(&self) -> Vec<&AnnouncementKind> {
        let kinds = self.announced().filter_map(|(_, announcement)| match &announcement.step {
            AnnouncementStep::Say(kind) | AnnouncementStep::Settle(kind) => Some(kind),
            AnnouncementStep::Remove => None,
        });
        kinds.collect()
    }

    pub(crate) fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.outputs().filter_map(
            |(_, output)| {
                if let GuildOutput::Observe(observation) = output { Some(observation) } else { None }
            },
        )
    }

    /// The op 4s that were sent.
    pub(crate) fn op4s(&self) -> Vec<Option<ChannelId>> {
        let op4 = |(_, output): &(Moment, GuildOutput)| {
            if let GuildOutput::SendVoiceState { channel } = output { Some(*channel) } else { None }
        };
        self.outputs().filter_map(op4).collect()
    }

    /// Where the sound that is attached stands.
    pub(crate) fn position(&self) -> Duration {
        self.audio.current().map_or(Duration::ZERO, |(_, source)| source.at)
    }
}
