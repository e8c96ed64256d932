//! A person in the channel: a member of the group like any other, whose client the simulator runs.

use crate::voice::wire::{DaveMessage, DaveSaid};
use davey::{CommitWelcome, DaveSession, MediaType, ProposalsOperationType};
use std::num::NonZeroU16;

/// One person's end of the group.
#[derive(Debug)]
pub(super) struct Person {
    user: u64,
    channel: u64,
    session: DaveSession,
    external_sender: Option<Vec<u8>>,
    /// The commit this person will send unless another one wins before.
    commit: Option<(f64, Vec<u8>)>,
}

impl Person {
    pub(super) fn new(user: u64, channel: u64) -> anyhow::Result<Self> {
        Ok(Self { user, channel, session: session(user, channel)?, external_sender: None, commit: None })
    }

    /// The server says this; answers come back. A commit is kept until `commit_at_ms`.
    pub(super) fn told(&mut self, message: &DaveMessage, commit_at_ms: f64) -> Told {
        let answers = match message {
            DaveMessage::ExternalSender(package) => {
                self.external_sender = Some(package.clone());
                return self.begin_anew();
            }
            DaveMessage::Proposals { revoke, list } => {
                self.commit = self.proposed(*revoke, list).map(|commit| (commit_at_ms, commit));
                Vec::new()
            }
            DaveMessage::Commit { transition_id, message } => {
                self.commit = None;
                match self.session.process_commit(message) {
                    Ok(()) => ready(*transition_id),
                    Err(error) => {
                        tracing::debug!(%error, user = self.user, "a person could not process a commit");
                        return self.give_up(*transition_id);
                    }
                }
            }
            DaveMessage::Welcome { transition_id, welcome } => {
                self.commit = None;
                match self.session.process_welcome(welcome) {
                    Ok(()) => ready(*transition_id),
                    Err(error) => {
                        tracing::debug!(%error, user = self.user, "a person could not process a welcome");
                        return self.give_up(*transition_id);
                    }
                }
            }
            DaveMessage::PrepareEpoch { epoch: 1, .. } => return self.begin_anew(),
            DaveMessage::PrepareTransition { transition_id, .. } => ready(*transition_id),
            DaveMessage::PrepareEpoch { .. } | DaveMessage::ExecuteTransition { .. } => Vec::new(),
        };
        Told { answers, retired: None }
    }

    fn proposed(&mut self, revoke: bool, list: &[u8]) -> Option<Vec<u8>> {
        let operation = if revoke { ProposalsOperationType::REVOKE } else { ProposalsOperationType::APPEND };
        match self.session.process_proposals(operation, list, None) {
            Ok(Some(CommitWelcome { commit, welcome })) => Some([commit, welcome.unwrap_or_default()].concat()),
            Ok(None) => None,
            Err(error) => {
                tracing::debug!(%error, user = self.user, "a person could not process proposals");
                None
            }
        }
    }

    fn give_up(&mut self, transition_id: u16) -> Told {
        let mut told = self.begin_anew();
        told.answers.insert(0, DaveSaid::InvalidCommitWelcome(transition_id));
        told
    }

    /// A new group of this person's own, and a key package for another's. What was decrypted with until now may still
    /// be needed for a while.
    fn begin_anew(&mut self) -> Told {
        self.commit = None;
        let fresh = session(self.user, self.channel).and_then(|mut fresh| {
            if let Some(package) = &self.external_sender {
                fresh.set_external_sender(package)?;
            }
            let key_package = fresh.create_key_package()?;
            Ok((fresh, key_package))
        });
        match fresh {
            Ok((fresh, key_package)) => {
                let retired = std::mem::replace(&mut self.session, fresh);
                Told { answers: vec![DaveSaid::KeyPackage(key_package)], retired: Some(Ears(retired)) }
            }
            Err(error) => {
                tracing::error!(%error, user = self.user, "beginning a person's end-to-end encrypted session");
                Told { answers: Vec::new(), retired: None }
            }
        }
    }

    /// The commit that it is time to send, if nobody else's won.
    pub(super) fn commit_due(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        self.commit.take_if(|(at_ms, _)| *at_ms <= now_ms).map(|(_, commit)| commit)
    }

    /// When a commit is to be sent.
    pub(super) fn next_ms(&self) -> Option<f64> {
        self.commit.as_ref().map(|(at_ms, _)| *at_ms)
    }

    /// What members of one group in one epoch have in common.
    #[cfg(test)]
    pub(super) fn authenticator(&self) -> Option<Vec<u8>> {
        let session = Some(&self.session).filter(|session| session.is_ready())?;
        session.get_epoch_authenticator().map(|authenticator| authenticator.as_slice().to_vec())
    }

    /// What is inside a frame of this sender; `None` when it cannot be decrypted.
    pub(super) fn hear(&mut self, sender: u64, frame: &[u8]) -> Option<Vec<u8>> {
        self.session.decrypt(sender, MediaType::AUDIO, frame).ok()
    }

    /// What can still be decrypted after the person is gone.
    pub(super) fn into_ears(self) -> Ears {
        Ears(self.session)
    }
}

/// What a person answers.
pub(super) struct Told {
    pub(super) answers: Vec<DaveSaid>,
    /// What the person listened with until now.
    pub(super) retired: Option<Ears>,
}

/// The keys of an earlier group, for frames that were on their way.
#[derive(Debug)]
pub(super) struct Ears(DaveSession);

impl Ears {
    pub(super) fn hear(&mut self, sender: u64, frame: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(sender, MediaType::AUDIO, frame).ok()
    }

    /// Whether there ever was a group to decrypt for.
    pub(super) fn are_open(&self) -> bool {
        self.0.is_ready()
    }
}

fn ready(transition_id: u16) -> Vec<DaveSaid> {
    if transition_id == 0 { Vec::new() } else { vec![DaveSaid::TransitionReady(transition_id)] }
}

fn session(user: u64, channel: u64) -> anyhow::Result<DaveSession> {
    Ok(DaveSession::new(NonZeroU16::MIN, user, channel, None)?)
}
