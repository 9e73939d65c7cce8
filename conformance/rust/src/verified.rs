//! Records that were verified.

use sha2::{Digest, Sha256};

use crate::acceptance::{Accepted, stage_name};
use crate::trust::TrustedKey;
use crate::v1::{Record, RecordHeader, TrustPower, TrustRole};

/// Who made a signature that counts, as the trust file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The key's id, computed from the key.
    pub keyid: String,
    /// Who holds the key.
    pub identity: String,
}

/// A record that can be relied on. Only a [`Verifier`](crate::Verifier) makes one.
#[derive(Debug, Clone)]
pub struct VerifiedRecord {
    payload: Vec<u8>,
    record: Record,
    header: RecordHeader,
    signers: Vec<Signer>,
    roles: Vec<TrustRole>,
    doubts: Vec<String>,
}

impl VerifiedRecord {
    /// Makes one of what the verifier found.
    pub(crate) fn issue(
        payload: Vec<u8>,
        accepted: Accepted,
        counting: &[&TrustedKey],
        roles: Vec<TrustRole>,
    ) -> Self {
        let signer = |key: &&TrustedKey| Signer {
            keyid: key.keyid().into(),
            identity: key.identity().into(),
        };
        Self {
            payload,
            record: accepted.record,
            header: accepted.header,
            signers: counting.iter().map(signer).collect(),
            roles,
            doubts: accepted.doubts,
        }
    }

    /// The record, as far as this version of the specification knows it.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The record's header.
    pub fn header(&self) -> &RecordHeader {
        &self.header
    }

    /// The stage's name in snake case, for example "model_training".
    pub fn stage(&self) -> String {
        stage_name(self.header.stage)
    }

    /// The bytes as they were signed: what is handed on.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The record's identity: the SHA-256 of its payload.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.payload).into()
    }

    /// Who signed, by keys that count.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Names of the roles that were met.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| role.name.as_str())
    }

    /// What those roles may do besides vouching.
    pub fn powers(&self) -> impl Iterator<Item = TrustPower> {
        self.roles.iter().flat_map(TrustRole::powers)
    }

    /// Why this version does not understand the record in full. Empty: it does. Otherwise whoever needs the
    /// record treats it as undecided.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }
}
