package org.mlspec.sealing;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.text.Normalizer2;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.mlspec.v1.TrustPolicy;
import org.mlspec.v1.TrustRole;

/** Whom a verifier believes, about what, and when. It is never read from what is being verified. */
public final class TrustFile {
  private final TrustPolicy policy;
  private final Map<String, TrustedKey> keys = new LinkedHashMap<>();

  private TrustFile(TrustPolicy policy) throws InvalidException {
    Rules.check(policy);
    this.policy = policy;
    for (org.mlspec.v1.TrustedKey each : policy.getKeysList()) {
      keys.put(each.getKeyid(), TrustedKey.of(each));
    }
    for (TrustRole role : policy.getRolesList()) {
      if (identities(role.getKeyidsList()).size() < role.getThreshold()) {
        throw new InvalidException(
            "roles.threshold: must be reachable by distinct identities (got %d in %s)"
                .formatted(role.getThreshold(), role.getName()));
      }
    }
  }

  /**
   * Reads and checks a trust file: ProtoJSON of {@code mlspec.v1.TrustPolicy}.
   *
   * @throws RefusedException if it is none, breaks a rule, or is at odds with itself
   */
  public static TrustFile fromJson(byte[] data) throws RefusedException {
    try {
      StrictJson.parse(data, Envelopes.MAX_PAYLOAD);
      TrustPolicy.Builder policy = TrustPolicy.newBuilder();
      JsonFormat.parser().merge(StrictJson.text(data), policy);
      return new TrustFile(policy.build());
    } catch (InvalidProtocolBufferException error) {
      InvalidException cause = new InvalidException("must be a trust file", error);
      throw new RefusedException(Refusal.UNREADABLE, cause);
    } catch (InvalidException error) {
      throw new RefusedException(Refusal.UNREADABLE, error);
    }
  }

  /** Refuses a file that is past its date. What it requires of namespaces is not about a record. */
  void requireUsable() throws RefusedException {
    Instant expires = TrustedKey.instant(policy.getExpireTime());
    if (!Instant.now().isBefore(expires)) {
      throw new RefusedException(
          Refusal.UNTRUSTED, "trust.expire_time: must be to come (got %s)".formatted(expires));
    }
  }

  /** Returns the trusted keys by their ids. */
  Map<String, TrustedKey> keys() {
    return keys;
  }

  /** Returns the roles in the file's order. */
  List<TrustRole> roles() {
    return policy.getRolesList();
  }

  /** Returns who holds these keys, in one spelling each: what thresholds count. */
  Set<String> identities(Collection<String> keyids) {
    return keyids.stream()
        .map(keyid -> Normalizer2.getNFKCInstance().normalize(keys.get(keyid).identity()))
        .map(identity -> UCharacter.foldCase(identity, true))
        .collect(Collectors.toSet());
  }
}
