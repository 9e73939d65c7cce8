#include "mlspec/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

const unsigned char* Octets(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

unsigned char* Octets(std::string& data) { return reinterpret_cast<unsigned char*>(data.data()); }

std::string Standard(std::string_view text, std::string_view path) {
  std::string standard(text);
  if (text.find_first_of("-_") == std::string_view::npos) return standard;
  if (text.find_first_of("+/") != std::string_view::npos) {
    throw InputError("envelope.base64", path, "must use one base64 alphabet, not two");
  }
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  return standard;
}

}  // namespace

std::string DecodeBase64(std::string_view text, std::string_view path) {
  const std::string standard = Standard(text, path);
  const auto padding = std::ranges::count(
      standard.substr(standard.size() - std::min<std::size_t>(standard.size(), 2)), '=');
  std::string data(standard.size() / 4 * 3 + 1, '\0');
  const int size =
      EVP_DecodeBlock(Octets(data), Octets(standard), static_cast<int>(standard.size()));
  if (size >= padding) {
    data.resize(static_cast<std::size_t>(size - padding));
    // The decoder also takes blanks and set unused bits: only the one right spelling comes back.
    if (EncodeBase64(data) == standard) return data;
  }
  throw InputError("envelope.base64", path, "must be base64 with padding, in its one spelling");
}

std::string EncodeBase64(std::string_view data) {
  std::string text((data.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(Octets(text), Octets(data), static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace mlspec
