#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

std::string Message(std::string_view path, std::string_view words) {
  return path.empty() ? std::string(words) : std::string(path) + ": " + std::string(words);
}

}  // namespace

Error::Error(std::string_view id, std::string_view path, std::string_view words)
    : std::runtime_error(Message(path, words)), id_(id) {}

std::string_view InputError::remedy() const noexcept {
  return "Check that the file is complete and of the kind that was asked for.";
}

Refusal::Refusal(const InputError& error)
    : Error(error.id(), "", error.what()), outcome_(Outcome::kUnacceptable) {}

std::string_view Refusal::remedy() const noexcept {
  switch (outcome_) {
    case Outcome::kTampered:
      return "Payload, type or signature was changed after signing: get the original.";
    case Outcome::kUnacceptable:
      return "Do not use the record: have it made anew, or read it with a newer version.";
    case Outcome::kUntrusted:
      return "Use the trust file for this signer, or have a holder of the role sign.";
  }
  return "";
}

}  // namespace mlspec
