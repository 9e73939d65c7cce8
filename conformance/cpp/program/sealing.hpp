#pragma once

#include "mlspec/conformance/v1/exchange.pb.h"

namespace mlspec::conformance {

/// Seals the bytes of a record. Throws what the library throws.
void Seal(const v1::Seal& request, v1::Response& response);

/// Verifies an envelope. Throws what the library throws.
void Verify(const v1::Verify& request, v1::Response& response);

}  // namespace mlspec::conformance
