package org.mlspec.sealing;

/** Why a record is not relied on: the outcomes in docs/spec/verification.md other than success. */
public enum Refusal {
  /** Nobody who counts vouches, and a signature names a trusted key that did not make it. */
  TAMPERED,
  /** It is signed, but it is no record that may be accepted, or sealed. */
  UNACCEPTABLE,
  /** What was given is no envelope, or no trust file. */
  UNREADABLE,
  /**
   * Nothing is forged, but no trusted key, role or threshold vouches, or the trust is out of date.
   */
  UNTRUSTED
}
