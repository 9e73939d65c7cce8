#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mlspec/v1/record.pb.h"

namespace mlspec {

/// Reads the payload of a sealed record; unknown fields are kept. Throws InputError.
v1::Record DecodeRecord(std::string_view payload);

/// Says why a reader of `reader_version` does not understand a record in full. Empty: it does.
///
/// `unknown` is the path of the first unknown field, if there is one; `understood` are the
/// must-understand annotations that the caller acts on. The rules of the schema are NOT applied: no
/// validator is to be had for C++ (see README.md). Throws InputError for a record that nobody may
/// rely on: of no version, with a smuggled field, or of two stages.
std::vector<std::string> Judge(const v1::Record& record, const std::optional<std::string>& unknown,
                               const std::set<std::string>& understood,
                               std::string_view reader_version);

/// Returns the name of the body that a stage has, for example "model_training", or "stage 42".
std::string StageName(v1::Stage stage);

}  // namespace mlspec
