#include "mlspec/decoding.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>

#include <cstdint>
#include <set>
#include <vector>

#include "mlspec/errors.hpp"

namespace mlspec {
namespace {

namespace pb = google::protobuf;

/// How many messages may lie within the outermost one, which counts as the first of 64.
constexpr int kMaxInnerDepth = 63;

/// Throws InputError if a field that is not repeated, or two of one oneof, stand more than once.
void RequireSingularOnce(std::string_view data, const pb::Descriptor& type) {
  // A set that knows no field keeps all of them as they stand.
  pb::UnknownFieldSet fields;
  if (!fields.ParseFromArray(data.data(), static_cast<int>(data.size()))) return;
  std::set<const void*> seen;
  for (int index = 0; index < fields.field_count(); ++index) {
    const pb::FieldDescriptor* field = type.FindFieldByNumber(fields.field(index).number());
    if (field == nullptr || field->is_repeated()) continue;
    const void* slot = field;
    if (field->containing_oneof() != nullptr) slot = field->containing_oneof();
    if (!seen.insert(slot).second) {
      throw InputError("decode.duplicate_field", field->name(), "must stand in the message once");
    }
  }
}

std::optional<std::string> FirstUnknownBelow(const pb::Message& message, const std::string& path) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (const pb::UnknownFieldSet& unknown = reflection.GetUnknownFields(message); !unknown.empty()) {
    return path + "#" + std::to_string(unknown.field(0).number());
  }
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string inner = prefix + field->name();
    if (!field->is_repeated()) {
      auto found = FirstUnknownBelow(reflection.GetMessage(message, field), inner);
      if (found) return found;
      continue;
    }
    for (int index = 0; index < reflection.FieldSize(message, field); ++index) {
      auto found = FirstUnknownBelow(reflection.GetRepeatedMessage(message, field, index),
                                     inner + "[" + std::to_string(index) + "]");
      if (found) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

void Decode(std::string_view data, pb::Message& message, std::size_t max_bytes) {
  RequireSize(data, max_bytes);
  RequireSingularOnce(data, *message.GetDescriptor());
  pb::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(data.data()),
                                 static_cast<int>(data.size()));
  input.SetRecursionLimit(kMaxInnerDepth);
  if (!message.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage()) {
    throw InputError("decode", "",
                     "must be one encoded " + message.GetDescriptor()->name() +
                         ", complete, in UTF-8, with messages at most 64 deep");
  }
}

std::optional<std::string> FirstUnknownField(const pb::Message& message) {
  return FirstUnknownBelow(message, "");
}

}  // namespace mlspec
