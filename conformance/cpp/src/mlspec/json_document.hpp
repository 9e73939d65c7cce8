#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace mlspec {

/// Returns the one JSON value (RFC 8259) that `text` holds.
///
/// Readers differ about a key that stands twice, a byte-order mark and what follows the value, so
/// each of them is refused here, and so is nesting of more than 64. Throws InputError.
nlohmann::json ParseJson(std::string_view text);

/// Returns a member's name without what spellings of it differ in: case and underscores.
std::string FoldedName(std::string_view name);

/// Throws InputError if an object in `value` has a member in two spellings, `revokeTime` and
/// `revoke_time`: protobuf reads both as one field.
void RequireOneSpelling(const nlohmann::json& value);

}  // namespace mlspec
