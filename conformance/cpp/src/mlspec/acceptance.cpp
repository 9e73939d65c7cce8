#include "mlspec/acceptance.hpp"

#include "mlspec/decoding.hpp"
#include "mlspec/errors.hpp"
#include "mlspec/version.hpp"

namespace mlspec {
namespace {

/// By how much the number of a body's field is above that of its stage.
constexpr int kBodyOffset = 10;

void RequireUnderstood(const v1::RecordHeader& header, const std::set<std::string>& understood) {
  for (const v1::Annotation& annotation : header.annotations()) {
    if (annotation.duty() == v1::ANNOTATION_DUTY_IGNORABLE) continue;
    if (understood.contains(annotation.name())) continue;
    throw InputError("record.annotation", "header.annotations",
                     "must be understood, and is not (got " + annotation.name() + ")");
  }
}

void RequireStageOfBody(const v1::Record& record) {
  const int body = record.body_case();
  if (body == v1::Record::BODY_NOT_SET || body - kBodyOffset == record.header().stage()) return;
  throw InputError("record.stage", "header.stage", "must be that of the body");
}

}  // namespace

v1::Record DecodeRecord(std::string_view payload) {
  v1::Record record;
  Decode(payload, record);
  return record;
}

std::vector<std::string> Judge(const v1::Record& record, const std::optional<std::string>& unknown,
                               const std::set<std::string>& understood,
                               std::string_view reader_version) {
  if (!record.has_header()) throw InputError("record.header", "header", "must be there");
  const v1::RecordHeader& header = record.header();
  RequireUnderstood(header, understood);
  const auto least = Version::Parse(header.least_reader_version(), "header.least_reader_version");
  const auto written = Version::Parse(header.spec_version(), "header.spec_version");
  const auto reader = Version::Parse(reader_version, "reader_version");
  if (least > written) {
    throw InputError("version.order", "header.least_reader_version",
                     "must not be newer than spec_version");
  }
  if (written <= reader && unknown) {
    throw InputError("decode.unknown_field", *unknown, "must be a field of the record's version");
  }
  RequireStageOfBody(record);
  std::vector<std::string> doubts;
  if (least > reader) doubts.push_back("needs a reader of " + header.least_reader_version());
  if (unknown) doubts.push_back(*unknown + ": is a field of a newer version");
  return doubts;
}

std::string StageName(v1::Stage stage) {
  const auto* bodies = v1::Record::descriptor()->FindOneofByName("body");
  for (int index = 0; index < bodies->field_count(); ++index) {
    const auto* field = bodies->field(index);
    if (field->number() - kBodyOffset == stage) return field->name();
  }
  return "stage " + std::to_string(stage);
}

}  // namespace mlspec
