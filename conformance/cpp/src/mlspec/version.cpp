#include "mlspec/version.hpp"

#include <algorithm>
#include <optional>

#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

constexpr std::size_t kMaxLength = 64;
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kIdentifierCharacters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-";

bool IsOf(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool IsNumber(std::string_view text) {
  return IsOf(text, kDigits) && (text.size() == 1 || text.front() != '0');
}

/// Cuts `text` at the first `mark` and returns what follows it. Absent: there is none.
std::optional<std::string_view> CutAt(char mark, std::string_view& text) {
  const std::size_t place = text.find(mark);
  if (place == std::string_view::npos) return std::nullopt;
  const std::string_view after = text.substr(place + 1);
  text = text.substr(0, place);
  return after;
}

std::vector<std::string_view> Parts(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::optional<std::string_view> rest = text; rest;) {
    std::string_view part = *rest;
    rest = CutAt('.', part);
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

Version::Identifier::Identifier(std::string_view word) : is_word(!IsOf(word, kDigits)) {
  if (!is_word) {
    word.remove_prefix(std::min(word.find_first_not_of('0'), word.size()));
    digits = word.size();
  }
  text = word;
}

Version Version::Parse(std::string_view text, std::string_view path) {
  const InputError wrong("version", path, "must be a semantic version");
  if (text.size() > kMaxLength) throw wrong;
  const auto build = CutAt('+', text);
  const auto stage = CutAt('-', text);
  const auto core = Parts(text);
  if (core.size() != 3 || !std::ranges::all_of(core, IsNumber) ||
      (build && !IsOf(*build, kIdentifierCharacters)) ||
      (stage && !IsOf(*stage, kIdentifierCharacters))) {
    throw wrong;
  }
  Version version;
  version.core_ = std::vector<Identifier>(core.begin(), core.end());
  version.is_release_ = !stage;
  if (stage) {
    const auto parts = Parts(*stage);
    version.stage_ = std::vector<Identifier>(parts.begin(), parts.end());
  }
  return version;
}

}  // namespace mlspec
