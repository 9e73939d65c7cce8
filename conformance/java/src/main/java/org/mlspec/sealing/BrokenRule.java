package org.mlspec.sealing;

/**
 * A rule of the schema that a message breaks.
 *
 * @param path the field, for example {@code header.tags[1].name}; empty for the message itself
 * @param ruleId the rule, for example {@code string.min_len}
 */
public record BrokenRule(String path, String ruleId) {
  @Override
  public String toString() {
    return (path.isEmpty() ? "the message" : path) + " must keep " + ruleId;
  }
}
