//! DSSE envelopes (protocol and envelope 1.0.2): bytes, what they are, and signatures over both.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use caseless::default_case_fold_str;

use crate::error::{Error, Kind, Problem};
use crate::json::{self, Json};
use crate::{message, schema, v1};

/// The media type of an encoded `mlspec.v1.Record`, compared byte by byte.
pub const RECORD_PAYLOAD_TYPE: &str = "application/vnd.mlspec.record.v1+protobuf";

/// The longest payload, in bytes.
pub(crate) const MAX_PAYLOAD: usize = 16 * 1024 * 1024;

const MAX_ENVELOPE: usize = 24 * 1024 * 1024;
const MAX_TYPE: usize = 255;
const MAX_SIGNATURES: usize = 64;
const MAX_SIGNATURE: usize = 1024;
const MAX_KEYID: usize = 255;
const MEMBERS: [&str; 5] = ["payload", "payloadType", "signatures", "sig", "keyid"];

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The raw signature: for Ed25519 64 bytes, for ECDSA its DER form.
    pub sig: Vec<u8>,
    /// A hint which key made it, and no more than that. Empty: none was given.
    pub keyid: String,
}

/// A sealed record, or something else that was sealed. Nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The bytes as they were signed.
    pub payload: Vec<u8>,
    /// Their media type.
    pub payload_type: String,
    /// The signatures, at least one.
    pub signatures: Vec<Signature>,
}

impl Envelope {
    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// [`Kind::Unreadable`].
    pub fn from_json(data: &[u8]) -> Result<Self, Error> {
        Self::parse_json(data).map_err(|problem| problem.of(Kind::Unreadable))
    }

    /// Reads the protobuf form, an encoded `mlspec.v1.Envelope`.
    ///
    /// # Errors
    ///
    /// [`Kind::Unreadable`].
    pub fn from_bytes(data: &[u8]) -> Result<Self, Error> {
        Self::parse_bytes(data).map_err(|problem| problem.of(Kind::Unreadable))
    }

    /// Returns the JSON form, with standard base64.
    pub fn to_json(&self) -> Vec<u8> {
        let signatures: Vec<_> = self.signatures.iter().map(written).collect();
        let document = serde_json::json!({
            "payload": STANDARD.encode(&self.payload),
            "payloadType": self.payload_type,
            "signatures": signatures,
        });
        format!("{document:#}\n").into_bytes()
    }

    /// The bytes that are signed. Lengths count bytes (DSSE protocol, "PAE").
    pub(crate) fn signed_bytes(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    fn parse_json(data: &[u8]) -> Result<Self, Problem> {
        let mut document = Members::of(json::parse(data, MAX_ENVELOPE)?, "")?;
        let payload = document.base64("payload")?;
        let payload_type = document.text("payloadType")?;
        let Some(Json::List(entries)) = document.take("signatures") else {
            return Err(shape("signatures", "must be a list"));
        };
        let signatures = entries.into_iter().enumerate();
        let signatures = signatures.map(|(index, entry)| read_signature(entry, index));
        Self {
            payload,
            payload_type,
            signatures: signatures.collect::<Result<_, _>>()?,
        }
        .checked()
    }

    fn parse_bytes(data: &[u8]) -> Result<Self, Problem> {
        let parsed = message::parse(schema::own("Envelope"), data, MAX_ENVELOPE)?;
        if let Some(path) = parsed.unknown {
            let words = "must be a field that this version knows";
            return Err(Problem::new("envelope.unknown_field", path, words));
        }
        let read: v1::Envelope = message::typed(&parsed.message);
        let signatures = read.signatures.into_iter();
        let signatures = signatures.map(|each| Signature {
            sig: each.sig,
            keyid: each.keyid.unwrap_or_default(),
        });
        let signatures = signatures.collect();
        Self {
            payload: read.payload,
            payload_type: read.payload_type,
            signatures,
        }
        .checked()
    }

    /// Returns the envelope if its parts keep their bounds.
    fn checked(self) -> Result<Self, Problem> {
        bound("payload", self.payload.len(), MAX_PAYLOAD)?;
        bound("payload_type", self.payload_type.chars().count(), MAX_TYPE)?;
        bound("signatures", self.signatures.len(), MAX_SIGNATURES)?;
        for (index, each) in self.signatures.iter().enumerate() {
            bound(
                &format!("signatures[{index}].sig"),
                each.sig.len(),
                MAX_SIGNATURE,
            )?;
            let size = each.keyid.chars().count();
            bound(
                &format!("signatures[{index}].keyid"),
                size.max(1),
                MAX_KEYID,
            )?;
        }
        Ok(self)
    }
}

/// Returns the bytes that are signed for a payload of this type.
pub(crate) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

fn written(signature: &Signature) -> serde_json::Value {
    let sig = STANDARD.encode(&signature.sig);
    if signature.keyid.is_empty() {
        serde_json::json!({ "sig": sig })
    } else {
        serde_json::json!({ "keyid": signature.keyid, "sig": sig })
    }
}

fn read_signature(entry: Json, index: usize) -> Result<Signature, Problem> {
    let path = format!("signatures[{index}].");
    let mut members = Members::of(entry, &path)?;
    let sig = members.base64("sig")?;
    let keyid = if members.has("keyid") {
        members.text("keyid")?
    } else {
        String::new()
    };
    Ok(Signature { sig, keyid })
}

/// The members of an object whose path is `path`.
struct Members<'a> {
    path: &'a str,
    members: Vec<(String, Json)>,
}

impl<'a> Members<'a> {
    /// Takes an object in which no known member stands in other letters: another reader might know it.
    fn of(value: Json, path: &'a str) -> Result<Self, Problem> {
        let Json::Object(members) = value else {
            return Err(shape(path.trim_end_matches('.'), "must be an object"));
        };
        for (name, _) in &members {
            let folded = default_case_fold_str(&name.replace('_', ""));
            let twin = MEMBERS.iter().find(|known| known.to_lowercase() == folded);
            if let Some(known) = twin.filter(|known| *known != name) {
                let words = format!("must be spelled {known} (got {name:?})");
                return Err(Problem::new(
                    "envelope.twins",
                    path.trim_end_matches('.'),
                    words,
                ));
            }
        }
        Ok(Self { path, members })
    }

    fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(each, _)| each == name)
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        let index = self.members.iter().position(|(each, _)| each == name)?;
        Some(self.members.swap_remove(index).1)
    }

    fn text(&mut self, name: &str) -> Result<String, Problem> {
        match self.take(name) {
            Some(Json::Text(text)) => Ok(text),
            _ => Err(shape(format!("{}{name}", self.path), "must be a string")),
        }
    }

    /// Either alphabet is taken, never both in one text; with padding, and with unused bits zero.
    fn base64(&mut self, name: &str) -> Result<Vec<u8>, Problem> {
        let text = self.text(name)?;
        let decoded = STANDARD.decode(&text).or_else(|_| URL_SAFE.decode(&text));
        decoded.map_err(|error| {
            let words = format!("must be base64 of one alphabet, with padding ({error})");
            Problem::new("envelope.base64", format!("{}{name}", self.path), words)
        })
    }
}

fn bound(path: &str, size: usize, most: usize) -> Result<(), Problem> {
    match size {
        0 => Err(shape(path, "must not be empty")),
        size if size > most => {
            let words = format!("must have a size of at most {most} (got {size})");
            Err(Problem::new("limit.size", path, words))
        }
        _ => Ok(()),
    }
}

fn shape(path: impl Into<String>, words: &str) -> Problem {
    Problem::new("envelope.shape", path, words)
}
