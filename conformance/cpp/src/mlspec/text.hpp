#pragma once

#include <string>
#include <string_view>

namespace mlspec {

/// Returns a text in UTF-8 in the normal form NFKC.
std::string Nfkc(std::string_view text);

/// Returns a text in UTF-8 in full Unicode case folding.
std::string CaseFolded(std::string_view text);

}  // namespace mlspec
