//! Sealing and verifying, as the kit asks for it.

use mlspec::{Envelope, Error, Kind, PrivateKey, TrustPolicy, VerifiedRecord, Verifier};

use crate::exchange::response::Result as Answer;
use crate::exchange::verify::Envelope as Form;
use crate::exchange::{Refusal, Refused, RuleViolation, Seal, Sealed, Verified, Verify};

/// Seals the bytes of a record.
pub fn seal(task: Seal) -> Answer {
    let key = match PrivateKey::from_pem(&task.private_key) {
        Ok(key) => key,
        Err(error) => return Answer::Failure(error.to_string()),
    };
    match mlspec::seal(task.payload, &key, &task.reader_version) {
        Ok(envelope) => Answer::Sealed(Sealed {
            envelope: envelope.to_json(),
        }),
        Err(error) => Answer::Refused(refused(&error)),
    }
}

/// Verifies an envelope.
pub fn verify(task: Verify) -> Answer {
    match verified(task) {
        Ok(record) => Answer::Verified(Verified {
            payload_sha256: record.sha256().to_vec(),
            payload: record.payload().to_vec(),
            keyids: record
                .signers()
                .iter()
                .map(|signer| signer.keyid.clone())
                .collect(),
            roles: record.roles().map(str::to_owned).collect(),
            fully_understood: record.doubts().is_empty(),
        }),
        Err(error) => Answer::Refused(refused(&error)),
    }
}

fn verified(task: Verify) -> Result<VerifiedRecord, Error> {
    let trust = TrustPolicy::from_json(&task.trust)?;
    let envelope = match task.envelope.unwrap_or(Form::Json(Vec::new())) {
        Form::Json(data) => Envelope::from_json(&data)?,
        Form::Binary(data) => Envelope::from_bytes(&data)?,
    };
    Verifier::new(&trust)
        .at(task.at.unwrap_or_default())
        .understanding(task.understood_annotations)
        .reader_version(task.reader_version)
        .verify(&envelope)
}

fn refused(error: &Error) -> Refused {
    let refusal = match error.kind() {
        Kind::Tampered => Refusal::Tampered,
        Kind::Unacceptable => Refusal::Unacceptable,
        Kind::Unreadable => Refusal::Unreadable,
        Kind::Untrusted => Refusal::Untrusted,
    };
    Refused {
        refusal: refusal.into(),
        reason: error.to_string(),
        violations: error.violations().iter().map(violation).collect(),
    }
}

/// Returns a broken rule as the kit writes it.
pub fn violation(found: &mlspec::Violation) -> RuleViolation {
    RuleViolation {
        path: found.path.clone(),
        rule_id: found.rule_id.clone(),
    }
}
