package org.mlspec.sealing;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;

/** A private key that signs: Ed25519, or ECDSA over P-256 with SHA-256. */
public final class SigningKey {
  private final PrivateKey key;
  private final VerificationKey publicKey;

  private SigningKey(PrivateKey key, VerificationKey publicKey) {
    this.key = key;
    this.publicKey = publicKey;
  }

  /**
   * Reads an unencrypted PKCS#8 key in PEM.
   *
   * @throws IllegalArgumentException if it is none, or of another kind or curve
   */
  public static SigningKey fromPem(String text) {
    try {
      byte[] der = Pem.decode(text, "PRIVATE KEY");
      AsymmetricKeyParameter secret = PrivateKeyFactory.createKey(der);
      String kind = secret instanceof Ed25519PrivateKeyParameters ? "Ed25519" : "EC";
      VerificationKey publicKey = VerificationKey.of(publicPart(secret));
      KeyFactory factory = KeyFactory.getInstance(kind);
      return new SigningKey(factory.generatePrivate(new PKCS8EncodedKeySpec(der)), publicKey);
    } catch (InvalidException | IOException | GeneralSecurityException error) {
      throw new IllegalArgumentException("must be a private key (PKCS#8 PEM)", error);
    }
  }

  private static AsymmetricKeyParameter publicPart(AsymmetricKeyParameter secret)
      throws InvalidException {
    if (secret instanceof Ed25519PrivateKeyParameters seed) {
      return seed.generatePublicKey();
    }
    if (secret instanceof ECPrivateKeyParameters number) {
      var base = number.getParameters().getG();
      var point = new FixedPointCombMultiplier().multiply(base, number.getD());
      return new ECPublicKeyParameters(point, number.getParameters());
    }
    throw new InvalidException("must be Ed25519 or ECDSA P-256");
  }

  /** Returns the id of the public key: lower-case hex SHA-256 of its DER SubjectPublicKeyInfo. */
  public String keyid() {
    return publicKey.keyid();
  }

  /** Returns the signature over {@code data}: 64 bytes of Ed25519, or the DER form of ECDSA. */
  byte[] sign(byte[] data) {
    try {
      Signature signer = Signature.getInstance(VerificationKey.jcaName(publicKey.algorithm()));
      signer.initSign(key);
      signer.update(data);
      return signer.sign();
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException("the key must be able to sign", error);
    }
  }
}
