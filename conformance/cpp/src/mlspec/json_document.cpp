#include "mlspec/json_document.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "mlspec/errors.hpp"
#include "mlspec/text.hpp"

namespace mlspec {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;

/// Is called at each step of the parser, and throws where a document goes astray.
class Guard {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& value) {
    switch (event) {
      case json::parse_event_t::object_start:
        keys_.emplace_back();
        [[fallthrough]];
      case json::parse_event_t::array_start:
        if (depth >= kMaxDepth) {
          throw InputError("limit.depth", "", "must nest at most 64 deep");
        }
        break;
      case json::parse_event_t::key:
        if (!keys_.back().insert(value.get<std::string>()).second) {
          throw InputError("json.duplicate_key", "", "must have each key once");
        }
        break;
      case json::parse_event_t::object_end:
        keys_.pop_back();
        break;
      default:
        break;
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

json ParseJson(std::string_view text) {
  // The parser skips a byte-order mark and takes a NUL for the end of the text.
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) {
    throw InputError("json.syntax", "", "must be JSON without a byte-order mark and NUL");
  }
  Guard guard;
  try {
    return json::parse(text, std::ref(guard));
  } catch (const json::exception& error) {
    throw InputError("json.syntax", "", std::string("must be JSON (") + error.what() + ")");
  }
}

std::string FoldedName(std::string_view name) {
  std::string folded = CaseFolded(name);
  std::erase(folded, '_');
  return folded;
}

void RequireOneSpelling(const json& value) {
  std::set<std::string> names;
  for (const auto& [name, inner] : value.items()) {
    if (value.is_object() && !names.insert(FoldedName(name)).second) {
      throw InputError("json.twins", "", "must have each field in one spelling");
    }
    if (inner.is_structured()) RequireOneSpelling(inner);
  }
}

}  // namespace mlspec
