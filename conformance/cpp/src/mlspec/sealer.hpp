#pragma once

#include <string>
#include <string_view>

#include "mlspec/envelope.hpp"
#include "mlspec/keys.hpp"
#include "mlspec/version.hpp"

namespace mlspec {

/// Signs the bytes of one encoded `mlspec.v1.Record` as they are, by the steps of
/// docs/spec/signing.md. Step 3, the rules of the schema, is left out (see README.md).
///
/// Throws Refusal if nobody may seal them: no record, one with unknown fields, of two stages, or of
/// a version newer than the signer's.
Envelope Seal(std::string payload, const PrivateKey& key,
              std::string_view own_version = kSpecVersion);

}  // namespace mlspec
