#include "mlspec/sealer.hpp"

#include <set>
#include <utility>

#include "mlspec/acceptance.hpp"
#include "mlspec/decoding.hpp"
#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

/// Steps 1, 2 and 4.
void RequireSealable(std::string_view payload, std::string_view own_version) try {
  const v1::Record record = DecodeRecord(payload);
  if (const auto unknown = FirstUnknownField(record)) {
    throw InputError("decode.unknown_field", *unknown, "must be a field of this version");
  }
  // Who makes an annotation understands it.
  std::set<std::string> own_annotations;
  for (const v1::Annotation& annotation : record.header().annotations()) {
    own_annotations.insert(annotation.name());
  }
  Judge(record, std::nullopt, own_annotations, own_version);
  constexpr std::string_view kPath = "header.spec_version";
  if (Version::Parse(record.header().spec_version(), kPath) > Version::Parse(own_version, kPath)) {
    throw InputError("version.newer", kPath, "must not be newer than the signer");
  }
} catch (const InputError& error) {
  throw Refusal(error);
}

}  // namespace

Envelope Seal(std::string payload, const PrivateKey& key, std::string_view own_version) {
  RequireSealable(payload, own_version);
  Envelope envelope{std::move(payload), std::string(kRecordPayloadType), {}};
  envelope.signatures.push_back({key.Sign(envelope.SignedBytes()), key.public_key().keyid()});
  return envelope;
}

}  // namespace mlspec
