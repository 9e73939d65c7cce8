//! Verification. Its steps are numbered once, at [`Verifier::verify`].

use std::collections::HashSet;
use std::time::SystemTime;

use prost_types::Timestamp;

use crate::acceptance::{Accepted, Understood, accept, stage_name};
use crate::envelope::{Envelope, RECORD_PAYLOAD_TYPE, Signature};
use crate::error::{Error, Kind, Problem};
use crate::trust::{self, TrustPolicy, TrustedKey};
use crate::v1::TrustRole;
use crate::verified::VerifiedRecord;
use crate::versions::SPEC_VERSION;

/// Verifies sealed records by one trust file.
#[derive(Debug, Clone)]
pub struct Verifier<'a> {
    trust: &'a TrustPolicy,
    moment: Option<Timestamp>,
    understood: HashSet<String>,
    reader_version: String,
}

/// What the signatures of an envelope are worth.
struct Checked<'a> {
    counting: Vec<&'a TrustedKey>,
    /// Signatures that claim a trusted key and do not fit it.
    misfits: Vec<usize>,
}

impl<'a> Verifier<'a> {
    /// Makes one that judges keys now and acts on no must-understand annotation.
    pub fn new(trust: &'a TrustPolicy) -> Self {
        let reader_version = SPEC_VERSION.to_owned();
        Self {
            trust,
            moment: None,
            understood: HashSet::new(),
            reader_version,
        }
    }

    /// Judges keys at a time that the caller vouches for.
    #[must_use]
    pub fn at(mut self, moment: Timestamp) -> Self {
        self.moment = Some(moment);
        self
    }

    /// Names the must-understand annotations that the caller acts on.
    #[must_use]
    pub fn understanding(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.understood = names.into_iter().collect();
        self
    }

    /// Reads as a program does that knows the specification up to this version.
    #[must_use]
    pub fn reader_version(mut self, version: impl Into<String>) -> Self {
        self.reader_version = version.into();
        self
    }

    /// Verifies a sealed record, by the steps of "One record" in docs/spec/verification.md.
    ///
    /// # Errors
    ///
    /// An [`Error`] of any [`Kind`] but unreadable.
    pub fn verify(&self, envelope: &Envelope) -> Result<VerifiedRecord, Error> {
        // 1. The trust file.
        self.trust
            .require_usable()
            .map_err(|problem| problem.of(Kind::Untrusted))?;
        // 2 and 3. Signatures, and the keys that made them.
        let checked = self.check_signatures(envelope);
        if checked.counting.is_empty() {
            return Err(nobody(&checked));
        }
        // 4. The type.
        if envelope.payload_type != RECORD_PAYLOAD_TYPE {
            let words = format!(
                "must be {RECORD_PAYLOAD_TYPE} (got {:?})",
                envelope.payload_type
            );
            let problem = Problem::new("envelope.payload_type", "payload_type", words);
            return Err(problem.of(Kind::Unacceptable));
        }
        // 5 to 8. The payload: parsing, versions and unknown fields, stage, rules.
        let understood = Understood::Named(&self.understood);
        let accepted = accept(&envelope.payload, &self.reader_version, &understood)?;
        // 9. Roles.
        let roles = self.roles_met(&checked, &accepted)?;
        Ok(VerifiedRecord::issue(
            envelope.payload.clone(),
            accepted,
            &checked.counting,
            roles,
        ))
    }

    fn check_signatures(&self, envelope: &Envelope) -> Checked<'a> {
        let data = envelope.signed_bytes();
        let now = Timestamp::from(SystemTime::now());
        let moment = self.moment.as_ref().unwrap_or(&now);
        let mut made: Vec<&TrustedKey> = Vec::new();
        let mut misfits = Vec::new();
        for (index, signature) in envelope.signatures.iter().enumerate() {
            match self.maker(signature, &data) {
                Some(key) if made.iter().all(|each| each.keyid() != key.keyid()) => made.push(key),
                Some(_) => {}
                None if self.trust.key(&signature.keyid).is_some() => misfits.push(index),
                None => {}
            }
        }
        made.retain(|key| key.counts(moment));
        Checked {
            counting: made,
            misfits,
        }
    }

    /// Finds the trusted key that made a signature; its key id only says where to begin.
    fn maker(&self, signature: &Signature, data: &[u8]) -> Option<&'a TrustedKey> {
        let hinted = self.trust.key(&signature.keyid).into_iter();
        let others = self
            .trust
            .keys()
            .iter()
            .filter(|key| key.keyid() != signature.keyid);
        hinted
            .chain(others)
            .find(|key| key.public.fits(&signature.sig, data))
    }

    fn roles_met(
        &self,
        checked: &Checked<'_>,
        accepted: &Accepted,
    ) -> Result<Vec<TrustRole>, Error> {
        let (stage, namespace) = (accepted.header.stage, &accepted.header.namespace_name);
        let roles = self.trust.roles().iter();
        let met: Vec<TrustRole> = roles
            .filter(|role| trust::is_met(role, stage, namespace, &checked.counting))
            .cloned()
            .collect();
        if !met.is_empty() {
            return Ok(met);
        }
        if let Some(index) = checked.misfits.first() {
            return Err(tampered(*index));
        }
        let stage = stage_name(stage);
        let words = format!("must meet a role for {stage} in namespace {namespace:?}");
        Err(Problem::new("role.missing", "signatures", words).of(Kind::Untrusted))
    }
}

fn nobody(checked: &Checked<'_>) -> Error {
    if let Some(index) = checked.misfits.first() {
        return tampered(*index);
    }
    let words = "must hold one of a key that the trust file knows and that counts";
    Problem::new("signature.unknown_key", "signatures", words).of(Kind::Untrusted)
}

fn tampered(index: usize) -> Error {
    let words = "must be over this payload and type by the trusted key that it names";
    Problem::new("signature.misfit", format!("signatures[{index}]"), words).of(Kind::Tampered)
}
