//! One message from bytes of a stranger, read strictly.

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use crate::error::Problem;
use crate::scan;

/// A message, and where its first unknown field is, at any depth. None: it has none.
pub(crate) struct Parsed {
    pub(crate) message: DynamicMessage,
    pub(crate) unknown: Option<String>,
}

/// Parses one message within the bounds of docs/spec/encoding.md. Unknown fields are reported, and are not in
/// the message.
pub(crate) fn parse(
    descriptor: MessageDescriptor,
    data: &[u8],
    max_bytes: usize,
) -> Result<Parsed, Problem> {
    if data.len() > max_bytes {
        let words = format!("must be at most {max_bytes} bytes (got {})", data.len());
        return Err(Problem::new("limit.size", "", words));
    }
    if let Some(name) = scan::repeated_singular(&descriptor, data)? {
        let words = "must stand in the message once (got it more often)";
        return Err(Problem::new("decode.duplicate_field", name, words));
    }
    let unknown = scan::first_unknown(&descriptor, data)?;
    let name = descriptor.name().to_owned();
    let decoded = if unknown.is_some() {
        DynamicMessage::decode(
            descriptor.clone(),
            scan::without_unknown(&descriptor, data)?.as_slice(),
        )
    } else {
        DynamicMessage::decode(descriptor, data)
    };
    let wrong = |error| {
        Problem::new(
            "decode",
            "",
            format!("must be one encoded {name} ({error})"),
        )
    };
    Ok(Parsed {
        message: decoded.map_err(wrong)?,
        unknown,
    })
}

/// Returns a message as its generated type.
pub(crate) fn typed<T: Message + Default>(message: &DynamicMessage) -> T {
    message
        .transcode_to()
        .expect("the generated types are of the same schema")
}
