//! A message through prost-reflect, as it comes: what a reader of records would see.

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use crate::answers::violation;
use crate::exchange::convert::Input;
use crate::exchange::response::Result as Answer;
use crate::exchange::{Convert, Converted};

/// Reads a message, checks it and writes it again.
pub fn convert(task: &Convert) -> Answer {
    let Some(descriptor) = mlspec::descriptor(&task.message_type) else {
        return Answer::Unsupported(format!(
            "must be a known message (got {})",
            task.message_type
        ));
    };
    let message = match read(descriptor, task.input.as_ref()) {
        Ok(message) => message,
        Err(reason) => return Answer::Unreadable(reason),
    };
    let violations = match mlspec::violations(&message) {
        Ok(violations) => violations.iter().map(violation).collect(),
        Err(error) => return Answer::Failure(error.to_string()),
    };
    let mut converted = Converted {
        violations,
        ..Converted::default()
    };
    if !task.rules_only {
        converted.binary = message.encode_to_vec();
        match serde_json::to_string(&message) {
            Ok(json) => converted.json = Some(json),
            Err(error) => converted.json_refusal = Some(error.to_string()),
        }
    }
    Answer::Converted(converted)
}

fn read(descriptor: MessageDescriptor, input: Option<&Input>) -> Result<DynamicMessage, String> {
    match input {
        Some(Input::Binary(data)) => {
            DynamicMessage::decode(descriptor, data.as_slice()).map_err(|error| error.to_string())
        }
        Some(Input::Json(data)) => {
            let mut deserializer = serde_json::Deserializer::from_slice(data);
            DynamicMessage::deserialize(descriptor, &mut deserializer)
                .and_then(|message| deserializer.end().map(|()| message))
                .map_err(|error| error.to_string())
        }
        None => Err("must have an input".to_owned()),
    }
}
