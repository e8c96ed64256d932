//! The panel's buttons. A press means what the command of that name means, and the same people may do it.

use crate::commands::Ask;
use refrain::{PanelFace, PanelNews, PanelWaits};
use std::str::FromStr;
use twilight_model::channel::message::{
    Component, EmojiReactionType,
    component::{ActionRow, ButtonStyle},
};
use twilight_util::builder::message::ButtonBuilder;

/// What every custom id begins with: another version's buttons may mean something else.
const PREFIX: &str = "refrain:1:";

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    Back,
    Pause,
    Resume,
    Skip,
    Stop,
}

/// A custom id that this version never gave to a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownButton;

impl Button {
    const ALL: [Self; 5] = [Self::Back, Self::Pause, Self::Resume, Self::Skip, Self::Stop];

    /// What a press asks for.
    pub(crate) const fn ask(self) -> Ask {
        match self {
            Self::Back => Ask::Back,
            Self::Pause => Ask::Pause,
            Self::Resume => Ask::Resume,
            Self::Skip => Ask::Skip { count: 1 },
            Self::Stop => Ask::Stop,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Back => "back",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Skip => "skip",
            Self::Stop => "stop",
        }
    }

    const fn look(self) -> (&'static str, &'static str, ButtonStyle) {
        match self {
            Self::Back => ("⏮️", "Back", ButtonStyle::Secondary),
            Self::Pause => ("⏸️", "Pause", ButtonStyle::Secondary),
            Self::Resume => ("▶️", "Resume", ButtonStyle::Success),
            Self::Skip => ("⏭️", "Skip", ButtonStyle::Secondary),
            Self::Stop => ("⏹️", "Stop", ButtonStyle::Danger),
        }
    }

    fn component(self) -> Component {
        let (emoji, label, style) = self.look();
        let emoji = EmojiReactionType::Unicode { name: emoji.into() };
        let button = ButtonBuilder::new(style).custom_id(format!("{PREFIX}{}", self.word()));
        Component::Button(button.label(label).emoji(emoji).build())
    }
}

impl FromStr for Button {
    type Err = UnknownButton;

    fn from_str(id: &str) -> Result<Self, UnknownButton> {
        let word = id.strip_prefix(PREFIX).ok_or(UnknownButton)?;
        Self::ALL.into_iter().find(|button| button.word() == word).ok_or(UnknownButton)
    }
}

/// The buttons of a panel that shows this: none where nothing plays, or nobody is there to take a press.
pub(crate) fn buttons(face: &PanelFace) -> Vec<Component> {
    let PanelFace::Track { paused, news, waits, .. } = face else { return Vec::new() };
    let hold = match news {
        Some(PanelNews::Stopped) => return Vec::new(),
        Some(PanelNews::Waits { .. } | PanelNews::StaysAway { .. }) => Button::Resume,
        Some(PanelNews::Resumed { .. }) | None if *paused || for_a_member(*waits) => Button::Resume,
        Some(PanelNews::Resumed { .. }) | None => Button::Pause,
    };
    let components = [Button::Back, hold, Button::Skip, Button::Stop].map(Button::component).into();
    vec![Component::ActionRow(ActionRow { id: None, components })]
}

/// Whether the music waits for a member.
const fn for_a_member(waits: Option<PanelWaits>) -> bool {
    match waits {
        Some(PanelWaits::Halted | PanelWaits::OutOfVoice) => true,
        Some(PanelWaits::Source | PanelWaits::NotHeard(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_known_by_its_id_and_anothers_is_not() {
        for button in Button::ALL {
            let id = format!("refrain:1:{}", button.word());
            assert_eq!(id.parse(), Ok(button));
        }
        for id in ["", "pause", "refrain:2:pause", "refrain:1:", "refrain:1:dance", "refrain:1:pause:3"] {
            assert_eq!(id.parse::<Button>(), Err(UnknownButton), "{id}");
        }
    }
}
