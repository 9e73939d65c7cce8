#include "converting.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>

#include "wording.hpp"

namespace mlspec::conformance {
namespace {

namespace pb = google::protobuf;

std::unique_ptr<pb::Message> NewMessage(const std::string& type) {
  const auto* descriptor = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) return nullptr;
  const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(descriptor);
  return std::unique_ptr<pb::Message>(prototype->New());
}

/// Returns why the message cannot be read. Empty: it was.
std::string Read(const v1::Convert& request, pb::Message& message) {
  if (request.has_json()) {
    const auto status = pb::util::JsonStringToMessage(request.json(), &message);
    return status.ok() ? "" : Wording(status.ToString());
  }
  return message.ParseFromString(request.binary()) ? "" : "must be one encoded message";
}

}  // namespace

void Convert(const v1::Convert& request, v1::Response& response) {
  const auto message = NewMessage(request.message_type());
  if (message == nullptr) {
    response.set_unsupported("there is no such message: " + request.message_type());
    return;
  }
  if (const std::string reason = Read(request, *message); !reason.empty()) {
    response.set_unreadable(reason);
    return;
  }
  v1::Converted& converted = *response.mutable_converted();
  converted.set_unchecked("protovalidate-cc is published for Bazel only, and is no Debian package");
  if (request.rules_only()) return;
  converted.set_binary(message->SerializeAsString());
  std::string json;
  if (const auto status = pb::util::MessageToJsonString(*message, &json); status.ok()) {
    converted.set_json(json);
  } else {
    converted.set_json_refusal(Wording(status.ToString()));
  }
}

}  // namespace mlspec::conformance
