// The conformance program: requests from standard input, each answered on standard output, as
// conformance/proto/mlspec/conformance/v1/exchange.proto says.
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>

#include "converting.hpp"
#include "mlspec/errors.hpp"
#include "sealing.hpp"
#include "wording.hpp"

namespace mlspec::conformance {
namespace {

namespace pb = google::protobuf;

v1::Refusal KindOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTampered:
      return v1::REFUSAL_TAMPERED;
    case Outcome::kUnacceptable:
      return v1::REFUSAL_UNACCEPTABLE;
    case Outcome::kUntrusted:
      return v1::REFUSAL_UNTRUSTED;
  }
  return v1::REFUSAL_UNSPECIFIED;
}

void Refuse(v1::Refusal kind, const Error& error, v1::Response& response) {
  response.mutable_refused()->set_refusal(kind);
  const std::string reason = error.id() + ": " + error.what() + ". ";
  response.mutable_refused()->set_reason(Wording(reason + std::string(error.remedy())));
}

void Do(const v1::Request& request, v1::Response& response) {
  switch (request.task_case()) {
    case v1::Request::kConvert:
      return Convert(request.convert(), response);
    case v1::Request::kSeal:
      return Seal(request.seal(), response);
    case v1::Request::kVerify:
      return Verify(request.verify(), response);
    case v1::Request::TASK_NOT_SET:
      response.set_unsupported("the request sets no task that this program knows");
  }
}

v1::Response Answer(const v1::Request& request) {
  v1::Response response;
  response.set_case_id(request.case_id());
  try {
    Do(request, response);
  } catch (const Refusal& refusal) {
    Refuse(KindOf(refusal.outcome()), refusal, response);
  } catch (const InputError& error) {
    Refuse(v1::REFUSAL_UNREADABLE, error, response);
  } catch (const std::exception& error) {
    response.set_failure(Wording(error.what()));
  }
  return response;
}

int Serve() {
  pb::io::FileInputStream input(STDIN_FILENO);
  pb::io::FileOutputStream output(STDOUT_FILENO);
  bool ended = false;
  v1::Request request;
  while (pb::util::ParseDelimitedFromZeroCopyStream(&request, &input, &ended)) {
    const v1::Response response = Answer(request);
    if (!pb::util::SerializeDelimitedToZeroCopyStream(response, &output) || !output.Flush()) {
      std::cerr << "standard output: must take the response to " << request.case_id() << "\n";
      return 1;
    }
    request.Clear();
  }
  if (!ended) std::cerr << "standard input: must hold requests, each after its length\n";
  return ended ? 0 : 1;
}

}  // namespace
}  // namespace mlspec::conformance

int main() { return mlspec::conformance::Serve(); }
