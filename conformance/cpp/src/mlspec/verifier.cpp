#include "mlspec/verifier.hpp"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "mlspec/acceptance.hpp"
#include "mlspec/bytes.hpp"
#include "mlspec/decoding.hpp"
#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

using google::protobuf::Timestamp;

/// What the signatures of an envelope are worth.
struct Checked {
  std::set<std::string> counting;
  bool lapsed = false;
  bool forged = false;
};

/// A record that may be used, signatures apart.
struct Accepted {
  v1::Record record;
  std::vector<std::string> doubts;
};

/// Finds the trusted key that made a signature; its keyid only says where to begin.
const TrustedKey* MakerOf(const Signature& signature, std::string_view signed_bytes,
                          const TrustPolicy& trust) {
  const auto hinted = trust.keys().find(signature.keyid);
  if (hinted != trust.keys().end() && hinted->second.key.Fits(signature.sig, signed_bytes)) {
    return &hinted->second;
  }
  const auto found = std::ranges::find_if(trust.keys(), [&](const auto& each) {
    return each.first != signature.keyid && each.second.key.Fits(signature.sig, signed_bytes);
  });
  return found == trust.keys().end() ? nullptr : &found->second;
}

/// Steps 2 and 3.
Checked CheckSignatures(const Envelope& envelope, const TrustPolicy& trust,
                        const Timestamp& moment) {
  const std::string signed_bytes = envelope.SignedBytes();
  Checked checked;
  for (const Signature& signature :
       std::set<Signature>(envelope.signatures.begin(), envelope.signatures.end())) {
    const TrustedKey* maker = MakerOf(signature, signed_bytes, trust);
    if (maker == nullptr) {
      checked.forged |= trust.keys().contains(signature.keyid);
    } else if (maker->CountsAt(moment)) {
      checked.counting.insert(maker->key.keyid());
    } else {
      checked.lapsed = true;
    }
  }
  return checked;
}

Refusal Tampered() {
  return Refusal(Outcome::kTampered, "signature.forged", "signatures",
                 "must fit payload and type (one claims a trusted key that did not make it)");
}

Refusal NobodyVouches(const Checked& checked) {
  if (checked.forged) return Tampered();
  if (checked.lapsed) {
    return Refusal(Outcome::kUntrusted, "signature.lapsed", "signatures",
                   "must be made by a key that counts at the time of judgement");
  }
  return Refusal(Outcome::kUntrusted, "signature.unknown_key", "signatures",
                 "must be made by a key that the trust file knows");
}

/// Steps 4 to 7.
Accepted Accept(const Envelope& envelope, const VerifyOptions& options) try {
  if (envelope.payload_type != kRecordPayloadType) {
    throw InputError("envelope.payload_type", "payload_type",
                     "must be " + std::string(kRecordPayloadType));
  }
  v1::Record record = DecodeRecord(envelope.payload);
  auto doubts = Judge(record, FirstUnknownField(record), options.understood_annotations,
                      options.reader_version);
  return {std::move(record), std::move(doubts)};
} catch (const InputError& error) {
  throw Refusal(error);
}

/// Step 9.
std::vector<std::string> RolesMet(const Checked& checked, const TrustPolicy& trust,
                                  const v1::RecordHeader& header) {
  std::vector<std::string> met;
  for (const v1::TrustRole& role : trust.message().roles()) {
    if (!Covers(role, header.stage(), header.namespace_name())) continue;
    std::set<std::string> signed_by;
    std::ranges::copy_if(
        role.keyids(), std::inserter(signed_by, signed_by.end()),
        [&](const std::string& keyid) { return checked.counting.contains(keyid); });
    const auto identities = static_cast<int>(trust.Identities(signed_by).size());
    if (identities >= role.threshold()) met.push_back(role.name());
  }
  if (met.empty() && checked.forged) throw Tampered();
  if (met.empty()) {
    throw Refusal(Outcome::kUntrusted, "role.missing", "signatures",
                  "must be made by as many identities as some role for " +
                      StageName(header.stage()) + " in " + header.namespace_name() + " asks");
  }
  return met;
}

}  // namespace

std::string Names(const std::vector<Signer>& signers) {
  std::string names;
  for (const Signer& signer : signers) names += (names.empty() ? "" : ", ") + signer.identity;
  return names;
}

VerifiedRecord Verify(const Envelope& envelope, const TrustPolicy& trust,
                      const VerifyOptions& options) {
  trust.RequireUsable();
  const Timestamp moment = options.at.value_or(google::protobuf::util::TimeUtil::GetCurrentTime());
  const Checked checked = CheckSignatures(envelope, trust, moment);
  if (checked.counting.empty()) throw NobodyVouches(checked);
  Accepted accepted = Accept(envelope, options);

  VerifiedRecord verified;
  verified.roles_ = RolesMet(checked, trust, accepted.record.header());
  verified.record_ = std::move(accepted.record);
  verified.doubts_ = std::move(accepted.doubts);
  verified.payload_ = envelope.payload;
  verified.sha256_ = Sha256(envelope.payload);
  for (const std::string& keyid : checked.counting) {
    verified.signers_.push_back({keyid, trust.keys().at(keyid).entry.identity()});
  }
  return verified;
}

}  // namespace mlspec
