//! How a source is opened at a position: by asking the input for it, by reading up to it, or else from the start.
//!
//! At position 0 and for what is marked live there is nothing to choose. Otherwise ffmpeg is told to seek in the input,
//! which costs nothing where the server can send ranges. Where that takes its time or fails, the server is asked once
//! what the body is, and [`Attempt`] decides.

use crate::{
    AudioError, AudioErrorKind, OpenAt, PipelineConfig,
    args::{Request, Seek},
    facts::{Knowledge, Told},
    log::SharedLog,
    probe::Probe,
    reader,
    shared::Handle,
};
use refrain_model::MediaLocation;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

/// How long a seek may take before the server is asked what the body is.
const PATIENCE: Duration = Duration::from_secs(1);
/// A position so close to the end is behind it: durations are estimates.
const NEAR_END: Duration = Duration::from_secs(1);

/// What follows while the input seeks, or when that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Go on waiting for the first frame.
    Wait,
    /// Go on waiting, but not for long: all before the position is being read.
    WaitBounded,
    /// The stream is as it was wanted.
    Accept,
    /// Give up with the failure.
    Fail,
    /// Ask the server, then decide.
    Ask,
    /// Read up to the position and throw it away.
    Discard,
    /// Begin at the start, or at the present of a live source.
    Start,
}

/// What came of seeking in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It has not come to anything yet.
    Seeking,
    /// A frame is there.
    Begun,
    /// The input ended without a frame.
    Empty,
    Failed(AudioErrorKind),
}

/// Decides what follows. `asked`: the server was asked, whether it answered or not.
fn step(outcome: Outcome, known: &Knowledge, asked: bool) -> Step {
    match outcome {
        Outcome::Begun => Step::Accept,
        Outcome::Seeking => match (known.is_ranged(), known.is_finite()) {
            (Some(false), Some(false)) => Step::Start,
            // ffmpeg may look for the place at the end of a body that comes at its own pace, or miss it by seconds.
            (Some(false), Some(true)) if known.body.is_some() => Step::Discard,
            (Some(false), Some(true)) => Step::WaitBounded,
            (Some(false), None) if asked => Step::WaitBounded,
            (Some(false) | None, _) | (Some(true), _) => Step::Wait,
        },
        Outcome::Empty if is_behind_the_end(known) => Step::Accept,
        Outcome::Empty => unreached(known, asked, Step::Accept),
        Outcome::Failed(kind) => match kind {
            // The input was understood, and seeking in it fails: what is ranged may still have no index.
            AudioErrorKind::NotAudio | AudioErrorKind::Broken | AudioErrorKind::BrokeOff if known.input.opened => {
                if known.is_finite() == Some(false) {
                    Step::Start
                } else {
                    Step::Discard
                }
            }
            AudioErrorKind::Network | AudioErrorKind::TimedOut if known.input.opened => {
                unreached(known, asked, Step::Fail)
            }
            AudioErrorKind::NotAudio
            | AudioErrorKind::Broken
            | AudioErrorKind::BrokeOff
            | AudioErrorKind::Network
            | AudioErrorKind::TimedOut
            | AudioErrorKind::Gone
            | AudioErrorKind::Forbidden
            | AudioErrorKind::RateLimited
            | AudioErrorKind::Spawn
            | AudioErrorKind::OutOfResources
            | AudioErrorKind::Killed => Step::Fail,
        },
    }
}

/// The input ended before its first frame, well or not: `ranged` is what that means where any position can be asked for.
fn unreached(known: &Knowledge, asked: bool, ranged: Step) -> Step {
    match (known.is_ranged(), known.is_finite()) {
        (Some(true), _) => ranged,
        (Some(false), Some(false)) => Step::Start,
        (Some(false), Some(true)) => Step::Discard,
        (Some(false) | None, _) if !asked => Step::Ask,
        (Some(false), None) => Step::Discard,
        (None, _) => ranged,
    }
}

fn is_behind_the_end(known: &Knowledge) -> bool {
    let end = match known.input.duration {
        Told::Known(duration) => Some(duration),
        Told::NotYet | Told::Unknown => known.at.length,
    };
    end.is_some_and(|end| known.at.position.saturating_add(NEAR_END) >= end)
}

