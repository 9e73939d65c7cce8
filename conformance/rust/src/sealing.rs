//! Sealing: a record that was encoded once is signed as it is, or not at all.

use crate::acceptance::{self, Understood};
use crate::envelope::{Envelope, RECORD_PAYLOAD_TYPE, Signature, pae};
use crate::error::{Error, Kind, Problem};
use crate::keys::PrivateKey;

/// Seals the bytes of a record, by steps 1 to 6 of docs/spec/signing.md.
///
/// `own_version` is the version of the specification that the signer knows.
///
/// # Errors
///
/// [`Kind::Unacceptable`] for a record that no signer seals.
pub fn seal(payload: Vec<u8>, key: &PrivateKey, own_version: &str) -> Result<Envelope, Error> {
    let parsed = acceptance::parse_record(&payload)?;
    if let Some(path) = &parsed.unknown {
        let words = "must be a field that this version knows";
        return Err(unsealable("record.unknown_field", path, words.to_owned()));
    }
    let accepted = acceptance::judge(&parsed, own_version, &Understood::All)?;
    let version = &accepted.header.spec_version;
    let newer = acceptance::is_newer(&accepted.header, own_version);
    if newer.map_err(|problem| problem.of(Kind::Unacceptable))? {
        let words = format!("must not be newer than the signer, {own_version} (got {version})");
        return Err(unsealable("version.newer", "header.spec_version", words));
    }
    let sig = key.sign(&pae(RECORD_PAYLOAD_TYPE, &payload));
    let signatures = vec![Signature {
        sig,
        keyid: key.keyid(),
    }];
    Ok(Envelope {
        payload,
        payload_type: RECORD_PAYLOAD_TYPE.to_owned(),
        signatures,
    })
}

fn unsealable(id: &'static str, path: &str, words: String) -> Error {
    Problem::new(id, path, words).of(Kind::Unacceptable)
}
