package org.mlspec.sealing;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.mlspec.v1.KeyAlgorithm;

/** A public key that signatures are checked with: Ed25519, or ECDSA over P-256 with SHA-256. */
final class VerificationKey {
  static final ECDomainParameters P256 =
      ECNamedDomainParameters.lookup(SECObjectIdentifiers.secp256r1);

  private static final int ED25519_SIZE = 64;

  private final KeyAlgorithm algorithm;
  private final PublicKey key;
  private final String keyid;

  private VerificationKey(KeyAlgorithm algorithm, PublicKey key, String keyid) {
    this.algorithm = algorithm;
    this.key = key;
    this.keyid = keyid;
  }

  /**
   * Reads a SubjectPublicKeyInfo in PEM. One key must not get a second id by another spelling of
   * its DER, so there is one spelling.
   */
  static VerificationKey fromPem(String text) throws InvalidException {
    byte[] der = Pem.decode(text, "PUBLIC KEY");
    try {
      VerificationKey key = of(PublicKeyFactory.createKey(der));
      if (!Arrays.equals(key.key.getEncoded(), der)) {
        throw new InvalidException("must have a named curve and an uncompressed point");
      }
      return key;
    } catch (IOException | RuntimeException error) { // What it throws for bad DER is not declared.
      throw new InvalidException("must be a public key (SubjectPublicKeyInfo)", error);
    }
  }

  /** Takes a key of Bouncy Castle's. */
  static VerificationKey of(AsymmetricKeyParameter key) throws InvalidException {
    if (key instanceof Ed25519PublicKeyParameters) {
      return encoded(KeyAlgorithm.KEY_ALGORITHM_ED25519, "Ed25519", key);
    }
    if (key instanceof ECPublicKeyParameters point && point.getParameters().equals(P256)) {
      var named = new ECPublicKeyParameters(point.getQ(), P256);
      return encoded(KeyAlgorithm.KEY_ALGORITHM_ECDSA_P256, "EC", named);
    }
    throw new InvalidException("must be Ed25519 or ECDSA P-256");
  }

  private static VerificationKey encoded(
      KeyAlgorithm algorithm, String kind, AsymmetricKeyParameter key) throws InvalidException {
    try {
      byte[] der = SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(key).getEncoded("DER");
      String keyid = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
      KeyFactory factory = KeyFactory.getInstance(kind);
      return new VerificationKey(
          algorithm, factory.generatePublic(new X509EncodedKeySpec(der)), keyid);
    } catch (IOException | GeneralSecurityException error) {
      throw new InvalidException("must be a key that java.security takes", error);
    }
  }

  /** Returns the one algorithm that the key is good for. */
  KeyAlgorithm algorithm() {
    return algorithm;
  }

  /** Returns the lower-case hex SHA-256 of the key's DER SubjectPublicKeyInfo. */
  String keyid() {
    return keyid;
  }

  /** Tells whether this key made {@code signature} over {@code data}. */
  boolean fits(byte[] signature, byte[] data) {
    try {
      // Java takes bytes after an Ed25519 signature, and negative numbers in one of ECDSA.
      if (algorithm == KeyAlgorithm.KEY_ALGORITHM_ECDSA_P256) {
        StandardDSAEncoding.INSTANCE.decode(P256.getN(), signature);
      } else if (signature.length != ED25519_SIZE) {
        return false;
      }
      Signature verifier = Signature.getInstance(jcaName(algorithm));
      verifier.initVerify(key);
      verifier.update(data);
      return verifier.verify(signature);
    } catch (SignatureException | InvalidKeyException | IOException | IllegalArgumentException e) {
      return false;
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException("every Java 17 has Ed25519, ECDSA and SHA-256", error);
    }
  }

  /** Returns the name that java.security has for signatures of this algorithm. */
  static String jcaName(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm.KEY_ALGORITHM_ED25519 ? "Ed25519" : "SHA256withECDSA";
  }
}
