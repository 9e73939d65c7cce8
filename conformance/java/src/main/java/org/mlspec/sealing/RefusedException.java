package org.mlspec.sealing;

import java.util.List;

/** A record, an envelope or a trust file was refused. */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Refusal refusal;
  private final transient List<BrokenRule> brokenRules;

  RefusedException(Refusal refusal, String reason) {
    super(reason);
    this.refusal = refusal;
    this.brokenRules = List.of();
  }

  RefusedException(Refusal refusal, InvalidException cause) {
    super(cause.getMessage(), cause);
    this.refusal = refusal;
    this.brokenRules = cause.brokenRules();
  }

  /** Returns of which kind the refusal is. */
  public Refusal refusal() {
    return refusal;
  }

  /** Returns the rules that are broken, where those are the reason. */
  public List<BrokenRule> brokenRules() {
    return brokenRules;
  }
}
