//! The message that says what plays: one a guild, edited as things change, found again after a restart.

use super::Guild;
use crate::{GuildOutput, Panel, PanelFace, PanelFailure, PanelNews, PanelWaits};
use refrain_model::{ChannelId, MessagePlace, TrackId};

/// What is known of the guild's panel.
#[derive(Debug, Default)]
pub(super) struct PanelState {
    place: Option<MessagePlace>,
    /// What it shows, or was last told to show.
    shown: Option<PanelFace>,
    news: Option<PanelNews>,
    /// The track that the news is about.
    news_of: Option<TrackId>,
    /// A new message was asked for, and is not there yet.
    asked: bool,
    /// A channel where the panel cannot be shown.
    closed_channel: Option<ChannelId>,
    /// The panel lost its channel: the next change makes a new one.
    lost: bool,
    /// The bot is being stopped: what it does to leave in good order is not shown.
    closed: bool,
}

impl PanelState {
    /// The message from before the restart. What it shows is not known.
    pub(super) fn restore(&mut self, place: Option<MessagePlace>) {
        self.place = place;
        // Until something is decided there is nothing to say.
        self.shown = place.map(|_| PanelFace::Over);
    }

    pub(super) const fn place(&self) -> Option<MessagePlace> {
        self.place
    }

    /// Something to say about a restart, until the track is over or a member does something.
    pub(super) fn tell(&mut self, news: PanelNews) {
        (self.news, self.news_of) = (Some(news), None);
    }

    pub(super) fn forget_news(&mut self) {
        (self.news, self.news_of) = (None, None);
    }

    /// A member asks for music in a channel: the panel may be tried there again.
    pub(super) fn try_channel(&mut self, channel: ChannelId) {
        self.closed_channel.take_if(|closed| *closed == channel);
    }

    pub(super) fn forget_place(&mut self) {
        (self.place, self.shown, self.asked) = (None, None, false);
    }
}

impl Guild {
    /// A message shows what plays now: the answer to a command, or one that was asked for; or there is none any more.
    pub(super) fn panel_is(&mut self, place: Option<MessagePlace>) {
        let face = self.face();
        let panel = &mut self.panel;
        if !panel.asked {
            // An answer that shows the state of the moment takes the place of the message before.
            panel.shown = Some(face);
        }
        if place.is_some() {
            (panel.closed_channel, panel.lost) = (None, false);
        }
        (panel.place, panel.asked) = (place, false);
    }

    /// The panel moves to the channel where music was asked for last, with the next change.
    pub(super) fn panel_failed(&mut self, failure: PanelFailure) {
        let panel = &mut self.panel;
        let (PanelFailure::ChannelGone { channel } | PanelFailure::Forbidden { channel }) = failure else {
            // With a message from before, or one on its way, members see what plays.
            panel.lost |= panel.place.is_none() && !panel.asked;
            return;
        };
        if panel.place.is_none_or(|place| place.channel == channel) {
            (panel.place, panel.asked, panel.lost) = (None, false, true);
        }
        panel.closed_channel = Some(channel);
        if matches!(failure, PanelFailure::ChannelGone { .. }) {
            self.text_channel_is_gone(channel);
        }
    }

    /// A channel was deleted: members are told elsewhere, once they ask for music elsewhere.
    pub(super) fn text_channel_is_gone(&mut self, channel: ChannelId) {
        if self.text_channel == Some(channel) {
            self.text_channel = None;
        }
        let panel = &mut self.panel;
        if panel.place.is_some_and(|place| place.channel == channel) {
            (panel.place, panel.asked, panel.lost) = (None, false, true);
            panel.closed_channel = Some(channel);
        }
    }

    /// After every step: where the panel does not show how things are, it is edited.
    pub(super) fn show_panel(&mut self) {
        let face = self.face();
        let announces = self.settings().auto_announce_next_song;
        // A panel that lost its channel is made anew where music was asked for last.
        let open_channel = self.text_channel.filter(|channel| self.panel.closed_channel != Some(*channel));
        let moves = self.panel.lost && open_channel.is_some() && is_track(&face);
        let panel = &mut self.panel;
        let same = panel.shown.as_ref() == Some(&face);
        if panel.closed || self.gone || (same && !moves) {
            return;
        }
        if panel.place.is_none() && !moves && !(announces && is_track(&face)) {
            return;
        }
        // A message that is being made shows the latest word when it is there.
        let another = announces && is_another_track(panel.shown.as_ref(), &face);
        let fresh = (another || moves) && !panel.asked;
        let (place, replaces) = if fresh { (None, panel.place.take()) } else { (panel.place, None) };
        let channel = open_channel.filter(|_| fresh || is_track(&face));
        if place.is_none() && channel.is_none() {
            return;
        }
        panel.asked |= fresh;
        panel.lost &= !fresh;
        panel.shown = Some(face.clone());
        self.say(GuildOutput::ShowPanel(Panel { place, channel, replaces, face }));
    }

    /// The bot is stopped in good order, and where the operator wants it the panel says so.
    pub(super) fn say_goodbye(&mut self) {
        if self.policy.goodbye && self.playback.is_some() {
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
        let (paused, looping, news) = (self.paused, self.queue.looping(), self.panel.news);
        PanelFace::Track { track, paused, looping, news, waits: self.waits() }
    }

    fn waits(&self) -> Option<PanelWaits> {
        if self.halted {
            return Some(PanelWaits::Halted);
        }
        if self.recovery.intent().is_none() && self.restoring.is_none() && self.panel.news.is_none() {
            return Some(PanelWaits::OutOfVoice);
        }
        let playback = self.playback.as_ref()?;
        if let Some(trouble) = &playback.trouble
            && playback.own_failure().is_some()
            && !self.paused
            && self.now().since(trouble.since) >= self.policy.sources.told_after
        {
            return Some(PanelWaits::Source);
        }
        self.not_heard.map(PanelWaits::NotHeard)
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
