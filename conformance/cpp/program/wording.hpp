#pragma once

#include <string>
#include <string_view>

namespace mlspec::conformance {

/// Returns words for people that may quote what was given: at most 500 characters of ASCII, so that
/// they fit into a `string` whatever the bytes were.
std::string Wording(std::string_view words);

}  // namespace mlspec::conformance
