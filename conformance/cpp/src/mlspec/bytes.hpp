#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace mlspec {

/// The longest message that is read, in bytes.
inline constexpr std::size_t kMaxMessageBytes = 16 * 1024 * 1024;

/// Returns what a file holds. Throws InputError if it cannot be read.
std::string ReadFile(const std::filesystem::path& path);

/// Throws InputError if `data` is longer than `most`.
void RequireSize(std::string_view data, std::size_t most, std::string_view path = "");

/// Returns the 32 bytes of the SHA-256 of `data`.
std::string Sha256(std::string_view data);

/// Returns `data` in lower-case hex.
std::string Hex(std::string_view data);

/// Counts the characters of a text in UTF-8.
std::size_t CountCharacters(std::string_view text);

}  // namespace mlspec
