#include "sealing.hpp"

#include "mlspec/sealer.hpp"
#include "mlspec/verifier.hpp"

namespace mlspec::conformance {

void Seal(const v1::Seal& request, v1::Response& response) {
  const auto key = PrivateKey::FromPem(request.private_key());
  const Envelope envelope = mlspec::Seal(request.payload(), key, request.reader_version());
  response.mutable_sealed()->set_envelope(envelope.ToJson());
}

void Verify(const v1::Verify& request, v1::Response& response) {
  const Envelope envelope = request.has_json() ? Envelope::FromJson(request.json())
                                               : Envelope::FromBinary(request.binary());
  const auto trust = TrustPolicy::FromJson(request.trust());
  const auto& understood = request.understood_annotations();
  const VerifiedRecord record = mlspec::Verify(
      envelope, trust,
      {request.at(), {understood.begin(), understood.end()}, request.reader_version()});

  v1::Verified& verified = *response.mutable_verified();
  verified.set_payload_sha256(record.sha256());
  verified.set_payload(record.payload());
  for (const Signer& signer : record.signers()) verified.add_keyids(signer.keyid);
  for (const std::string& role : record.roles()) verified.add_roles(role);
  verified.set_fully_understood(record.doubts().empty());
}

}  // namespace mlspec::conformance
