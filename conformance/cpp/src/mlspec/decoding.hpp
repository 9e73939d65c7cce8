#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mlspec/bytes.hpp"

namespace mlspec {

/// Reads the protobuf wire format into `message`, as docs/spec/encoding.md asks of a reader.
///
/// A field that may stand once and stands twice at the top is refused, because readers differ in
/// which of the two they show. Unknown fields are kept. Throws InputError.
void Decode(std::string_view data, google::protobuf::Message& message,
            std::size_t max_bytes = kMaxMessageBytes);

/// Returns where the first field is that the schema does not know, at any depth: the path of the
/// message that holds it, then "#" and its number. None: there is no such field.
std::optional<std::string> FirstUnknownField(const google::protobuf::Message& message);

}  // namespace mlspec
