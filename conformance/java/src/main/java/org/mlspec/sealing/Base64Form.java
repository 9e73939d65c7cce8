package org.mlspec.sealing;

import com.google.protobuf.ByteString;
import java.util.Base64;

/** Base64 (RFC 4648) in exactly one spelling for each value. */
final class Base64Form {
  private Base64Form() {}

  /**
   * Returns the bytes that {@code text} spells in the standard or in the URL-safe alphabet, never
   * in both, with padding and with unused bits zero.
   */
  static ByteString decode(String text, String path) throws InvalidException {
    boolean urlSafe = text.indexOf('-') >= 0 || text.indexOf('_') >= 0;
    try {
      byte[] data = (urlSafe ? Base64.getUrlDecoder() : Base64.getDecoder()).decode(text);
      // Java takes text without padding and with unused bits: only one spelling comes out again.
      Base64.Encoder encoder = urlSafe ? Base64.getUrlEncoder() : Base64.getEncoder();
      if (encoder.encodeToString(data).equals(text)) {
        return ByteString.copyFrom(data);
      }
    } catch (IllegalArgumentException error) {
      throw new InvalidException(path + ": must be base64 of one alphabet", error);
    }
    throw new InvalidException(path + ": must be base64 in its canonical spelling, padded");
  }
}
