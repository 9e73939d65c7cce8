package org.mlspec.sealing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.ibm.icu.lang.UCharacter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mlspec.v1.Envelope;
import org.mlspec.v1.Signature;

/** DSSE envelopes, in their JSON and in their protobuf form. No keys, and no trust. */
public final class Envelopes {
  /** The payload type of a record, compared byte by byte. */
  public static final String RECORD_TYPE = "application/vnd.mlspec.record.v1+protobuf";

  static final int MAX_PAYLOAD = 16 << 20;
  private static final int MAX_ENVELOPE = 24 << 20;
  private static final int MAX_SIGNATURES = 64;
  private static final int MAX_SIGNATURE = 1024;
  private static final int MAX_TEXT = 255;
  private static final Map<String, String> FOLDED =
      Stream.of("payload", "payloadType", "signatures", "sig", "keyid")
          .collect(Collectors.toMap(Envelopes::fold, Function.identity()));

  private Envelopes() {}

  /**
   * Reads the JSON form.
   *
   * @throws RefusedException if it is no envelope
   */
  public static Envelope fromJson(byte[] data) throws RefusedException {
    try {
      Map<String, Object> members = members(StrictJson.parse(data, MAX_ENVELOPE), "envelope");
      Envelope.Builder envelope =
          Envelope.newBuilder()
              .setPayload(Base64Form.decode(string(members, "payload"), "payload"))
              .setPayloadType(string(members, "payloadType"));
      if (!(members.get("signatures") instanceof List<?> signatures)) {
        throw new InvalidException("signatures: must be a list");
      }
      bound("signatures", signatures.size(), MAX_SIGNATURES);
      for (Object each : signatures) {
        envelope.addSignatures(signature(members(each, "signatures")));
      }
      return checked(envelope.build());
    } catch (InvalidException error) {
      throw new RefusedException(Refusal.UNREADABLE, error);
    }
  }

  /**
   * Reads the protobuf form.
   *
   * @throws RefusedException if it is no envelope
   */
  public static Envelope fromBytes(ByteString data) throws RefusedException {
    try {
      Envelope none = Envelope.getDefaultInstance();
      return checked(StrictMessage.parse(none, data, MAX_ENVELOPE).fullyKnown());
    } catch (InvalidException error) {
      throw new RefusedException(Refusal.UNREADABLE, error);
    }
  }

  /** Returns the JSON form. */
  public static byte[] toJson(Envelope envelope) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(out).useDefaultPrettyPrinter()) {
      json.writeStartObject();
      json.writeBinaryField("payload", envelope.getPayload().toByteArray());
      json.writeStringField("payloadType", envelope.getPayloadType());
      json.writeArrayFieldStart("signatures");
      for (Signature each : envelope.getSignaturesList()) {
        json.writeStartObject();
        if (!each.getKeyid().isEmpty()) {
          json.writeStringField("keyid", each.getKeyid());
        }
        json.writeBinaryField("sig", each.getSig().toByteArray());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return out.toByteArray();
  }

  /** Returns PAE(type, payload): the bytes that are signed. Lengths count bytes. */
  static byte[] preAuthenticationEncoding(Envelope envelope) {
    ByteString type = envelope.getPayloadTypeBytes();
    ByteString payload = envelope.getPayload();
    return ByteString.copyFrom("DSSEv1 " + type.size() + " ", UTF_8)
        .concat(type)
        .concat(ByteString.copyFrom(" " + payload.size() + " ", UTF_8))
        .concat(payload)
        .toByteArray();
  }

  private static Signature signature(Map<String, Object> members) throws InvalidException {
    Signature.Builder signature =
        Signature.newBuilder().setSig(Base64Form.decode(string(members, "sig"), "signatures.sig"));
    if (members.containsKey("keyid")) {
      signature.setKeyid(string(members, "keyid"));
    }
    return signature.build();
  }

  private static Map<String, Object> members(Object value, String path) throws InvalidException {
    if (!(value instanceof Map<?, ?>)) {
      throw new InvalidException(path + ": must be an object");
    }
    @SuppressWarnings("unchecked") // StrictJson makes maps of this type only.
    Map<String, Object> members = (Map<String, Object>) value;
    for (String name : members.keySet()) {
      String known = FOLDED.getOrDefault(fold(name), name);
      if (!known.equals(name)) {
        throw new InvalidException(
            "%s: must spell %s like this (got %s)".formatted(path, known, name));
      }
    }
    return members;
  }

  private static String fold(String name) {
    return UCharacter.foldCase(name.replace("_", ""), true);
  }

  private static String string(Map<String, Object> members, String name) throws InvalidException {
    if (members.get(name) instanceof String text) {
      return text;
    }
    throw new InvalidException(name + ": must be a string");
  }

  private static Envelope checked(Envelope envelope) throws InvalidException {
    bound("payload", envelope.getPayload().size(), MAX_PAYLOAD);
    bound("payloadType", characters(envelope.getPayloadType()), MAX_TEXT);
    bound("signatures", envelope.getSignaturesCount(), MAX_SIGNATURES);
    for (Signature each : envelope.getSignaturesList()) {
      bound("signatures.sig", each.getSig().size(), MAX_SIGNATURE);
      if (!each.getKeyid().isEmpty()) {
        bound("signatures.keyid", characters(each.getKeyid()), MAX_TEXT);
      }
    }
    return envelope;
  }

  private static int characters(String text) {
    return text.codePointCount(0, text.length());
  }

  private static void bound(String path, int size, int most) throws InvalidException {
    if (size < 1 || size > most) {
      throw new InvalidException("%s: must be 1 to %d (got %d)".formatted(path, most, size));
    }
  }
}
