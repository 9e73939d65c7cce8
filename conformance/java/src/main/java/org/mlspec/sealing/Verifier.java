package org.mlspec.sealing;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.mlspec.v1.Envelope;
import org.mlspec.v1.RecordHeader;
import org.mlspec.v1.Signature;
import org.mlspec.v1.TrustRole;

/** Verifies sealed records by the steps of docs/spec/verification.md, "One record". */
public final class Verifier {
  private final TrustFile trust;
  private final SpecVersion reader;
  private final Set<String> understood;

  /** Makes a verifier that knows the current version and acts on no annotation. */
  public Verifier(TrustFile trust) {
    this(trust, SpecVersion.CURRENT, Set.of());
  }

  /**
   * Makes a verifier.
   *
   * @param trust whom to believe; never from the same place as the envelope
   * @param reader the newest version that the caller knows
   * @param understood the must-understand annotations that the caller acts on
   */
  public Verifier(TrustFile trust, SpecVersion reader, Set<String> understood) {
    this.trust = trust;
    this.reader = reader;
    this.understood = Set.copyOf(understood);
  }

  /** What the signatures of an envelope are worth. */
  private static final class Findings {
    final Map<String, TrustedKey> counting = new LinkedHashMap<>();
    final List<String> lapsed = new ArrayList<>();
    final List<String> misfits = new ArrayList<>();
  }

  /**
   * Verifies a record, its keys judged now.
   *
   * @throws RefusedException if a step does not hold
   */
  public VerifiedRecord verify(Envelope envelope) throws RefusedException {
    return verify(envelope, Instant.now());
  }

  /**
   * Verifies a record.
   *
   * @param moment when keys must have counted: a time that the caller vouches for
   * @throws RefusedException if a step does not hold
   */
  public VerifiedRecord verify(Envelope envelope, Instant moment) throws RefusedException {
    trust.requireUsable(); // Step 1.
    Findings findings = checkSignatures(envelope, moment); // Steps 2 and 3.
    if (findings.counting.isEmpty()) {
      throw refused(findings, "signatures: must have one of a trusted key that counts");
    }
    Acceptance.Accepted accepted = accept(envelope); // Steps 4 to 8.
    List<TrustRole> roles = rolesMet(findings, accepted.record().getHeader()); // Step 9.
    List<VerifiedSigner> signers =
        findings.counting.entrySet().stream()
            .map(each -> new VerifiedSigner(each.getKey(), each.getValue().identity()))
            .toList();
    return new VerifiedRecord(envelope.getPayload(), accepted, signers, roles);
  }

  private Findings checkSignatures(Envelope envelope, Instant moment) {
    byte[] data = Envelopes.preAuthenticationEncoding(envelope);
    Findings findings = new Findings();
    for (Signature each : new LinkedHashSet<>(envelope.getSignaturesList())) {
      Optional<TrustedKey> maker = maker(each, data);
      if (maker.isPresent()) {
        TrustedKey key = maker.get();
        key.lapse(moment)
            .ifPresentOrElse(
                findings.lapsed::add, () -> findings.counting.put(key.key().keyid(), key));
      } else if (trust.keys().containsKey(each.getKeyid())) {
        String claimed = trust.keys().get(each.getKeyid()).identity();
        findings.misfits.add("claims the key of %s, and does not fit".formatted(claimed));
      }
    }
    return findings;
  }

  /** Finds the trusted key that made a signature; its keyid only says where to begin. */
  private Optional<TrustedKey> maker(Signature signature, byte[] data) {
    byte[] sig = signature.getSig().toByteArray();
    TrustedKey hinted = trust.keys().get(signature.getKeyid());
    if (hinted != null && hinted.key().fits(sig, data)) {
      return Optional.of(hinted);
    }
    return trust.keys().values().stream()
        .filter(each -> each != hinted && each.key().fits(sig, data))
        .findFirst();
  }

  private Acceptance.Accepted accept(Envelope envelope) throws RefusedException {
    if (!envelope.getPayloadType().equals(Envelopes.RECORD_TYPE)) {
      throw new RefusedException(
          Refusal.UNACCEPTABLE,
          "payloadType: must be %s (got %s)"
              .formatted(Envelopes.RECORD_TYPE, envelope.getPayloadType()));
    }
    try {
      return Acceptance.accept(Acceptance.parse(envelope.getPayload()), understood, reader);
    } catch (InvalidException error) {
      throw new RefusedException(Refusal.UNACCEPTABLE, error);
    }
  }

  private List<TrustRole> rolesMet(Findings findings, RecordHeader header) throws RefusedException {
    String namespace = header.getNamespaceName();
    List<TrustRole> met =
        trust.roles().stream()
            .filter(role -> role.getStagesValueList().contains(header.getStageValue()))
            .filter(role -> covers(role, namespace))
            .filter(role -> isMet(role, findings.counting.keySet()))
            .toList();
    if (met.isEmpty()) {
      throw refused(
          findings,
          "signatures: must meet the threshold of a role for %s in %s"
              .formatted(Acceptance.stageName(header), namespace));
    }
    return met;
  }

  private static boolean covers(TrustRole role, String namespace) {
    return role.getNamespaceGlobsList().stream().anyMatch(glob -> Glob.matches(glob, namespace));
  }

  private boolean isMet(TrustRole role, Set<String> counting) {
    List<String> signed = role.getKeyidsList().stream().filter(counting::contains).toList();
    return trust.identities(signed).size() >= role.getThreshold();
  }

  private static RefusedException refused(Findings findings, String reason) {
    if (!findings.misfits.isEmpty()) {
      return new RefusedException(Refusal.TAMPERED, "signatures: " + findings.misfits.get(0));
    }
    String lapsed =
        findings.lapsed.isEmpty() ? "" : " (" + String.join("; ", findings.lapsed) + ")";
    return new RefusedException(Refusal.UNTRUSTED, reason + lapsed);
  }
}
