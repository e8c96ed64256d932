//! The message that says what plays: one a guild, edited as things change, found again after a restart.

use super::Actor;
use crate::{Panel, PanelFace, PanelNews};
use refrain_model::{MessagePlace, TrackId};

/// What is known of the guild's panel.
#[derive(Debug, Default)]
pub(super) struct PanelKeeper {
    place: Option<MessagePlace>,
    /// What it shows, or was last told to show.
    shown: Option<PanelFace>,
    news: Option<PanelNews>,
    /// The track that the news is about.
    news_of: Option<TrackId>,
    /// A new message was asked for, and is not there yet.
    asked: bool,
    /// The bot is being stopped: what it does to leave in good order is not shown.
    closed: bool,
}

impl PanelKeeper {
    /// The message of before the restart. What it shows is not known.
    pub(super) fn restore(&mut self, place: Option<MessagePlace>) {
        self.place = place;
        // Until something is decided there is nothing to say.
        self.shown = place.map(|_| PanelFace::Over);
    }

    pub(super) const fn place(&self) -> Option<MessagePlace> {
        self.place
    }

    /// Something to say about a restart, until the track is over or somebody does something.
    pub(super) fn tell(&mut self, news: PanelNews) {
        (self.news, self.news_of) = (Some(news), None);
    }

    pub(super) fn forget_news(&mut self) {
        (self.news, self.news_of) = (None, None);
    }
}

impl Actor {
    /// A message shows what plays now: the answer to a command, or one that was asked for.
    pub(super) fn panel_is(&mut self, place: Option<MessagePlace>) {
        let face = self.face();
        let panel = &mut self.panel;
        if !panel.asked {
            // An answer that shows the state of the moment takes the place of the message before.
            panel.shown = Some(face);
        }
        (panel.place, panel.asked) = (place, false);
    }

    /// After every step: where the panel does not show how things are, it is edited.
    pub(super) fn show_panel(&mut self) {
        let face = self.face();
        let announces = self.settings().auto_announce_next_song;
        let panel = &mut self.panel;
        if panel.closed
            || panel.shown.as_ref() == Some(&face)
            || (panel.place.is_none() && !(announces && is_track(&face)))
        {
            return;
        }
        // A message that is being made shows the latest word when it is there.
        let fresh = announces && is_another_track(panel.shown.as_ref(), &face) && !panel.asked;
        let (place, replaces) = if fresh { (None, panel.place.take()) } else { (panel.place, None) };
        panel.asked |= fresh;
        panel.shown = Some(face.clone());
        let channel = self.text_channel.filter(|_| fresh || is_track(&face));
        self.shared.port.show_panel(Panel { guild: self.guild, place, channel, replaces, face });
    }

    /// The bot is stopped in good order, and where the operator wants it people are told.
    pub(super) fn say_goodbye(&mut self) {
        if self.shared.settings.goodbye && self.playback.is_some() {
            self.panel.tell(PanelNews::Stopped);
            self.show_panel();
        }
        self.panel.closed = true;
    }

    fn face(&mut self) -> PanelFace {
        let Some(track) = self.queue.current().cloned() else {
            self.panel.forget_news();
            return PanelFace::Over;
        };
        let about = *self.panel.news_of.get_or_insert(track.id);
        if about != track.id {
            self.panel.forget_news();
        }
        PanelFace::Track { track, paused: self.is_paused(), looping: self.queue.looping(), news: self.panel.news }
    }
}

const fn is_track(face: &PanelFace) -> bool {
    matches!(face, PanelFace::Track { .. })
}

fn is_another_track(shown: Option<&PanelFace>, face: &PanelFace) -> bool {
    match (shown, face) {
        (Some(PanelFace::Track { track: shown, .. }), PanelFace::Track { track, .. }) => shown.id != track.id,
        (None | Some(PanelFace::Over), PanelFace::Track { .. }) => true,
        (_, PanelFace::Over) => false,
    }
}
