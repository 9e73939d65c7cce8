package org.mlspec.sealing;

import com.google.protobuf.ByteString;
import java.util.Set;
import java.util.stream.Collectors;
import org.mlspec.v1.Annotation;
import org.mlspec.v1.Envelope;
import org.mlspec.v1.Record;
import org.mlspec.v1.Signature;

/** Seals records by the steps of docs/spec/signing.md, "Sealing, step by step". */
public final class Sealer {
  private final SigningKey key;
  private final SpecVersion own;

  /**
   * Makes a sealer.
   *
   * @param key what signs
   * @param own the newest version that the caller knows
   */
  public Sealer(SigningKey key, SpecVersion own) {
    this.key = key;
    this.own = own;
  }

  /**
   * Signs the bytes of one encoded record, as they are or not at all.
   *
   * @throws RefusedException if they are no record that may be sealed
   */
  public Envelope seal(ByteString payload) throws RefusedException {
    try {
      check(payload);
    } catch (InvalidException error) {
      throw new RefusedException(Refusal.UNACCEPTABLE, error);
    }
    Envelope.Builder envelope =
        Envelope.newBuilder().setPayload(payload).setPayloadType(Envelopes.RECORD_TYPE);
    byte[] sig = key.sign(Envelopes.preAuthenticationEncoding(envelope.build()));
    return envelope
        .addSignatures(
            Signature.newBuilder().setSig(ByteString.copyFrom(sig)).setKeyid(key.keyid()))
        .build();
  }

  private void check(ByteString payload) throws InvalidException {
    StrictMessage<Record> parsed = Acceptance.parse(payload);
    Record record = parsed.fullyKnown();
    // Whoever writes an annotation knows what it means.
    Set<String> annotations =
        record.getHeader().getAnnotationsList().stream()
            .map(Annotation::getName)
            .collect(Collectors.toSet());
    Acceptance.accept(parsed, annotations, own);
    String path = "header.spec_version";
    if (SpecVersion.parse(record.getHeader().getSpecVersion(), path).isNewerThan(own)) {
      throw new InvalidException(path + ": must not be newer than the signer's own version");
    }
  }
}
