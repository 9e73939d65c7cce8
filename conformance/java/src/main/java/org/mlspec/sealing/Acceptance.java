package org.mlspec.sealing;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.mlspec.v1.Annotation;
import org.mlspec.v1.AnnotationDuty;
import org.mlspec.v1.Record;
import org.mlspec.v1.RecordHeader;

/** Whether the bytes of a record may be relied on, signatures apart. */
final class Acceptance {
  private static final int FIRST_BODY = 10;

  private final SpecVersion reader;
  private final List<String> doubts = new ArrayList<>();

  private Acceptance(SpecVersion reader) {
    this.reader = reader;
  }

  /**
   * A record that may be used.
   *
   * @param record the record
   * @param doubts why this reader does not understand all of it; empty if it does
   */
  record Accepted(Record record, List<String> doubts) {}

  /** Parses the payload of an envelope, within the bounds. */
  static StrictMessage<Record> parse(ByteString payload) throws InvalidException {
    return StrictMessage.parse(Record.getDefaultInstance(), payload, Envelopes.MAX_PAYLOAD);
  }

  /** Applies the rules on versions, annotations, unknown fields and content. */
  static Accepted accept(StrictMessage<Record> parsed, Set<String> understood, SpecVersion reader)
      throws InvalidException {
    Record record = parsed.message();
    if (!record.hasHeader()) {
      Rules.check(record);
    }
    Acceptance acceptance = new Acceptance(reader);
    checkAnnotations(record.getHeader(), understood);
    acceptance.checkVersions(record.getHeader(), parsed.unknown());
    checkStage(record);
    acceptance.checkRules(record);
    return new Accepted(record, List.copyOf(acceptance.doubts));
  }

  /** Returns how the header's stage is called: as its body's field, or by its number. */
  static String stageName(RecordHeader header) {
    int stage = header.getStageValue();
    var field = Record.getDescriptor().findFieldByNumber(stage + FIRST_BODY);
    return field == null ? "stage " + stage : field.getName();
  }

  private static void checkAnnotations(RecordHeader header, Set<String> understood)
      throws InvalidException {
    for (Annotation each : header.getAnnotationsList()) {
      if (each.getDuty() != AnnotationDuty.ANNOTATION_DUTY_IGNORABLE
          && !understood.contains(each.getName())) {
        throw new InvalidException(
            "header.annotations: must be understood, and is not (got %s)"
                .formatted(each.getName()));
      }
    }
  }

  private void checkVersions(RecordHeader header, Optional<String> unknown)
      throws InvalidException {
    String leastPath = "header.least_reader_version";
    SpecVersion least = SpecVersion.parse(header.getLeastReaderVersion(), leastPath);
    SpecVersion written = SpecVersion.parse(header.getSpecVersion(), "header.spec_version");
    if (least.isNewerThan(written)) {
      throw new InvalidException(leastPath + ": must not be newer than spec_version");
    }
    if (unknown.isPresent() && !written.isNewerThan(reader)) {
      throw new InvalidException(
          "%s: must be a field that version %s has"
              .formatted(unknown.get(), header.getSpecVersion()));
    }
    if (least.isNewerThan(reader)) {
      doubts.add("needs a reader of version " + header.getLeastReaderVersion());
    }
    unknown.ifPresent(path -> doubts.add(path + ": is a field of a newer version"));
  }

  private static void checkStage(Record record) throws InvalidException {
    int body = record.getBodyCase().getNumber();
    if (body != 0 && body != record.getHeader().getStageValue() + FIRST_BODY) {
      throw new InvalidException(
          "header.stage: must be that of the body (got %s)"
              .formatted(stageName(record.getHeader())));
    }
  }

  private void checkRules(Record record) throws InvalidException {
    SpecVersion written =
        SpecVersion.parse(record.getHeader().getSpecVersion(), "header.spec_version");
    if (!written.isNewerThan(reader)) {
      Rules.check(record);
    } else {
      Rules.brokenOrRefused(record).stream()
          .findFirst()
          .map(BrokenRule::toString)
          .ifPresent(doubts::add);
    }
  }
}
