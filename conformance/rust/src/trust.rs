//! The trust file: whom a verifier believes, about what, and when.
//!
//! It comes to the verifier out of band and is never read from what is being verified.

use std::collections::HashSet;
use std::time::SystemTime;

use caseless::default_case_fold_str;
use prost_reflect::DynamicMessage;
use prost_types::Timestamp;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Kind, Problem};
use crate::keys::PublicKey;
use crate::{json, message, rules, schema, v1};

const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A public key, whose it is, and when it counts.
#[derive(Debug, Clone)]
pub(crate) struct TrustedKey {
    pub(crate) public: PublicKey,
    message: v1::TrustedKey,
}

impl TrustedKey {
    pub(crate) fn keyid(&self) -> &str {
        &self.message.keyid
    }

    pub(crate) fn identity(&self) -> &str {
        &self.message.identity
    }

    /// Tells whether the key is valid at `moment`, start inclusive and end exclusive, and not revoked.
    pub(crate) fn counts(&self, moment: &Timestamp) -> bool {
        let moment = instant(moment);
        let starts = self.message.valid_from_time.as_ref().map(instant);
        let ends = [&self.message.valid_until_time, &self.message.revoke_time];
        starts.is_none_or(|start| moment >= start)
            && ends.into_iter().flatten().all(|end| moment < instant(end))
    }
}

/// A trust file that was read and checked.
#[derive(Debug, Clone)]
pub struct TrustPolicy {
    keys: Vec<TrustedKey>,
    message: v1::TrustPolicy,
}

impl TrustPolicy {
    /// Reads a trust file: ProtoJSON of `mlspec.v1.TrustPolicy`.
    ///
    /// # Errors
    ///
    /// [`Kind::Unreadable`] for one that is none, breaks a rule of the schema, or has a key that is not what it
    /// is said to be, or a role that nobody can meet.
    pub fn from_json(data: &[u8]) -> Result<Self, Error> {
        let read = read(data).map_err(|problem| problem.of(Kind::Unreadable))?;
        match rules::violations(&read) {
            Ok(broken) if broken.is_empty() => {}
            Ok(broken) => return Err(Error::broken_rules(Kind::Unreadable, broken)),
            Err(error) => {
                let problem = Problem::new("trust.unchecked", "", error.to_string());
                return Err(problem.of(Kind::Unreadable));
            }
        }
        Self::checked(message::typed(&read)).map_err(|problem| problem.of(Kind::Unreadable))
    }

    /// The keys in the file's order.
    pub(crate) fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// The roles in the file's order.
    pub(crate) fn roles(&self) -> &[v1::TrustRole] {
        &self.message.roles
    }

    pub(crate) fn key(&self, keyid: &str) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.keyid() == keyid)
    }

    /// Refuses a file that is past its date, by this machine's clock. What it requires of namespaces is judged of
    /// deployments, not of a record.
    pub(crate) fn require_usable(&self) -> Result<(), Problem> {
        let expires = self.message.expire_time.as_ref().map(instant);
        if expires.is_none_or(|end| instant(&Timestamp::from(SystemTime::now())) >= end) {
            let words = "must not have expired: get the current file";
            return Err(Problem::new("trust.expired", "trust.expire_time", words));
        }
        Ok(())
    }

    fn checked(message: v1::TrustPolicy) -> Result<Self, Problem> {
        let keys = message
            .keys
            .iter()
            .enumerate()
            .map(|(index, key)| trusted_key(key, index));
        let policy = Self {
            keys: keys.collect::<Result<_, _>>()?,
            message,
        };
        for (index, role) in policy.roles().iter().enumerate() {
            let holders = policy.keys.iter().filter(|key| is_in(role, key));
            if !reaches(role.threshold, holders) {
                let path = format!("roles[{index}].threshold");
                let words = format!(
                    "must be reachable by distinct identities (got {})",
                    role.threshold
                );
                return Err(Problem::new("trust.threshold", path, words));
            }
        }
        Ok(policy)
    }
}

/// Tells whether the keys that count meet a role for this stage and namespace.
pub(crate) fn is_met(
    role: &v1::TrustRole,
    stage: i32,
    namespace: &str,
    counting: &[&TrustedKey],
) -> bool {
    let covers = role.stages.contains(&stage)
        && role
            .namespace_globs
            .iter()
            .any(|glob| matches(glob, namespace));
    covers
        && reaches(
            role.threshold,
            counting.iter().copied().filter(|key| is_in(role, key)),
        )
}

fn is_in(role: &v1::TrustRole, key: &TrustedKey) -> bool {
    role.keyids.iter().any(|keyid| keyid == key.keyid())
}

/// Thresholds count identities, in one spelling each, so that one holder of two keys counts once.
fn reaches<'a>(threshold: i32, keys: impl Iterator<Item = &'a TrustedKey>) -> bool {
    let identities: HashSet<String> = keys.map(|key| folded(key.identity())).collect();
    usize::try_from(threshold).is_ok_and(|threshold| identities.len() >= threshold)
}

fn folded(identity: &str) -> String {
    let compatible: String = identity.nfkc().collect();
    default_case_fold_str(&compatible)
}

/// Tells whether `name` is as `glob` says, in which `*` stands for any characters.
fn matches(glob: &str, name: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else {
        return glob == name;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inside = name
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last));
    let left = middle.split('*').try_fold(inside, |left, part| {
        left.map(|left| left.split_once(part).map(|(_, after)| after))
    });
    left.flatten().is_some()
}

fn read(data: &[u8]) -> Result<DynamicMessage, Problem> {
    // prost-reflect takes a member twice, and the last one wins.
    json::parse(data, MAX_BYTES)?;
    let mut deserializer = serde_json::Deserializer::from_slice(data);
    DynamicMessage::deserialize(schema::own("TrustPolicy"), &mut deserializer).map_err(|error| {
        Problem::new(
            "trust.syntax",
            "",
            format!("must be ProtoJSON of a TrustPolicy ({error})"),
        )
    })
}

fn trusted_key(key: &v1::TrustedKey, index: usize) -> Result<TrustedKey, Problem> {
    let public = PublicKey::from_pem(&key.public_key)
        .map_err(|problem| problem.at(&format!("keys[{index}].public_key")))?;
    if key.algorithm() != public.algorithm() {
        let words = format!(
            "must be that of the key, {}",
            public.algorithm().as_str_name()
        );
        return Err(Problem::new(
            "trust.algorithm",
            format!("keys[{index}].algorithm"),
            words,
        ));
    }
    let keyid = public.keyid();
    if key.keyid != keyid {
        let words = format!("must be {keyid}, as the key says (got {})", key.keyid);
        return Err(Problem::new(
            "trust.keyid",
            format!("keys[{index}].keyid"),
            words,
        ));
    }
    Ok(TrustedKey {
        public,
        message: key.clone(),
    })
}

fn instant(time: &Timestamp) -> (i64, i32) {
    (time.seconds, time.nanos)
}
