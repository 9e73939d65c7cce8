package org.mlspec.conformance;

import com.google.protobuf.Message;

/** The generated classes of mlspec.v1, by the full names of their messages. */
final class MessageTypes {
  private static final String PACKAGE = "mlspec.v1.";

  private MessageTypes() {}

  /**
   * Returns the empty message of a type.
   *
   * @throws IllegalArgumentException if there is no such type
   */
  static Message find(String fullName) {
    if (!fullName.startsWith(PACKAGE)) {
      throw new IllegalArgumentException("must be a message of mlspec.v1 (got " + fullName + ")");
    }
    String name = fullName.substring(PACKAGE.length()).replace('.', '$');
    try {
      Class<?> type = Class.forName("org.mlspec.v1." + name);
      return (Message) type.getMethod("getDefaultInstance").invoke(null);
    } catch (ReflectiveOperationException | ClassCastException error) {
      throw new IllegalArgumentException("must be a message (got " + fullName + ")", error);
    }
  }
}
