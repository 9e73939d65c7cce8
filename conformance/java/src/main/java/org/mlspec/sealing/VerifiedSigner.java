package org.mlspec.sealing;

/**
 * A trusted key that made a signature and counts.
 *
 * @param keyid the key's own id, never the one that the envelope claims
 * @param identity who holds it
 */
public record VerifiedSigner(String keyid, String identity) {}
