//! What members read without having asked: one message an incident, and a panel that agrees with the state.

use crate::world::{Event, World};
use refrain_guild::{AnnouncementKind, AnnouncementStep, GuildInput, GuildOutput, PanelFace};
use refrain_model::{MessagePlace, Moment};
use std::{collections::BTreeSet, time::Duration};

/// Trouble that lasts shorter is not told.
const TOLD_AFTER: Duration = Duration::from_millis(2_900);

#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// Incidents that go on.
    open: BTreeSet<u64>,
    /// Incidents that have had their last word.
    over: BTreeSet<u64>,
    /// Every number there was, and those of this process.
    used: BTreeSet<u64>,
    own: BTreeSet<u64>,
    face: Option<PanelFace>,
    place: Option<MessagePlace>,
    asked: bool,
}

impl Messages {
    pub(super) fn said(&mut self, world: &World, output: &GuildOutput, last_sound: Option<Moment>) {
        if let GuildOutput::ShowPanel(panel) = output {
            self.face = Some(panel.face.clone());
            self.asked |= panel.place.is_none() && panel.channel.is_some();
            return;
        }
        let GuildOutput::Announce(announcement) = output else { return };
        let incident = announcement.incident;
        match &announcement.step {
            AnnouncementStep::Say(kind) => {
                assert!(!self.over.contains(&incident), "incident {incident} is over, and goes on: {kind:?}");
                if self.own.insert(incident) {
                    assert!(self.used.insert(incident), "an incident's number is used once: {incident}");
                    check_begin(world, kind, last_sound);
                }
                if goes_on(kind) {
                    self.open.insert(incident);
                } else {
                    self.open.remove(&incident);
                }
            }
            AnnouncementStep::Settle(_) | AnnouncementStep::Remove => {
                self.open.remove(&incident);
                if matches!(announcement.step, AnnouncementStep::Remove) {
                    self.over.insert(incident);
                }
            }
        }
        assert!(self.open.len() <= 3, "many incidents at once: {:?}", self.open);
    }

    /// What the guild learns of its messages.
    pub(super) fn heard(&mut self, world: &World, event: &Event) {
        match event {
            Event::Input(GuildInput::PanelIs(place)) => {
                if !self.asked {
                    // An answer that shows the state of the moment is the panel from now on.
                    self.face = None;
                }
                (self.place, self.asked) = (*place, false);
                for output in &world.said {
                    if let GuildOutput::ShowPanel(panel) = output {
                        self.face = Some(panel.face.clone());
                    }
                }
            }
            Event::Input(GuildInput::PanelFailed(_)) => {
                (self.place, self.asked) = (None, false);
            }
            Event::Input(_) | Event::Timer(_) | Event::Time | Event::Nothing => {}
        }
    }

    pub(super) fn process_ends(&mut self) {
        let used = std::mem::take(&mut self.used);
        *self = Self { used, ..Self::default() };
    }

    pub(super) fn check_quiet(&self, world: &World) {
        assert!(self.open.is_empty(), "all is quiet, and incidents go on: {:?}", self.open);
        if self.place.is_none() || world.panel_fails {
            return;
        }
        let guild = world.guild();
        match &self.face {
            // Shown by the answer itself, at its moment.
            None => {}
            Some(PanelFace::Over) => {
                assert_eq!(guild.queue().current(), None, "the panel says that all is over");
            }
            Some(PanelFace::Track { track, paused, looping, .. }) => {
                let current = guild.queue().current().map(|t| t.id);
                assert_eq!(Some(track.id), current, "the panel shows another track");
                assert_eq!(*looping, guild.queue().looping(), "the panel shows another loop mode");
                let is_paused = guild.silence() == Some(refrain_guild::SilenceReason::Paused);
                assert!(*paused || !is_paused, "it is paused, and the panel does not say so");
            }
        }
    }
}

/// An announcement that ends by another one.
const fn goes_on(kind: &AnnouncementKind) -> bool {
    matches!(
        kind,
        AnnouncementKind::Interrupted(_) | AnnouncementKind::SourceTrouble(_) | AnnouncementKind::NotHeard { .. }
    )
}

fn check_begin(world: &World, kind: &AnnouncementKind, last_sound: Option<Moment>) {
    if let (AnnouncementKind::SourceTrouble(_), Some(at)) = (kind, last_sound) {
        let silent = world.now.since(at);
        assert!(silent >= TOLD_AFTER, "told after {silent:?} without sound: {kind:?}");
    }
}