/// A source being opened.
pub(crate) struct Opening<'a> {
    config: &'a PipelineConfig,
    media: &'a MediaLocation,
    at: OpenAt,
    probe: Arc<Probe>,
    /// Of the child that was started last.
    log: Option<SharedLog>,
}

impl<'a> Opening<'a> {
    pub(crate) fn new(config: &'a PipelineConfig, media: &'a MediaLocation, at: OpenAt) -> Result<Self, AudioError> {
        let probe = Arc::new(Probe::new(config.ffmpeg.clone(), Request::probe(config, media)?));
        Ok(Self { config, media, at, probe, log: None })
    }

    pub(crate) async fn run(mut self) -> Result<Handle, AudioError> {
        let limit = self.config.open_timeout;
        if let Ok(opened) = timeout(limit, self.open()).await {
            return opened;
        }
        let said = self.log.map(|log| log.lock().tail()).unwrap_or_default();
        Err(AudioError::new(AudioErrorKind::TimedOut, format!("no sound came within {limit:?}")).said(said))
    }

    async fn open(&mut self) -> Result<Handle, AudioError> {
        let position = self.at.position;
        if self.at.live || position.is_zero() {
            return self.open_with(Seek::Start).await;
        }
        // A third of the time is kept for beginning at the start.
        let bound = Instant::now() + self.config.open_timeout * 2 / 3;
        let (step, handle) = self.seek(bound).await?;
        if let (Step::Accept, Some(handle)) = (step, handle) {
            return Ok(handle);
        }
        if step == Step::Discard {
            match timeout_at(bound, self.open_with(Seek::Discard(position))).await {
                Ok(Ok(handle)) => return Ok(handle),
                Ok(Err(error)) if !is_unreadable(error.kind()) => return Err(error),
                // Too far to read, or not readable: from the start it may be.
                Ok(Err(_)) | Err(_) => {}
            }
        }
        tracing::debug!(?position, "a source cannot be taken to the wanted position; it begins at its start");
        self.open_with(Seek::Start).await
    }

    /// Seeks in the input. With [`Step::Accept`] there is a stream.
    async fn seek(&mut self, bound: Instant) -> Result<(Step, Option<Handle>), AudioError> {
        let handle = self.begin(Seek::Input(self.at.position))?;
        let (shared, probe) = (Arc::clone(&handle.shared), Arc::clone(&self.probe));
        let mut asking = Box::pin(async {
            sleep(PATIENCE).await;
            probe.ask().await
        });
        let mut asked = false;
        let outcome = loop {
            let step = step(Outcome::Seeking, &shared.knowledge(), asked);
            if matches!(step, Step::Start | Step::Discard) {
                return Ok((step, None));
            }
            tokio::select! {
                biased;
                outcome = shared.begun() => break outcome,
                _ = &mut asking, if !asked => asked = true,
                () = sleep_until(bound), if step == Step::WaitBounded => return Ok((Step::Start, None)),
                () = shared.news() => {}
            }
        };
        let kind = match &outcome {
            Ok(()) if shared.has_begun() => Outcome::Begun,
            Ok(()) => Outcome::Empty,
            Err(error) => Outcome::Failed(error.kind()),
        };
        let mut next = step(kind, &shared.knowledge(), asked);
        // Only one may ask at a time: a question that waits unpolled would block the next.
        drop(asking);
        if next == Step::Ask {
            probe.ask().await;
            next = step(kind, &shared.knowledge(), true);
        }
        match (next, outcome) {
            (Step::Fail, Err(error)) => Err(error),
            (next, _) => Ok((next, Some(handle))),
        }
    }

    async fn open_with(&mut self, seek: Seek) -> Result<Handle, AudioError> {
        let handle = self.begin(seek)?;
        handle.shared.begun().await?;
        Ok(handle)
    }

