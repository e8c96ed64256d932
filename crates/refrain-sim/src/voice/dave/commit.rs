//! Op 28, as far as the delivery service looks into it: which proposals a commit refers to, who made it, and for whom
//! its welcome is. What only members can check (signatures over the group's tree) is left to them.

use super::{
    leaf::{LeafIdentity, skip_vectors},
    tls::{Reader, vector},
};

const MLS_10: u16 = 1;
const PUBLIC_MESSAGE: u16 = 1;
const SENDER_MEMBER: u8 = 1;
const CONTENT_COMMIT: u8 = 3;
const PROPOSAL_REFERENCE: u8 = 2;

/// A commit and its welcome, taken apart.
#[derive(Debug)]
pub(super) struct CommitWelcome {
    /// The commit's message as it came.
    pub(super) message: Vec<u8>,
    pub(super) group_id: Vec<u8>,
    pub(super) epoch: u64,
    /// The leaf of the member who made it.
    pub(super) sender: u32,
    /// The proposals it refers to, in its order.
    pub(super) references: Vec<Vec<u8>>,
    /// The committer's new leaf, where there is one.
    pub(super) leaf: Option<LeafIdentity>,
    pub(super) welcome: Option<Welcome>,
}

/// A welcome, and the secrets in it by the key package that they are for.
#[derive(Debug)]
pub(super) struct Welcome {
    cipher_suite: u16,
    secrets: Vec<(Vec<u8>, Vec<u8>)>,
    group_info: Vec<u8>,
}

impl CommitWelcome {
    /// Takes the payload of op 28 apart; the error says what is not as it should be.
    pub(super) fn read(payload: &[u8]) -> Result<Self, &'static str> {
        let mut reader = Reader::new(payload);
        let mut commit = Self::of_message(&mut reader)?;
        let rest = reader.rest();
        commit.message = payload[..payload.len() - rest.len()].to_vec();
        if !rest.is_empty() {
            commit.welcome = Some(Welcome::read(rest).ok_or("what follows the commit is not a Welcome")?);
        }
        Ok(commit)
    }

    fn of_message(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        if (reader.u16(), reader.u16()) != (Some(MLS_10), Some(PUBLIC_MESSAGE)) {
            return Err("the message is no PublicMessage of MLS 1.0");
        }
        let short = "the message is cut short";
        let group_id = reader.vector().ok_or(short)?.to_vec();
        let epoch = reader.u64().ok_or(short)?;
        if reader.u8() != Some(SENDER_MEMBER) {
            return Err("the commit is not by a member");
        }
        let sender = reader.u32().ok_or(short)?;
        reader.vector().ok_or(short)?;
        if reader.u8() != Some(CONTENT_COMMIT) {
            return Err("the message is no commit");
        }
        let mut proposals = Reader::new(reader.vector().ok_or(short)?);
        let mut references = Vec::new();
        while !proposals.is_empty() {
            if proposals.u8() != Some(PROPOSAL_REFERENCE) {
                return Err("the commit has a proposal of its own in it");
            }
            references.push(proposals.vector().ok_or(short)?.to_vec());
        }
        let leaf = match reader.u8() {
            Some(0) => None,
            Some(1) => Some(read_path(reader).ok_or("the commit's path is not as it should be")?),
            _ => return Err(short),
        };
        // The signature, the confirmation tag and the membership tag.
        skip_vectors(reader, 3).ok_or(short)?;
        Ok(Self { message: Vec::new(), group_id, epoch, sender, references, leaf, welcome: None })
    }
}

/// An UpdatePath: the committer's new leaf, then the nodes above it with a secret for each part of the tree beside them.
fn read_path(reader: &mut Reader<'_>) -> Option<LeafIdentity> {
    let leaf = LeafIdentity::read(reader)?;
    let mut nodes = Reader::new(reader.vector()?);
    while !nodes.is_empty() {
        nodes.vector()?;
        let mut secrets = Reader::new(nodes.vector()?);
        while !secrets.is_empty() {
            skip_vectors(&mut secrets, 2)?;
        }
    }
    Some(leaf)
}

impl Welcome {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let cipher_suite = reader.u16()?;
        let mut list = Reader::new(reader.vector()?);
        let mut secrets = Vec::new();
        while !list.is_empty() {
            let newcomer = list.vector()?;
            let (output, text) = (list.vector()?, list.vector()?);
            secrets.push((newcomer.to_vec(), [vector(newcomer), vector(output), vector(text)].concat()));
        }
        let group_info = vector(reader.vector()?);
        reader.is_empty().then_some(Self { cipher_suite, secrets, group_info })
    }

    /// The Welcome with nothing in it but what is for the member with this key package.
    pub(super) fn for_one(&self, key_package: &[u8]) -> Option<Vec<u8>> {
        let (_, secrets) = self.secrets.iter().find(|(newcomer, _)| newcomer == key_package)?;
        Some([&self.cipher_suite.to_be_bytes()[..], &vector(secrets), &self.group_info].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = CommitWelcome::read(&bytes);
            let _ = CommitWelcome::read(&[&[0, 1, 0, 1, 0][..], &bytes].concat());
            let _ = read_path(&mut Reader::new(&bytes));
            let _ = Welcome::read(&bytes);
        }
    }

    #[test]
    fn a_welcome_is_cut_down_to_one_newcomer() {
        let secret = |name: &[u8]| [vector(name), vector(b"output"), vector(b"text")].concat();
        let secrets = [secret(b"ada"), secret(b"bob")].concat();
        let bytes = [&[0, 2][..], &vector(&secrets), &vector(b"info")].concat();
        let welcome = Welcome::read(&bytes).unwrap();
        let expected = [&[0, 2][..], &vector(&secret(b"bob")), &vector(b"info")].concat();
        assert_eq!(welcome.for_one(b"bob"), Some(expected));
        assert_eq!(welcome.for_one(b"eve"), None);
    }
}
