package org.mlspec.sealing;

import com.google.protobuf.ByteString;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.mlspec.v1.Record;
import org.mlspec.v1.TrustPower;
import org.mlspec.v1.TrustRole;

/** A record that can be relied on. Only a {@link Verifier} makes one. */
public final class VerifiedRecord {
  private final ByteString payload;
  private final Acceptance.Accepted accepted;
  private final List<VerifiedSigner> signers;
  private final List<TrustRole> roles;

  VerifiedRecord(
      ByteString payload,
      Acceptance.Accepted accepted,
      List<VerifiedSigner> signers,
      List<TrustRole> roles) {
    this.payload = payload;
    this.accepted = accepted;
    this.signers = signers;
    this.roles = roles;
  }

  /** Returns the exact bytes that were signed: the record, to be handed on as they are. */
  public ByteString payload() {
    return payload;
  }

  /** Returns the record's identity: the SHA-256 of its payload, 32 bytes. */
  public byte[] sha256() {
    try {
      return MessageDigest.getInstance("SHA-256").digest(payload.toByteArray());
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException("every Java has SHA-256", error);
    }
  }

  /** Returns the record's identity as text: {@code sha256:} and 64 lower-case hex characters. */
  public String digest() {
    return "sha256:" + HexFormat.of().formatHex(sha256());
  }

  /** Returns the record. */
  public Record record() {
    return accepted.record();
  }

  /** Returns what the record is about, for example {@code model_training}. */
  public String stageName() {
    return Acceptance.stageName(record().getHeader());
  }

  /** Returns the scope that trust was given for, for example {@code loans}. */
  public String namespaceName() {
    return record().getHeader().getNamespaceName();
  }

  /** Returns the keys that count, each once. */
  public List<VerifiedSigner> signers() {
    return signers;
  }

  /** Returns who holds the keys that count. */
  public List<String> identities() {
    return signers.stream().map(VerifiedSigner::identity).toList();
  }

  /** Returns the names of the roles that were met. */
  public List<String> roles() {
    return roles.stream().map(TrustRole::getName).toList();
  }

  /** Returns what the signers may do besides: the powers of all roles that were met. */
  public Set<TrustPower> powers() {
    return roles.stream()
        .flatMap(role -> role.getPowersList().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Returns why the reader does not understand all of the record. Empty: it does. */
  public List<String> doubts() {
    return accepted.doubts();
  }
}
