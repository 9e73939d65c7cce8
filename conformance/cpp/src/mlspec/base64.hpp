#pragma once

#include <string>
#include <string_view>

namespace mlspec {

/// Returns the bytes that `text` spells in base64 (RFC 4648).
///
/// Either alphabet is taken, never both in one text; padding is needed and unused bits are zero, so
/// that in each alphabet one text means the bytes. Throws InputError, which names `path`.
std::string DecodeBase64(std::string_view text, std::string_view path);

/// Returns `data` in the standard alphabet, padded.
std::string EncodeBase64(std::string_view data);

}  // namespace mlspec
