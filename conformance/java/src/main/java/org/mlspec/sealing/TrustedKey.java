package org.mlspec.sealing;

import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.util.Optional;

/**
 * A public key, whose it is, and when it counts.
 *
 * @param key the key
 * @param identity who holds it
 * @param from from when it counts, inclusive; the earliest instant for ever
 * @param until until when it counts, exclusive; the latest instant for no end
 * @param revoked from when on nothing of it counts; the latest instant for never
 */
record TrustedKey(
    VerificationKey key, String identity, Instant from, Instant until, Instant revoked) {

  /** Takes a key of a trust file, whose id and algorithm must be those of the key itself. */
  static TrustedKey of(org.mlspec.v1.TrustedKey message) throws InvalidException {
    VerificationKey key = VerificationKey.fromPem(message.getPublicKey());
    if (message.getAlgorithm() != key.algorithm()) {
      throw new InvalidException("keys.algorithm: must be " + key.algorithm());
    }
    if (!message.getKeyid().equals(key.keyid())) {
      throw new InvalidException(
          "keys.keyid: must be %s (got %s)".formatted(key.keyid(), message.getKeyid()));
    }
    return new TrustedKey(
        key,
        message.getIdentity(),
        message.hasValidFromTime() ? instant(message.getValidFromTime()) : Instant.MIN,
        message.hasValidUntilTime() ? instant(message.getValidUntilTime()) : Instant.MAX,
        message.hasRevokeTime() ? instant(message.getRevokeTime()) : Instant.MAX);
  }

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  /** Says why the key does not count at {@code moment}. Empty: it does. */
  Optional<String> lapse(Instant moment) {
    if (!moment.isBefore(revoked)) {
      return Optional.of("the key of %s was revoked on %s".formatted(identity, revoked));
    }
    if (moment.isBefore(from)) {
      return Optional.of("the key of %s counts only from %s on".formatted(identity, from));
    }
    if (!moment.isBefore(until)) {
      return Optional.of("the key of %s expired on %s".formatted(identity, until));
    }
    return Optional.empty();
  }
}
