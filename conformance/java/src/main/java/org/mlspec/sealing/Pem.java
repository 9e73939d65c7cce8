package org.mlspec.sealing;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The textual form of keys (RFC 7468). */
final class Pem {
  private Pem() {}

  /** Returns the DER bytes of the first block with this label. */
  static byte[] decode(String text, String label) throws InvalidException {
    String block = "-----BEGIN %1$s-----\\s([A-Za-z0-9+/=\\s]+)-----END %1$s-----";
    Matcher found = Pattern.compile(block.formatted(label)).matcher(text);
    if (!found.find()) {
      throw new InvalidException("must be a %s in PEM".formatted(label));
    }
    try {
      return Base64.getDecoder().decode(found.group(1).replaceAll("\\s", ""));
    } catch (IllegalArgumentException error) {
      throw new InvalidException("must be a %s in PEM".formatted(label), error);
    }
  }
}
