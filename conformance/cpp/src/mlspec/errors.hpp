#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace mlspec {

/// What every error of this library is. Its message reads "path: must ... (got ...)".
class Error : public std::runtime_error {
 public:
  /// The kind of fault, the same in every version, for example "decode.duplicate_field".
  const std::string& id() const noexcept { return id_; }

  /// What to do about it.
  virtual std::string_view remedy() const noexcept = 0;

 protected:
  Error(std::string_view id, std::string_view path, std::string_view words);

 private:
  std::string id_;
};

/// What was given is not what it should be: no envelope, no trust file, no key, no record.
class InputError : public Error {
 public:
  InputError(std::string_view id, std::string_view path, std::string_view words)
      : Error(id, path, words) {}

  std::string_view remedy() const noexcept override;
};

/// Why an envelope that can be read is not accepted, or a record not sealed, as the table in
/// docs/spec/verification.md names it.
enum class Outcome { kTampered, kUnacceptable, kUntrusted };

/// Something was not sealed, or not verified.
class Refusal : public Error {
 public:
  Refusal(Outcome outcome, std::string_view id, std::string_view path, std::string_view words)
      : Error(id, path, words), outcome_(outcome) {}

  /// Turns a fault of the record itself into its refusal.
  explicit Refusal(const InputError& error);

  Outcome outcome() const noexcept { return outcome_; }

  std::string_view remedy() const noexcept override;

 private:
  Outcome outcome_;
};

}  // namespace mlspec
