#include "mlspec/text.hpp"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <stdexcept>

namespace mlspec {
namespace {

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string bytes;
  return text.toUTF8String(bytes);
}

}  // namespace

std::string Nfkc(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU: must have the data of NFKC");
  const icu::UnicodeString normal = form->normalize(FromUtf8(text), status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU: must have memory for a text");
  return ToUtf8(normal);
}

std::string CaseFolded(std::string_view text) { return ToUtf8(FromUtf8(text).foldCase()); }

}  // namespace mlspec
