#include "mlspec/bytes.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>

#include "mlspec/errors.hpp"

namespace mlspec {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) throw InputError("unreadable", path.string(), "must be a file that can be read");
  return data;
}

void RequireSize(std::string_view data, std::size_t most, std::string_view path) {
  if (data.size() <= most) return;
  throw InputError("limit.size", path,
                   "must be at most " + std::to_string(most) + " bytes (got " +
                       std::to_string(data.size()) + ")");
}

std::string Sha256(std::string_view data) {
  std::string digest(32, '\0');
  auto* const output = reinterpret_cast<unsigned char*>(digest.data());
  // With a digest that the library always has, want of memory is all that can fail.
  if (EVP_Digest(data.data(), data.size(), output, nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return digest;
}

std::string Hex(std::string_view data) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * data.size());
  for (const unsigned char byte : data) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

}  // namespace mlspec
