//! Key pairs: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5).

use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, Document, EncodePublicKey};
use ed25519_dalek::{Signer, Verifier};
use p256::ecdsa;
use sha2::{Digest, Sha256};

use crate::error::{Error, Kind, Problem};
use crate::v1::KeyAlgorithm;

/// A key that signatures are checked with. Its algorithm is the key's, whatever an envelope says.
#[derive(Debug, Clone)]
pub(crate) enum PublicKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in PEM. There is one spelling of a key, so that it has one id.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, Problem> {
        let wrong = || {
            wrong_key(
                "public",
                "SubjectPublicKeyInfo, a named curve, an uncompressed point",
            )
        };
        let (label, der) = Document::from_pem(pem).map_err(|_| wrong())?;
        let edwards = ed25519_dalek::VerifyingKey::from_public_key_der(der.as_bytes());
        let key = edwards
            .map(Self::Ed25519)
            .or_else(|_| ecdsa::VerifyingKey::from_public_key_der(der.as_bytes()).map(Self::P256));
        let key = key.map_err(|_| wrong())?;
        let canonical = label == "PUBLIC KEY" && key.der().as_bytes() == der.as_bytes();
        if canonical { Ok(key) } else { Err(wrong()) }
    }

    pub(crate) fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::P256(_) => KeyAlgorithm::EcdsaP256,
        }
    }

    /// The lower-case hex SHA-256 of the key's DER.
    pub(crate) fn keyid(&self) -> String {
        hex::encode(Sha256::digest(self.der()))
    }

    fn der(&self) -> Document {
        let der = match self {
            Self::Ed25519(key) => key.to_public_key_der(),
            Self::P256(key) => key.to_public_key_der(),
        };
        der.expect("a key that was decoded can be encoded")
    }

    /// Tells whether this key made `signature` over `data`.
    pub(crate) fn fits(&self, signature: &[u8], data: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(data, &signature).is_ok()),
            Self::P256(key) => ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(data, &signature).is_ok()),
        }
    }
}

/// A key that signs.
pub struct PrivateKey(Secret);

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(ecdsa::SigningKey),
}

impl PrivateKey {
    /// Reads an unencrypted PKCS#8 key in PEM.
    ///
    /// # Errors
    ///
    /// [`Kind::Unreadable`] for anything but an Ed25519 or P-256 key.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let edwards = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Secret::Ed25519);
        edwards
            .or_else(|_| ecdsa::SigningKey::from_pkcs8_pem(pem).map(Secret::P256))
            .map(Self)
            .map_err(|_| wrong_key("private", "unencrypted PKCS#8").of(Kind::Unreadable))
    }

    /// The public key's id.
    pub fn keyid(&self) -> String {
        match &self.0 {
            Secret::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()).keyid(),
            Secret::P256(key) => PublicKey::P256(*key.verifying_key()).keyid(),
        }
    }

    /// Returns the signature over `data`: 64 bytes for Ed25519, DER for ECDSA.
    pub(crate) fn sign(&self, data: &[u8]) -> Vec<u8> {
        match &self.0 {
            Secret::Ed25519(key) => key.sign(data).to_vec(),
            Secret::P256(key) => {
                let signature: ecdsa::DerSignature = key.sign(data);
                signature.as_bytes().to_vec()
            }
        }
    }
}

fn wrong_key(half: &str, form: &str) -> Problem {
    Problem::new(
        "key.syntax",
        "",
        format!("must be a {half} key of Ed25519 or P-256 in PEM ({form})"),
    )
}
