package org.mlspec.conformance;

import build.buf.protovalidate.exceptions.ValidationException;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.mlspec.conformance.v1.Convert;
import org.mlspec.conformance.v1.Converted;
import org.mlspec.conformance.v1.Refused;
import org.mlspec.conformance.v1.Response;
import org.mlspec.conformance.v1.RuleViolation;
import org.mlspec.conformance.v1.Seal;
import org.mlspec.conformance.v1.Sealed;
import org.mlspec.conformance.v1.Verified;
import org.mlspec.conformance.v1.Verify;
import org.mlspec.sealing.BrokenRule;
import org.mlspec.sealing.Envelopes;
import org.mlspec.sealing.RefusedException;
import org.mlspec.sealing.Rules;
import org.mlspec.sealing.Sealer;
import org.mlspec.sealing.SigningKey;
import org.mlspec.sealing.SpecVersion;
import org.mlspec.sealing.TrustFile;
import org.mlspec.sealing.VerifiedRecord;
import org.mlspec.sealing.VerifiedSigner;
import org.mlspec.sealing.Verifier;
import org.mlspec.v1.Envelope;

/** What the runner asks for: each task becomes the response to it, without the case's id. */
final class Tasks {
  private Tasks() {}

  /** Reads a message with the runtime's own parsers, as they come, and writes it in both forms. */
  static Response.Builder convert(Convert task) {
    Response.Builder response = Response.newBuilder();
    Message message;
    try {
      message = read(task);
    } catch (InvalidProtocolBufferException | CharacterCodingException error) {
      return response.setUnreadable(String.valueOf(error.getMessage()));
    }
    Converted.Builder converted = Converted.newBuilder();
    if (!task.getRulesOnly()) {
      write(message, converted);
    }
    try {
      converted.addAllViolations(violations(Rules.broken(message)));
    } catch (ValidationException error) {
      converted.setUnchecked(String.valueOf(error.getMessage()));
    }
    return response.setConverted(converted);
  }

  private static Message read(Convert task)
      throws InvalidProtocolBufferException, CharacterCodingException {
    Message type = MessageTypes.find(task.getMessageType());
    if (task.hasBinary()) {
      return type.getParserForType().parseFrom(task.getBinary());
    }
    Message.Builder builder = type.newBuilderForType();
    var text = StandardCharsets.UTF_8.newDecoder().decode(task.getJson().asReadOnlyByteBuffer());
    JsonFormat.parser().merge(text.toString(), builder);
    return builder.build();
  }

  private static void write(Message message, Converted.Builder converted) {
    converted.setBinary(message.toByteString());
    try {
      converted.setJson(JsonFormat.printer().omittingInsignificantWhitespace().print(message));
    } catch (InvalidProtocolBufferException | IllegalArgumentException error) {
      converted.setJsonRefusal(String.valueOf(error.getMessage()));
    }
  }

  /** Seals a record. */
  static Response.Builder seal(Seal task) {
    Response.Builder response = Response.newBuilder();
    SigningKey key = SigningKey.fromPem(task.getPrivateKey());
    try {
      Sealer sealer = new Sealer(key, SpecVersion.of(task.getReaderVersion()));
      byte[] envelope = Envelopes.toJson(sealer.seal(task.getPayload()));
      return response.setSealed(Sealed.newBuilder().setEnvelope(ByteString.copyFrom(envelope)));
    } catch (RefusedException error) {
      return response.setRefused(refused(error));
    }
  }

  /** Verifies a record. */
  static Response.Builder verify(Verify task) {
    Response.Builder response = Response.newBuilder();
    try {
      Envelope envelope =
          task.hasJson()
              ? Envelopes.fromJson(task.getJson().toByteArray())
              : Envelopes.fromBytes(task.getBinary());
      TrustFile trust = TrustFile.fromJson(task.getTrust().toByteArray());
      SpecVersion reader = SpecVersion.of(task.getReaderVersion());
      Set<String> understood = Set.copyOf(task.getUnderstoodAnnotationsList());
      Timestamp at = task.getAt();
      Verifier verifier = new Verifier(trust, reader, understood);
      return response.setVerified(
          verified(
              verifier.verify(envelope, Instant.ofEpochSecond(at.getSeconds(), at.getNanos()))));
    } catch (RefusedException error) {
      return response.setRefused(refused(error));
    }
  }

  private static Verified verified(VerifiedRecord record) {
    return Verified.newBuilder()
        .setPayloadSha256(ByteString.copyFrom(record.sha256()))
        .setPayload(record.payload())
        .addAllKeyids(record.signers().stream().map(VerifiedSigner::keyid).toList())
        .addAllRoles(record.roles())
        .setFullyUnderstood(record.doubts().isEmpty())
        .build();
  }

  private static Refused refused(RefusedException error) {
    return Refused.newBuilder()
        .setRefusal(
            switch (error.refusal()) {
              case TAMPERED -> org.mlspec.conformance.v1.Refusal.REFUSAL_TAMPERED;
              case UNACCEPTABLE -> org.mlspec.conformance.v1.Refusal.REFUSAL_UNACCEPTABLE;
              case UNREADABLE -> org.mlspec.conformance.v1.Refusal.REFUSAL_UNREADABLE;
              case UNTRUSTED -> org.mlspec.conformance.v1.Refusal.REFUSAL_UNTRUSTED;
            })
        .setReason(String.valueOf(error.getMessage()))
        .addAllViolations(violations(error.brokenRules()))
        .build();
  }

  private static List<RuleViolation> violations(List<BrokenRule> broken) {
    return broken.stream()
        .map(e -> RuleViolation.newBuilder().setPath(e.path()).setRuleId(e.ruleId()).build())
        .toList();
  }
}