    fn begin(&mut self, seek: Seek) -> Result<Handle, AudioError> {
        let request = Request::new(self.config, self.media, seek)?;
        let handle = reader::start(self.config, self.at, seek.start(), request, Arc::clone(&self.probe))?;
        self.log = Some(handle.shared.log.clone());
        Ok(handle)
    }
}

/// Whether such a failure is about what was read, and not about the way to it.
fn is_unreadable(kind: AudioErrorKind) -> bool {
    matches!(kind, AudioErrorKind::NotAudio | AudioErrorKind::Broken | AudioErrorKind::BrokeOff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{facts::InputFacts, probe::Body};

    const S: fn(u64) -> Duration = Duration::from_secs;
    const FILE: Body = Body { ranges: true, has_length: true, chunked: false, icy: false };
    const UNRANGED: Body = Body { ranges: false, ..FILE };
    const ENDLESS: Body = Body { has_length: false, ..UNRANGED };

    fn known(duration: Told, seek_failed: bool, body: Option<Body>) -> Knowledge {
        let input = InputFacts { opened: true, duration, seek_failed, ..InputFacts::default() };
        Knowledge { at: OpenAt::position(S(30)), input, body, real_time: false }
    }

    #[test]
    fn while_it_seeks_only_an_endless_body_without_ranges_is_given_up_at_once() {
        for (duration, seek_failed, body, expected) in [
            (Told::NotYet, false, None, Step::Wait),
            (Told::NotYet, false, Some(FILE), Step::Wait),
            (Told::NotYet, false, Some(UNRANGED), Step::Discard),
            (Told::NotYet, false, Some(ENDLESS), Step::Start),
            (Told::Unknown, true, Some(ENDLESS), Step::Start),
            (Told::Known(S(60)), true, None, Step::WaitBounded),
            (Told::Unknown, true, None, Step::Wait),
        ] {
            let known = known(duration, seek_failed, body);
            assert_eq!(step(Outcome::Seeking, &known, false), expected, "{known:?}");
        }
    }

    #[test]
    fn a_live_playlist_is_given_up_as_soon_as_it_says_that_it_cannot_seek() {
        let mut playlist = known(Told::Unknown, true, Some(FILE));
        playlist.input.playlist = true;
        assert_eq!(step(Outcome::Seeking, &playlist, false), Step::Start);
    }

    #[test]
    fn an_input_without_a_frame_is_over_only_where_the_position_is_behind_its_end() {
        for (duration, seek_failed, body, expected) in [
            (Told::Known(S(20)), false, None, Step::Accept),
            (Told::Known(S(60)), false, None, Step::Ask),
            (Told::Known(S(60)), true, None, Step::Discard),
            (Told::Unknown, false, Some(FILE), Step::Accept),
            (Told::Unknown, false, Some(UNRANGED), Step::Discard),
            (Told::Unknown, false, Some(ENDLESS), Step::Start),
        ] {
            let known = known(duration, seek_failed, body);
            assert_eq!(step(Outcome::Empty, &known, false), expected, "{known:?}");
        }
    }

    #[test]
    fn a_failure_to_seek_loses_no_track_and_a_failure_of_the_site_stays_one() {
        let lost = Outcome::Failed(AudioErrorKind::Network);
        assert_eq!(step(lost, &known(Told::Unknown, true, Some(UNRANGED)), true), Step::Discard);
        assert_eq!(step(lost, &known(Told::Unknown, true, None), false), Step::Ask);
        assert_eq!(step(lost, &known(Told::Unknown, false, Some(FILE)), true), Step::Fail);
        assert_eq!(step(lost, &known(Told::Unknown, false, None), true), Step::Fail, "the server does not answer");
        assert_eq!(step(lost, &Knowledge::default(), false), Step::Fail, "it never answered");
        for kind in [AudioErrorKind::Forbidden, AudioErrorKind::Gone, AudioErrorKind::RateLimited] {
            assert_eq!(step(Outcome::Failed(kind), &known(Told::Unknown, true, Some(UNRANGED)), true), Step::Fail);
        }
        let broken = Outcome::Failed(AudioErrorKind::Broken);
        assert_eq!(step(broken, &known(Told::Known(S(60)), false, Some(FILE)), false), Step::Discard);
    }
}
