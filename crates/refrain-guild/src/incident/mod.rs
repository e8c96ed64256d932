//! What members are told without having asked: about the voice connection, about sources, and in which message.

mod source;
mod timeline;
mod view;
mod voice;
#[cfg(test)]
mod voice_tests;

pub(crate) use source::{SourceIncidents, SourceView};
pub(crate) use view::{Now, Phase, Step, Told, View, Word};
pub(crate) use voice::VoiceIncidents;
