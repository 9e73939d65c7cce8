#include "wording.hpp"

#include <algorithm>

namespace mlspec::conformance {

std::string Wording(std::string_view words) {
  std::string printable(words.substr(0, 500));
  std::ranges::replace_if(
      printable, [](char byte) { return byte < ' ' || byte > '~'; }, '?');
  return printable;
}

}  // namespace mlspec::conformance
