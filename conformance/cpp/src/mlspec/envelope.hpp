#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace mlspec {

/// What the payload of a sealed record is, compared byte by byte.
inline constexpr std::string_view kRecordPayloadType = "application/vnd.mlspec.record.v1+protobuf";

/// One signature of an envelope.
struct Signature {
  /// For Ed25519 64 raw bytes, for ECDSA P-256 the DER form.
  std::string sig;
  /// A hint which key made it, and no more than that. Empty: none was given.
  std::string keyid;

  auto operator<=>(const Signature&) const = default;
};

/// A DSSE envelope, not verified: bytes, what they are, and signatures over both.
struct Envelope {
  std::string payload;
  std::string payload_type;
  std::vector<Signature> signatures;

  /// Reads the JSON form. Throws InputError.
  static Envelope FromJson(std::string_view text);

  /// Reads the protobuf form, one `mlspec.v1.Envelope`. Throws InputError.
  static Envelope FromBinary(std::string_view data);

  /// Returns the JSON form.
  std::string ToJson() const;

  /// Returns the bytes that are signed: PAE(type, payload). Lengths count bytes.
  std::string SignedBytes() const;
};

}  // namespace mlspec
