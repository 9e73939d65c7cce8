package org.mlspec.sealing;

import static com.google.protobuf.WireFormat.WIRETYPE_END_GROUP;
import static com.google.protobuf.WireFormat.WIRETYPE_FIXED32;
import static com.google.protobuf.WireFormat.WIRETYPE_FIXED64;
import static com.google.protobuf.WireFormat.WIRETYPE_LENGTH_DELIMITED;
import static com.google.protobuf.WireFormat.WIRETYPE_START_GROUP;
import static com.google.protobuf.WireFormat.WIRETYPE_VARINT;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;

/**
 * The fields that stand at the top of an encoded message, in the order of the bytes.
 *
 * <p>The runtime keeps the last of two singular fields and does not tell that there were two.
 */
final class TopLevel {
  private static final int MAX_NUMBER = (1 << 29) - 1;
  private static final int MAX_GROUPS = 64;

  private final ByteBuffer data;

  private TopLevel(ByteBuffer data) {
    this.data = data;
  }

  /**
   * Refuses a field that may stand once and stands more often. Two members of one oneof count as
   * one field that stands twice.
   */
  static void refuseTwins(Descriptor type, ByteBuffer data) throws InvalidException {
    TopLevel fields = new TopLevel(data.duplicate());
    Set<Object> seen = new HashSet<>();
    while (fields.data.hasRemaining()) {
      long tag = fields.tag();
      FieldDescriptor field = type.findFieldByNumber((int) (tag >>> 3));
      fields.skip(tag, 0);
      if (field == null || field.isRepeated()) {
        continue;
      }
      Object slot = field.getContainingOneof() == null ? field : field.getContainingOneof();
      if (!seen.add(slot)) {
        throw new InvalidException(
            field.getName() + ": must stand in the message once (got it more often)");
      }
    }
  }

  private long tag() throws InvalidException {
    long tag = varint();
    long number = tag >>> 3;
    if (number == 0 || number > MAX_NUMBER || (tag & 7) > WIRETYPE_FIXED32) {
      throw new InvalidException("must start a field before byte " + data.position());
    }
    return tag;
  }

  private long varint() throws InvalidException {
    long value = 0;
    for (int shift = 0; shift < 64 && data.hasRemaining(); shift += 7) {
      long bits = data.get();
      value |= (bits & 0x7F) << shift;
      if (bits >= 0) {
        if (shift == 63 && bits > 1) {
          break;
        }
        return value;
      }
    }
    throw new InvalidException("must have a varint of 64 bits before byte " + data.position());
  }

  private void skip(long tag, int groups) throws InvalidException {
    switch ((int) tag & 7) {
      case WIRETYPE_VARINT -> varint();
      case WIRETYPE_FIXED32 -> skipBytes(4);
      case WIRETYPE_FIXED64 -> skipBytes(8);
      case WIRETYPE_LENGTH_DELIMITED -> skipBytes(varint());
      case WIRETYPE_START_GROUP -> skipGroup(tag >>> 3, groups + 1);
      default -> throw new InvalidException("must not end a group that never began");
    }
  }

  private void skipBytes(long count) throws InvalidException {
    if (Long.compareUnsigned(count, data.remaining()) > 0) {
      throw new InvalidException(
          "must have %s more bytes at byte %d"
              .formatted(Long.toUnsignedString(count), data.position()));
    }
    data.position(data.position() + (int) count);
  }

  private void skipGroup(long number, int groups) throws InvalidException {
    if (groups > MAX_GROUPS) {
      throw new InvalidException("must nest groups at most " + MAX_GROUPS + " deep");
    }
    while (true) {
      long tag = tag();
      if ((tag & 7) != WIRETYPE_END_GROUP) {
        skip(tag, groups);
      } else if (tag >>> 3 == number) {
        return;
      } else {
        throw new InvalidException("must end the group that began last");
      }
    }
  }
}
