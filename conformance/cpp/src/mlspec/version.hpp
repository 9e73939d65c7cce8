#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mlspec {

/// The version of the specification that this library was generated from, and the newest it knows.
inline constexpr std::string_view kSpecVersion = "0.2.0";

/// A version, ordered as Semantic Versioning 2.0.0 orders them (section 11).
class Version {
 public:
  /// Reads a version such as "0.1.0" or "1.0.0-rc.1". Throws InputError, which names `path`.
  static Version Parse(std::string_view text, std::string_view path);

  auto operator<=>(const Version&) const = default;

 private:
  /// A number comes before a word; of two numbers without leading zeros the longer is larger.
  struct Identifier {
    explicit Identifier(std::string_view word);
    auto operator<=>(const Identifier&) const = default;

    bool is_word;
    std::size_t digits = 0;
    std::string text;
  };

  // Compared in this order.
  std::vector<Identifier> core_;
  bool is_release_ = true;
  std::vector<Identifier> stage_;
};

}  // namespace mlspec
