package org.mlspec.sealing;

import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.ValidationException;
import build.buf.validate.FieldPathElement;
import build.buf.validate.Violation;
import com.google.protobuf.Message;
import java.util.List;

/** The rules that stand in the schema, applied by protovalidate. */
public final class Rules {
  private static final Validator VALIDATOR = ValidatorFactory.newBuilder().build();

  private Rules() {}

  /**
   * Returns the rules that a message breaks. Empty: it is valid.
   *
   * @throws ValidationException if a rule cannot be computed
   */
  public static List<BrokenRule> broken(Message message) throws ValidationException {
    return VALIDATOR.validate(message).getViolations().stream()
        .map(each -> brokenRule(each.toProto()))
        .toList();
  }

  /** Refuses a message that breaks a rule. */
  static void check(Message message) throws InvalidException {
    List<BrokenRule> broken = brokenOrRefused(message);
    if (!broken.isEmpty()) {
      throw new InvalidException(broken);
    }
  }

  /** Returns the rules that a message breaks, and refuses one whose rules cannot be computed. */
  static List<BrokenRule> brokenOrRefused(Message message) throws InvalidException {
    try {
      return broken(message);
    } catch (ValidationException error) {
      throw new InvalidException("must have rules that can be computed", error);
    }
  }

  private static BrokenRule brokenRule(Violation violation) {
    StringBuilder path = new StringBuilder();
    for (FieldPathElement element : violation.getField().getElementsList()) {
      path.append(path.isEmpty() ? "" : ".").append(element.getFieldName());
      if (element.hasIndex()) {
        path.append('[').append(Long.toUnsignedString(element.getIndex())).append(']');
      }
    }
    return new BrokenRule(path.toString(), violation.getRuleId());
  }
}
