#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "mlspec/keys.hpp"
#include "mlspec/v1/trust.pb.h"

namespace mlspec {

/// A public key, whose it is, and when it counts.
struct TrustedKey {
  PublicKey key;
  v1::TrustedKey entry;

  /// Tells whether it is valid (start inclusive, end exclusive) and not revoked at a moment.
  bool CountsAt(const google::protobuf::Timestamp& moment) const;
};

/// The trust file: whom a verifier believes, about what, and when. It comes to the verifier out of
/// band and is never read from what is being verified.
class TrustPolicy {
 public:
  /// Reads a trust file, ProtoJSON of `mlspec.v1.TrustPolicy`. Throws InputError.
  static TrustPolicy FromJson(std::string_view text);

  /// Checks a policy. Throws InputError.
  ///
  /// Of the rules of the schema, only those are applied that verification rests on: no validator is
  /// to be had for C++ (see README.md).
  explicit TrustPolicy(v1::TrustPolicy message);

  /// Throws Refusal if the file is past its date. What it requires of namespaces is judged of
  /// deployments, not of a record.
  void RequireUsable() const;

  const std::map<std::string, TrustedKey>& keys() const { return keys_; }

  const v1::TrustPolicy& message() const { return message_; }

  /// Returns who holds these keys, in one spelling each: what thresholds count.
  std::set<std::string> Identities(const std::set<std::string>& keyids) const;

 private:
  void AddKey(const v1::TrustedKey& entry);
  void RequireReachable(const v1::TrustRole& role) const;

  v1::TrustPolicy message_;
  std::map<std::string, TrustedKey> keys_;
};

/// Tells whether a role may vouch for a stage in a namespace.
bool Covers(const v1::TrustRole& role, v1::Stage stage, std::string_view namespace_name);

}  // namespace mlspec
