#pragma once

#include "mlspec/conformance/v1/exchange.pb.h"

namespace mlspec::conformance {

/// Reads a message as protobuf's runtime does, no stricter, and writes it in both forms.
void Convert(const v1::Convert& request, v1::Response& response);

}  // namespace mlspec::conformance
