//! The sources that a guild has open or is opening.

use super::{caught::caught, message::Finding};
use crate::{registry::Shared, unix::unix_ms};
use refrain_audio::{AudioErrorKind, EndReason, FrameStream, OpenAt, PipelineConfig};
use refrain_extract::MediaPass;
use refrain_guild::{FailureClass, OpenSource, SourceEvent, SourceFailure, SourceId, SourceReading};
use refrain_model::{GuildId, Track};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// See the module. Dropping it closes them all.
#[derive(Default)]
pub(super) struct Sources {
    sources: BTreeMap<SourceId, Source>,
    attached: Option<SourceId>,
}

enum Source {
    /// Dropping the task ends its children.
    Opening(#[expect(dead_code, reason = "held for its drop")] AbortOnDropHandle<()>),
    Open(Readable),
}

/// A stream that is open, and what its reader may reach the network with.
pub(super) struct Readable {
    stream: FrameStream,
    pass: MediaPass,
}

impl Sources {
    /// Begins to open a source. The result arrives as a [`Finding`].
    pub(super) fn open(
        &mut self,
        guild: GuildId,
        shared: &Arc<Shared>,
        wanted: OpenSource,
        findings: mpsc::UnboundedSender<Finding>,
    ) {
        let (id, shared) = (wanted.id, shared.clone());
        let task = tokio::spawn(async move {
            let result = caught(open(guild, &shared, &wanted)).await.unwrap_or_else(|panicked| {
                tracing::error!(guild_id = %guild, panic = panicked.0, "opening a source panicked: this is a bug, please report it");
                Err(bug())
            });
            // An error says that the actor has ended.
            let _ = findings.send(Finding::Opened { id, result });
        });
        self.sources.insert(id, Source::Opening(AbortOnDropHandle::new(task)));
    }

    /// Takes the result of an opening. `None` where the source was closed meanwhile.
    pub(super) fn opened(&mut self, id: SourceId, result: Result<Readable, SourceFailure>) -> Option<SourceEvent> {
        let Some(source @ Source::Opening(_)) = self.sources.get_mut(&id) else {
            if let Ok(open) = result {
                open.stream.close();
            }
            return None;
        };
        Some(match result {
            Ok(open) => {
                let event = SourceEvent::Opened { from: open.stream.start(), facts: open.stream.facts() };
                *source = Source::Open(open);
                event
            }
            Err(failure) => {
                self.sources.remove(&id);
                SourceEvent::OpenFailed(failure)
            }
        })
    }

    /// Closes a source, or gives up opening it.
    pub(super) fn close(&mut self, id: SourceId) {
        if let Some(Source::Open(open)) = self.sources.remove(&id) {
            open.stream.close();
        }
        self.attached = self.attached.filter(|attached| *attached != id);
    }

    /// The driver takes frames from this source from now on. Gives its stream.
    pub(super) fn attach(&mut self, id: Option<SourceId>) -> Option<FrameStream> {
        let stream = id.and_then(|id| self.stream(id)).cloned();
        self.attached = id.filter(|_| stream.is_some());
        stream
    }

    /// Whether the driver takes frames from this source.
    pub(super) fn is_attached(&self, id: SourceId) -> bool {
        self.attached == Some(id)
    }

    pub(super) fn stream(&self, id: SourceId) -> Option<&FrameStream> {
        match self.sources.get(&id)? {
            Source::Open(open) => Some(&open.stream),
            Source::Opening(_) => None,
        }
    }

    /// How far the attached source has flowed.
    pub(super) fn reading(&self) -> Option<SourceReading> {
        let id = self.attached?;
        let stream = self.stream(id)?;
        Some(SourceReading { id, flowed: stream.position(), live: stream.facts().live })
    }

    /// How long the site asked a source's reader to wait.
    pub(super) fn retry_after(&self, id: SourceId) -> Option<Duration> {
        match self.sources.get(&id)? {
            Source::Open(open) => open.pass.retry_after(),
            Source::Opening(_) => None,
        }
    }

    /// Which of the open sources a stream is.
    pub(super) fn id_of(&self, stream: &FrameStream) -> Option<SourceId> {
        let open = self.sources.iter();
        open.filter(|(_, source)| matches!(source, Source::Open(open) if open.stream.is_same(stream)))
            .map(|(id, _)| *id)
            .next()
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        for source in self.sources.values() {
            if let Source::Open(open) = source {
                open.stream.close();
            }
        }
    }
}

/// What the end of a stream means to the guild. The operator reads the detail that the guild does not need.
pub(super) fn ended(guild: GuildId, stream: &FrameStream, reason: EndReason, asked: Option<Duration>) -> SourceEvent {
    let (at, live) = (stream.position(), stream.facts().live);
    match reason {
        EndReason::Finished => SourceEvent::Ended { at, live },
        EndReason::Failed(kind) => {
            let failure = match stream.failure() {
                Some(error) => {
                    tracing::warn!(guild_id = %guild, position = ?at, %error, "a source broke off");
                    error.failure()
                }
                None => broke(guild, at, kind),
            };
            let retry_after = failure.retry_after.or(asked);
            SourceEvent::Broke { at, live, failure: SourceFailure { retry_after, ..failure } }
        }
    }
}

fn broke(guild: GuildId, at: Duration, kind: AudioErrorKind) -> SourceFailure {
    tracing::warn!(guild_id = %guild, position = ?at, ?kind, "a source broke off");
    kind.failure()
}

/// Finds out where the sound is, and reads it until its first frame is there.
async fn open(guild: GuildId, shared: &Shared, wanted: &OpenSource) -> Result<Readable, SourceFailure> {
    let OpenSource { id: SourceId(source), track, from, volume } = wanted;
    let began = unix_ms();
    let found = shared.extractor.resolve(&track.info.page_url, guild).await.map_err(|error| {
        tracing::warn!(guild_id = %guild, source, track = %track.info.title, %error, "a source cannot be resolved");
        error.failure()
    })?;
    // Whatever the embedder has set: what members ask for goes through the egress guard.
    let pass = shared.extractor.media_pass().map_err(|error| {
        tracing::error!(guild_id = %guild, source, %error, "a source cannot be opened");
        error.failure()
    })?;
    let proxy = Some(pass.proxy().as_str().to_owned());
    let pipeline = PipelineConfig { volume_percent: *volume, proxy, ..shared.settings.pipeline.clone() };
    let at = OpenAt { position: *from, live: found.live, length: found.length.or_else(|| length(track)) };
    let stream = FrameStream::open(&pipeline, &found.media, at).await.map_err(|error| {
        tracing::warn!(guild_id = %guild, source, track = %track.info.title, %error, "a source cannot be opened");
        let failure = error.failure();
        SourceFailure { retry_after: failure.retry_after.or_else(|| pass.retry_after()), ..failure }
    })?;
    let took_ms = unix_ms().saturating_sub(began);
    tracing::debug!(guild_id = %guild, source, ?from, begins = ?stream.start(), took_ms, "a source is open");
    Ok(Readable { stream, pass })
}

/// The length that was known when the track was looked up.
fn length(track: &Track) -> Option<Duration> {
    track.info.duration.filter(|_| !track.info.live)
}

pub(super) const fn bug() -> SourceFailure {
    SourceFailure::new(
        FailureClass::Machine,
        "panic",
        "Something broke on my side. My operator finds the reason in the log.",
    )
}
