//! A client behind a line: an independent implementation of the protocol.

use super::CHANNEL;
use crate::voice::wire::{DaveMessage, DaveSaid};
use davey::{DaveSession, ProposalsOperationType};
use std::{collections::VecDeque, num::NonZeroU16};

/// A client as libraries write it.
pub(super) struct Client {
    pub(super) user: u64,
    pub(super) ssrc: u32,
    /// Nothing for one that speaks no version.
    pub(super) session: Option<DaveSession>,
    version: u16,
    pub(super) inbox: VecDeque<DaveMessage>,
    pub(super) outbox: VecDeque<DaveSaid>,
    /// The opcodes' names, as they were heard.
    pub(super) heard: Vec<String>,
    /// Whether it tells that it is ready for transitions.
    pub(super) is_cooperative: bool,
    /// Whether it left its group by itself and was not welcomed to another one yet: then it cannot follow the old one.
    is_lost: bool,
}

impl Client {
    pub(super) fn new(user: u64, ssrc: u32, speaks: bool, version: u16) -> Self {
        let session = speaks.then(|| DaveSession::new(NonZeroU16::MIN, user, CHANNEL, None).unwrap());
        let mut client = Self {
            user,
            ssrc,
            session,
            version,
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            heard: Vec::new(),
            is_cooperative: true,
            is_lost: false,
        };
        if version > 0 {
            client.send_key_package();
        }
        client
    }

    fn session(&mut self) -> &mut DaveSession {
        self.session.as_mut().unwrap()
    }

    fn send_key_package(&mut self) {
        let key_package = self.session().create_key_package().unwrap();
        self.outbox.push_back(DaveSaid::KeyPackage(key_package));
    }

    fn begin_anew(&mut self) {
        let user = self.user;
        self.session().reinit(NonZeroU16::MIN, user, CHANNEL, None).unwrap();
        self.send_key_package();
    }

    /// Takes the next message from the line, if there is one.
    pub(super) fn hear(&mut self) -> bool {
        let Some(message) = self.inbox.pop_front() else {
            return false;
        };
        let name = format!("{message:?}");
        self.heard.push(name.split([' ', '(']).next().unwrap_or_default().to_owned());
        match message {
            DaveMessage::ExternalSender(package) => self.session().set_external_sender(&package).unwrap(),
            DaveMessage::Proposals { revoke, list } => {
                let operation = if revoke { ProposalsOperationType::REVOKE } else { ProposalsOperationType::APPEND };
                let made = self.session().process_proposals(operation, &list, None);
                assert!(made.is_ok() || self.is_lost, "{:?} after {:?}", made.err(), self.heard);
                if let Ok(Some(made)) = made {
                    let payload = [made.commit, made.welcome.unwrap_or_default()].concat();
                    self.outbox.push_back(DaveSaid::CommitWelcome(payload));
                }
            }
            DaveMessage::Commit { transition_id, message } => {
                let result = self.session().process_commit(&message).is_ok();
                self.processed(result, transition_id);
            }
            DaveMessage::Welcome { transition_id, welcome } => {
                let result = self.session().process_welcome(&welcome).is_ok();
                self.is_lost &= !result;
                self.processed(result, transition_id);
            }
            DaveMessage::PrepareEpoch { protocol_version, epoch } => {
                assert_eq!(epoch, 1);
                self.version = protocol_version;
                self.is_lost = false;
                self.begin_anew();
            }
            DaveMessage::PrepareTransition { transition_id: 0, protocol_version } => self.version = protocol_version,
            DaveMessage::PrepareTransition { transition_id, protocol_version } => {
                assert_eq!(protocol_version, 0);
                self.ready(transition_id);
            }
            DaveMessage::ExecuteTransition { .. } => {
                if self.heard.iter().rev().nth(1).is_some_and(|before| before == "PrepareTransition") {
                    self.version = 0;
                }
            }
        }
        true
    }

    fn processed(&mut self, is_valid: bool, transition_id: u16) {
        if !is_valid {
            self.give_up(transition_id);
        } else if transition_id != 0 {
            self.ready(transition_id);
        }
    }

    pub(super) fn give_up(&mut self, transition_id: u16) {
        self.outbox.push_back(DaveSaid::InvalidCommitWelcome(transition_id));
        self.is_lost = true;
        self.begin_anew();
    }

    fn ready(&mut self, transition_id: u16) {
        if self.is_cooperative {
            self.outbox.push_back(DaveSaid::TransitionReady(transition_id));
        }
    }

    /// A frame as it would be sent now.
    pub(super) fn frame(&mut self, opus: &[u8]) -> Vec<u8> {
        match &mut self.session {
            Some(session) if self.version > 0 && session.is_ready() => session.encrypt_opus(opus).unwrap().into_owned(),
            Some(_) | None => opus.to_vec(),
        }
    }

    /// What members of one group in one epoch have in common.
    pub(super) fn authenticator(&self) -> Option<Vec<u8>> {
        let session = self.session.as_ref().filter(|session| session.is_ready())?;
        session.get_epoch_authenticator().map(|authenticator| authenticator.as_slice().to_vec())
    }
}
