//! Why something is refused.

use std::fmt;

/// The outcomes other than success, as the table in docs/spec/verification.md names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No key that counts vouches, and some signature names a trusted key that did not make it.
    Tampered,
    /// It is signed by a trusted key, or is to be signed, but is no record that may be accepted.
    Unacceptable,
    /// What was given is no envelope, no trust file or no key.
    Unreadable,
    /// Nothing is forged, but no trusted key, role or threshold vouches; or the trust file cannot be used.
    Untrusted,
}

/// A rule of the schema that a message breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as protovalidate prints paths. Empty: the message itself.
    pub path: String,
    /// The rule's id.
    pub rule_id: String,
    /// What must hold, in words. Empty: the rule says no more than its id.
    pub message: String,
}

/// A fault and its place, before it is known what it means for the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    id: &'static str,
    path: String,
    message: String,
}

impl Problem {
    /// Describes a fault: `message` says what must hold.
    pub(crate) fn new(
        id: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id,
            path: path.into(),
            message: message.into(),
        }
    }

    /// Places it at `path`.
    pub(crate) fn at(self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self
        }
    }

    /// Makes it the reason of a refusal.
    pub(crate) fn of(self, kind: Kind) -> Error {
        Error {
            kind,
            problem: self,
            violations: Vec::new(),
        }
    }
}

/// A refusal: of which kind, of what, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Error {
    kind: Kind,
    problem: Problem,
    violations: Vec<Violation>,
}

impl Error {
    /// Refuses a message for the rules that it breaks, of which there is at least one.
    pub(crate) fn broken_rules(kind: Kind, violations: Vec<Violation>) -> Self {
        let first = &violations[0];
        let more = violations.len() - 1;
        let words = format!(
            "must keep rule {} ({}; {more} more broken)",
            first.rule_id, first.message
        );
        let problem = Problem::new("rules", &first.path, words);
        Self {
            kind,
            problem,
            violations,
        }
    }

    /// Of which kind the refusal is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A stable name of the reason, for example "trust.expired".
    pub fn id(&self) -> &'static str {
        self.problem.id
    }

    /// What is at fault. Empty: the whole.
    pub fn path(&self) -> &str {
        &self.problem.path
    }

    /// The rules that are broken. Empty: those are not the reason.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            Kind::Tampered => {
                "Payload, type or signature was changed after signing: get the original."
            }
            Kind::Unacceptable => "Do not use the record: have its writer make it anew.",
            Kind::Unreadable => "Check that the file is complete, and what it was said to be.",
            Kind::Untrusted => {
                "Use the trust file for this signer, or have a holder of the role sign."
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
