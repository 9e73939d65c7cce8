//! Reads, verifies and seals records of MLSpec, as docs/spec/signing.md and docs/spec/verification.md say.
//!
//! A record is read from an [`Envelope`], and believed because a [`Verifier`] with a [`TrustPolicy`] says so. What
//! comes of it is a [`VerifiedRecord`], which nothing else can make, or an [`Error`] of a [`Kind`].

mod acceptance;
mod envelope;
mod error;
mod json;
mod keys;
mod message;
mod rules;
mod scan;
mod schema;
mod sealing;
mod trust;
mod verified;
mod verifier;
mod versions;
mod wire;

pub use envelope::{Envelope, RECORD_PAYLOAD_TYPE, Signature};
pub use error::{Error, Kind, Violation};
pub use keys::PrivateKey;
pub use rules::{Unchecked, violations};
pub use schema::descriptor;
pub use sealing::seal;
pub use trust::TrustPolicy;
pub use verified::{Signer, VerifiedRecord};
pub use verifier::Verifier;
pub use versions::SPEC_VERSION;

/// The messages of the specification, generated from its .proto files.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/mlspec.v1.rs"));
}
