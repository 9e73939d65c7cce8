package org.mlspec.sealing;

import java.util.List;
import java.util.stream.Collectors;

/** Bytes are not what they should be. What that means for the caller, only the caller knows. */
final class InvalidException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<BrokenRule> brokenRules;

  /** Says what must hold, in the form {@code path: must ... (got ...)}. */
  InvalidException(String message) {
    super(message);
    this.brokenRules = List.of();
  }

  InvalidException(String message, Throwable cause) {
    super(message, cause);
    this.brokenRules = List.of();
  }

  InvalidException(List<BrokenRule> brokenRules) {
    super(brokenRules.stream().map(BrokenRule::toString).collect(Collectors.joining("; ")));
    this.brokenRules = brokenRules;
  }

  List<BrokenRule> brokenRules() {
    return brokenRules;
  }
}
