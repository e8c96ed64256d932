//! The voice gateway as the groups' authentication service: its keys as external sender, the proposals it signs, and the
//! key packages it lets in.

use super::{leaf::is_key_package, tls::vector};
use openmls::prelude::{
    BasicCredential, Ciphersuite, ExternalProposal, ExternalSender, GroupEpoch, GroupId, KeyPackage, KeyPackageIn,
    LeafNodeIndex, MlsMessageOut, OpenMlsCrypto, OpenMlsProvider, ProtocolVersion, SenderExtensionIndex,
    tls_codec::{DeserializeBytes, Serialize},
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::{HashType, SignatureScheme},
};
use p256::{
    ecdsa::{Signature, SigningKey, signature::RandomizedSigner},
    elliptic_curve::rand_core::OsRng,
};

/// The MLS cipher suite of version 1 of the protocol.
pub(super) const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256;

/// The first bytes of a key package that is wrapped in an MLSMessage: MLS 1.0, `mls_key_package`.
const WRAPPED: [u8; 4] = [0, 1, 0, 5];

/// The external sender of one channel's groups.
pub(super) struct Authority {
    provider: OpenMlsRustCrypto,
    signer: Gateway,
    group_id: GroupId,
    package: Vec<u8>,
}

/// The gateway's key. Its signatures are never the same twice, so that a proposal which is signed once more has another
/// reference.
struct Gateway(SigningKey);

impl Signer for Gateway {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature: Signature =
            self.0.try_sign_with_rng(&mut OsRng, payload).map_err(|_| SignerError::SigningError)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SUITE.signature_algorithm()
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A member's key package that was found good.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    key_package: KeyPackage,
    /// What a Welcome names it by.
    pub(super) reference: Vec<u8>,
    pub(super) signature_key: Vec<u8>,
}

/// A proposal that was signed.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// The MLSMessage.
    pub(super) message: Vec<u8>,
    /// What a commit names it by.
    pub(super) reference: Vec<u8>,
}

impl Authority {
    /// With fresh keys, for the groups of this channel.
    pub(super) fn new(channel: u64) -> anyhow::Result<Self> {
        let signer = Gateway(SigningKey::random(&mut OsRng));
        let public = signer.0.verifying_key().to_encoded_point(false);
        let credential = BasicCredential::new(vec![0; 8]);
        let package = ExternalSender::new(public.as_bytes().into(), credential.into()).tls_serialize_detached()?;
        let group_id = GroupId::from_slice(&channel.to_be_bytes());
        Ok(Self { provider: OpenMlsRustCrypto::default(), signer, group_id, package })
    }

    /// The payload of op 25.
    pub(super) fn package(&self) -> Vec<u8> {
        self.package.clone()
    }

    pub(super) fn group_id(&self) -> &[u8] {
        self.group_id.as_slice()
    }

    /// Checks a key package as the whitepaper's "Validation" wants it; the error says what is wrong.
    pub(super) fn admit(&self, user: u64, payload: &[u8]) -> Result<Candidate, &'static str> {
        // The whitepaper has it wrapped in an MLSMessage; clients send it bare. Both are unmistakable.
        let bare = payload.strip_prefix(&WRAPPED).unwrap_or(payload);
        if !is_key_package(bare) {
            return Err("the key package cannot be decoded");
        }
        let parsed =
            KeyPackageIn::tls_deserialize_exact_bytes(bare).map_err(|_| "the key package cannot be decoded")?;
        let crypto = self.provider.crypto();
        let key_package =
            parsed.validate(crypto, ProtocolVersion::Mls10).map_err(|_| "the key package is not valid")?;
        let leaf = key_package.leaf_node();
        let lifetime = key_package.life_time();
        if key_package.ciphersuite() != SUITE {
            return Err("the key package is of another cipher suite");
        }
        let is_basic = BasicCredential::try_from(leaf.credential().clone())
            .is_ok_and(|credential| credential.identity() == user.to_be_bytes());
        if !is_basic {
            return Err("the credential is not a basic one with the user's id");
        }
        if (lifetime.not_before(), lifetime.not_after()) != (0, u64::MAX) {
            return Err("the lifetime is not from 0 to 2^64-1");
        }
        let reference = key_package.hash_ref(crypto).map_err(|_| "the key package cannot be hashed")?;
        let signature_key = leaf.signature_key().as_slice().to_vec();
        Ok(Candidate { reference: reference.as_slice().to_vec(), signature_key, key_package })
    }

    /// Proposes that the candidate be added in this epoch.
    pub(super) fn add(&self, candidate: &Candidate, epoch: u64) -> anyhow::Result<Signed> {
        let proposal = ExternalProposal::new_add::<OpenMlsRustCrypto>(
            candidate.key_package.clone(),
            self.group_id.clone(),
            GroupEpoch::from(epoch),
            &self.signer,
            SenderExtensionIndex::new(0),
        )?;
        self.signed(&proposal)
    }

    /// Proposes that the member at this leaf be removed in this epoch.
    pub(super) fn remove(&self, leaf: u32, epoch: u64) -> anyhow::Result<Signed> {
        let proposal = ExternalProposal::new_remove::<OpenMlsRustCrypto>(
            LeafNodeIndex::new(leaf),
            self.group_id.clone(),
            GroupEpoch::from(epoch),
            &self.signer,
            SenderExtensionIndex::new(0),
        )?;
        self.signed(&proposal)
    }

    fn signed(&self, proposal: &MlsMessageOut) -> anyhow::Result<Signed> {
        let message = proposal.tls_serialize_detached()?;
        // An MLSMessage is the protocol's version and what the reference is made of (RFC 9420, section 5.2).
        let content = message.get(2..).unwrap_or_default();
        let input = [vector(b"MLS 1.0 Proposal Reference"), vector(content)].concat();
        let reference = self.provider.crypto().hash(HashType::Sha2_256, &input)?;
        Ok(Signed { message, reference })
    }
}
