package org.mlspec.sealing;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A message as it was read from bytes within the bounds of docs/spec/encoding.md.
 *
 * @param <M> the type of the message
 * @param message the message, with its unknown fields
 * @param unknown where the first unknown field is: the path of its message, {@code #} and its
 *     number; empty if every field at any depth is known
 */
record StrictMessage<M extends Message>(M message, Optional<String> unknown) {
  private static final int MAX_DEPTH = 64;

  /** Reads one message of the type of {@code prototype}. */
  static <M extends Message> StrictMessage<M> parse(M prototype, ByteString data, int maxBytes)
      throws InvalidException {
    String name = prototype.getDescriptorForType().getName();
    if (data.size() > maxBytes) {
      throw new InvalidException(
          "must be at most %d bytes (got %d)".formatted(maxBytes, data.size()));
    }
    TopLevel.refuseTwins(prototype.getDescriptorForType(), data.asReadOnlyByteBuffer());
    try {
      @SuppressWarnings("unchecked") // A message's parser makes messages of its type.
      M message = (M) prototype.getParserForType().parseFrom(data);
      return new StrictMessage<>(message, firstUnknown(message, "", MAX_DEPTH));
    } catch (InvalidProtocolBufferException error) {
      throw new InvalidException(
          "must be one encoded %s (%s)".formatted(name, error.getMessage()), error);
    }
  }

  /** Returns the message, in which every field must be known. */
  M fullyKnown() throws InvalidException {
    if (unknown.isPresent()) {
      throw new InvalidException(unknown.get() + ": must be a field that this version knows");
    }
    return message;
  }

  private static Optional<String> firstUnknown(Message message, String path, int left)
      throws InvalidException {
    if (left == 0) {
      throw new InvalidException(path + ": must nest at most " + MAX_DEPTH + " deep");
    }
    Optional<String> found =
        message.getUnknownFields().asMap().keySet().stream().findFirst().map(n -> path + "#" + n);
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      if (field.getJavaType() != JavaType.MESSAGE) {
        continue;
      }
      String name = path.isEmpty() ? field.getName() : path + "." + field.getName();
      List<?> items = field.isRepeated() ? (List<?>) entry.getValue() : List.of(entry.getValue());
      for (int index = 0; index < items.size(); index++) {
        String inner = field.isRepeated() ? name + "[" + index + "]" : name;
        Optional<String> deeper = firstUnknown((Message) items.get(index), inner, left - 1);
        found = found.isPresent() ? found : deeper;
      }
    }
    return found;
  }
}
