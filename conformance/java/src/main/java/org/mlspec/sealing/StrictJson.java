package org.mlspec.sealing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON text (RFC 8259) to maps, lists and strings, without the freedoms that parsers take.
 *
 * <p>Readers differ about members that stand twice, byte-order marks, lone surrogates and what
 * follows the value, so that one text could mean two things: here each of them is refused.
 */
final class StrictJson {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(64)
                  // The size of the whole is bounded here, and no number is ever computed.
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private StrictJson() {}

  /**
   * Returns the one value in {@code data}: a map, a list, a string, or for everything else, which
   * no envelope has, the token that it is.
   */
  static Object parse(byte[] data, int maxBytes) throws InvalidException {
    if (data.length > maxBytes) {
      throw new InvalidException(
          "must be at most %d bytes (got %d)".formatted(maxBytes, data.length));
    }
    try (JsonParser parser = FACTORY.createParser(text(data))) {
      parser.nextToken();
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw new InvalidException("must be one JSON value, and nothing after it");
      }
      return value;
    } catch (IOException error) {
      throw new InvalidException("must be JSON (%s)".formatted(error.getMessage()), error);
    }
  }

  /** Returns {@code data} as text, which must be UTF-8 without a byte-order mark. */
  static String text(byte[] data) throws InvalidException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data)).toString();
      if (text.startsWith("\uFEFF")) {
        throw new InvalidException("must not start with a byte-order mark");
      }
      return text;
    } catch (CharacterCodingException error) {
      throw new InvalidException("must be UTF-8", error);
    }
  }

  private static Object value(JsonParser parser) throws IOException, InvalidException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new InvalidException("must be JSON (got nothing)");
    }
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> scalars(parser.getText());
      default -> token;
    };
  }

  private static Map<String, Object> object(JsonParser parser)
      throws IOException, InvalidException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = scalars(parser.currentName());
      parser.nextToken();
      members.put(name, value(parser));
    }
    return members;
  }

  private static List<Object> array(JsonParser parser) throws IOException, InvalidException {
    List<Object> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(value(parser));
    }
    return items;
  }

  private static String scalars(String text) throws InvalidException {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new InvalidException("must not hold a lone surrogate");
    }
    return text;
  }
}
