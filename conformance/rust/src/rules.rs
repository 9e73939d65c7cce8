//! The rules of the schema; the only place that knows the validator.

use std::sync::LazyLock;

use prost_protovalidate::{Error, Validator};
use prost_reflect::DynamicMessage;

use crate::error::Violation;

/// It compiles the rules of a message when it first meets one.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::new);

/// The validator could not tell whether a rule is kept, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be checked, and the validator cannot ({0})")]
pub struct Unchecked(String);

/// Returns the rules that a message breaks. Empty: it is valid.
///
/// # Errors
///
/// [`Unchecked`] if the validator cannot evaluate a rule.
pub fn violations(message: &DynamicMessage) -> Result<Vec<Violation>, Unchecked> {
    match VALIDATOR.validate(message) {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Validation(found)) => Ok(found.violations().iter().map(violation).collect()),
        Err(error) => Err(Unchecked(error.to_string())),
    }
}

fn violation(found: &prost_protovalidate::Violation) -> Violation {
    Violation {
        path: found.field_path(),
        rule_id: found.rule_id().to_owned(),
        message: found.message().to_owned(),
    }
}
