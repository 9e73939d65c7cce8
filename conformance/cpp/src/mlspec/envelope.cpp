#include "mlspec/envelope.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "mlspec/base64.hpp"
#include "mlspec/bytes.hpp"
#include "mlspec/decoding.hpp"
#include "mlspec/errors.hpp"
#include "mlspec/json_document.hpp"
#include "mlspec/v1/envelope.pb.h"

namespace mlspec {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxEnvelopeBytes = 24 * 1024 * 1024;
constexpr std::size_t kMaxTypeCharacters = 255;
constexpr std::size_t kMaxSignatures = 64;
constexpr std::size_t kMaxSignatureBytes = 1024;
constexpr std::size_t kMaxKeyidCharacters = 255;
constexpr std::array<std::string_view, 5> kMembers = {"payload", "payloadType", "signatures", "sig",
                                                      "keyid"};

InputError Misshapen(std::string_view path, std::string_view words) {
  return InputError("envelope.shape", path, words);
}

void RequireMembersSpelledRight(const json& object, std::string_view path) {
  if (!object.is_object()) throw Misshapen(path, "must be an object");
  for (const auto& [name, value] : object.items()) {
    const bool known = std::ranges::find(kMembers, name) != kMembers.end();
    const bool like_known = std::ranges::any_of(kMembers, [&name](std::string_view member) {
      return FoldedName(name) == FoldedName(member);
    });
    if (like_known && !known) {
      throw InputError("json.twins", path, "must have no member in another spelling");
    }
  }
}

const std::string& Text(const json& object, const char* member, const std::string& path) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) throw Misshapen(path, "must be a string");
  return found->get_ref<const std::string&>();
}

Signature ReadSignature(const json& object, const std::string& path) {
  RequireMembersSpelledRight(object, path);
  Signature signature;
  signature.sig = DecodeBase64(Text(object, "sig", path + ".sig"), path + ".sig");
  if (object.contains("keyid")) signature.keyid = Text(object, "keyid", path + ".keyid");
  return signature;
}

void RequireBetweenOneAnd(std::size_t most, std::size_t size, std::string_view path) {
  if (size >= 1 && size <= most) return;
  throw InputError(
      "limit.size", path,
      "must have 1 to " + std::to_string(most) + " (got " + std::to_string(size) + ")");
}

Envelope Bounded(Envelope envelope) {
  RequireBetweenOneAnd(kMaxMessageBytes, envelope.payload.size(), "payload");
  RequireBetweenOneAnd(kMaxTypeCharacters, CountCharacters(envelope.payload_type), "payload_type");
  RequireBetweenOneAnd(kMaxSignatures, envelope.signatures.size(), "signatures");
  for (const Signature& signature : envelope.signatures) {
    RequireBetweenOneAnd(kMaxSignatureBytes, signature.sig.size(), "signatures.sig");
    if (signature.keyid.empty()) continue;
    RequireBetweenOneAnd(kMaxKeyidCharacters, CountCharacters(signature.keyid), "signatures.keyid");
  }
  return envelope;
}

}  // namespace

Envelope Envelope::FromJson(std::string_view text) {
  RequireSize(text, kMaxEnvelopeBytes);
  const json document = ParseJson(text);
  RequireMembersSpelledRight(document, "");
  Envelope envelope;
  envelope.payload = DecodeBase64(Text(document, "payload", "payload"), "payload");
  envelope.payload_type = Text(document, "payloadType", "payloadType");
  const auto signatures = document.find("signatures");
  if (signatures == document.end() || !signatures->is_array()) {
    throw Misshapen("signatures", "must be a list");
  }
  RequireBetweenOneAnd(kMaxSignatures, signatures->size(), "signatures");
  for (const json& each : *signatures) {
    const std::string path = "signatures[" + std::to_string(envelope.signatures.size()) + "]";
    envelope.signatures.push_back(ReadSignature(each, path));
  }
  return Bounded(std::move(envelope));
}

Envelope Envelope::FromBinary(std::string_view data) {
  v1::Envelope message;
  Decode(data, message, kMaxEnvelopeBytes);
  if (const auto unknown = FirstUnknownField(message)) {
    throw InputError("decode.unknown_field", *unknown, "must be a field of an envelope");
  }
  Envelope envelope{message.payload(), message.payload_type(), {}};
  for (const v1::Signature& each : message.signatures()) {
    envelope.signatures.push_back({each.sig(), each.keyid()});
  }
  return Bounded(std::move(envelope));
}

std::string Envelope::ToJson() const {
  nlohmann::ordered_json document;
  document["payload"] = EncodeBase64(payload);
  document["payloadType"] = payload_type;
  document["signatures"] = nlohmann::ordered_json::array();
  for (const Signature& each : signatures) {
    nlohmann::ordered_json entry;
    if (!each.keyid.empty()) entry["keyid"] = each.keyid;
    entry["sig"] = EncodeBase64(each.sig);
    document["signatures"].push_back(std::move(entry));
  }
  return document.dump(2) + "\n";
}

std::string Envelope::SignedBytes() const {
  return "DSSEv1 " + std::to_string(payload_type.size()) + " " + payload_type + " " +
         std::to_string(payload.size()) + " " + payload;
}

}  // namespace mlspec
