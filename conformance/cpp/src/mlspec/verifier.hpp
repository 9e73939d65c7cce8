#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mlspec/envelope.hpp"
#include "mlspec/trust.hpp"
#include "mlspec/v1/record.pb.h"
#include "mlspec/version.hpp"

namespace mlspec {

/// What a verifier is told besides envelope and trust file.
struct VerifyOptions {
  /// The time to judge keys at, which the caller vouches for. Absent: now.
  std::optional<google::protobuf::Timestamp> at = std::nullopt;
  /// The must-understand annotations that the caller acts on.
  std::set<std::string> understood_annotations = {};
  /// The newest version of the specification that the caller knows.
  std::string_view reader_version = kSpecVersion;
};

/// Who vouches for a record.
struct Signer {
  std::string keyid;
  std::string identity;
};

/// Returns the identities of signers, joined by ", ".
std::string Names(const std::vector<Signer>& signers);

/// A record that can be relied on. Nothing but Verify makes one.
class VerifiedRecord {
 public:
  const v1::Record& record() const { return record_; }

  /// The payload, byte for byte as it was signed.
  const std::string& payload() const { return payload_; }

  /// The record's identity: SHA-256 of the payload, 32 bytes.
  const std::string& sha256() const { return sha256_; }

  /// Whose keys made a signature and count.
  const std::vector<Signer>& signers() const { return signers_; }

  /// The names of the roles that were met.
  const std::vector<std::string>& roles() const { return roles_; }

  /// Why this reader does not understand the record in full. Empty: it does.
  const std::vector<std::string>& doubts() const { return doubts_; }

 private:
  VerifiedRecord() = default;
  friend VerifiedRecord Verify(const Envelope&, const TrustPolicy&, const VerifyOptions&);

  v1::Record record_;
  std::string payload_;
  std::string sha256_;
  std::vector<Signer> signers_;
  std::vector<std::string> roles_;
  std::vector<std::string> doubts_;
};

/// Verifies one sealed record, by the steps of docs/spec/verification.md: throws, or returns a
/// value that nothing else can make. Step 8, the rules of the schema, is left out (see README.md).
///
/// Throws Refusal.
VerifiedRecord Verify(const Envelope& envelope, const TrustPolicy& trust,
                      const VerifyOptions& options = {});

}  // namespace mlspec
