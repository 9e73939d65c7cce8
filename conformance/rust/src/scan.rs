//! Looks through the bytes of one message, driven by its descriptor.
//!
//! prost parses. This only answers what prost does not tell: which field nobody knows, at any depth, and which
//! singular field stands twice.

use std::collections::{HashMap, HashSet};

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use crate::error::Problem;
use crate::wire::{MAX_DEPTH, Token, Tokens, WireType};

/// Names a field that may stand once at the top of the message and stands there more often. Two members of one
/// oneof are one field twice. None: there is no such field.
pub(crate) fn repeated_singular(
    descriptor: &MessageDescriptor,
    data: &[u8],
) -> Result<Option<String>, Problem> {
    let mut seen = HashSet::new();
    for token in Tokens::of(data) {
        let Some(field) = descriptor.get_field(token?.number) else {
            continue;
        };
        if field.cardinality() == Cardinality::Repeated {
            continue;
        }
        let oneof = field.containing_oneof();
        let slot = oneof.map_or_else(|| field.name().to_owned(), |oneof| oneof.name().to_owned());
        if !seen.insert(slot) {
            return Ok(Some(field.name().to_owned()));
        }
    }
    Ok(None)
}

/// Finds the first field, at any depth, that the descriptor does not know or knows with another wire type: the
/// path of its message, "#", and its number.
pub(crate) fn first_unknown(
    descriptor: &MessageDescriptor,
    data: &[u8],
) -> Result<Option<String>, Problem> {
    scan(descriptor, data, "", MAX_DEPTH)
}

fn scan(
    descriptor: &MessageDescriptor,
    data: &[u8],
    path: &str,
    left: usize,
) -> Result<Option<String>, Problem> {
    if left == 0 {
        let words = format!("must nest at most {MAX_DEPTH} deep");
        return Err(Problem::new("limit.depth", path, words));
    }
    let mut counts = HashMap::new();
    for token in Tokens::of(data) {
        let token = token.map_err(|problem| problem.at(path))?;
        let Some(field) = known(descriptor, &token) else {
            return Ok(Some(format!("{path}#{}", token.number)));
        };
        let Kind::Message(inner) = field.kind() else {
            continue;
        };
        let index: &mut usize = counts.entry(token.number).or_default();
        let found = scan(
            &inner,
            token.value,
            &inner_path(path, &field, *index),
            left - 1,
        )?;
        if found.is_some() {
            return Ok(found);
        }
        *index += 1;
    }
    Ok(None)
}

fn inner_path(path: &str, field: &FieldDescriptor, index: usize) -> String {
    let dot = if path.is_empty() { "" } else { "." };
    let name = field.name();
    match field.cardinality() {
        Cardinality::Repeated => format!("{path}{dot}{name}[{index}]"),
        _ => format!("{path}{dot}{name}"),
    }
}

/// Returns the message without the fields that [`first_unknown`] looks for: prost fails on a known number of
/// another wire type.
pub(crate) fn without_unknown(
    descriptor: &MessageDescriptor,
    data: &[u8],
) -> Result<Vec<u8>, Problem> {
    let mut kept = Vec::with_capacity(data.len());
    for token in Tokens::of(data) {
        let token = token?;
        match known(descriptor, &token).map(|field| field.kind()) {
            None => {}
            Some(Kind::Message(inner)) => {
                let value = without_unknown(&inner, token.value)?;
                prost::encoding::bytes::encode(token.number, &value, &mut kept);
            }
            Some(_) => kept.extend_from_slice(token.whole),
        }
    }
    Ok(kept)
}

fn known(descriptor: &MessageDescriptor, token: &Token<'_>) -> Option<FieldDescriptor> {
    let field = descriptor.get_field(token.number)?;
    let expected = wire_type_of(&field.kind());
    let packed = token.wire_type == WireType::Length
        && field.cardinality() == Cardinality::Repeated
        && expected != WireType::Length;
    (token.wire_type == expected || packed).then_some(field)
}

fn wire_type_of(kind: &Kind) -> WireType {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::Fixed64,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::Fixed32,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::Length,
        _ => WireType::Varint,
    }
}
