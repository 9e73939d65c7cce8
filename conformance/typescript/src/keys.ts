import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { MalformedError } from "./refusal.js";

/** The algorithms that records are signed with. */
export type Algorithm = "ed25519" | "ecdsa-p256";

const PUBLIC_PEM = /^-----BEGIN PUBLIC KEY-----/m;
const PRIVATE_PEM = /^-----BEGIN PRIVATE KEY-----/m;

/** A key that signatures are checked with. */
export class PublicKey {
  /** The one algorithm that it is good for. */
  readonly algorithm: Algorithm;
  /** Lower-case hex SHA-256 of its DER SubjectPublicKeyInfo. */
  readonly keyid: string;
  readonly #key: KeyObject;

  /** Takes a key of node:crypto. */
  constructor(key: KeyObject) {
    this.algorithm = algorithmOf(key);
    // A key that came with a compressed point or a spelled-out curve is exported with it: one key must not have two ids.
    const anew = createPublicKey({ key: key.export({ format: "jwk" }), format: "jwk" });
    const der = anew.export({ type: "spki", format: "der" });
    if (!der.equals(key.export({ type: "spki", format: "der" }))) {
      throw new MalformedError("must have a named curve and an uncompressed point");
    }
    this.keyid = createHash("sha256").update(der).digest("hex");
    this.#key = anew;
  }

  /** Reads SubjectPublicKeyInfo in PEM. */
  static fromPem(pem: string): PublicKey {
    // createPublicKey also takes a private key or a certificate.
    if (!PUBLIC_PEM.test(pem)) {
      throw new MalformedError("must be a public key in PEM (SubjectPublicKeyInfo)");
    }
    return new PublicKey(parsed(() => createPublicKey(pem)));
  }

  /** Tells whether this key made `signature` over `data`. */
  fits(signature: Uint8Array, data: Uint8Array): boolean {
    if (this.algorithm === "ed25519") {
      return verify(null, data, this.#key, signature);
    }
    return verify("sha256", data, { key: this.#key, dsaEncoding: "der" }, signature);
  }
}

/** A key that signs. */
export class PrivateKey {
  /** The key that its signatures are checked with. */
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.publicKey = new PublicKey(createPublicKey(key));
    this.#key = key;
  }

  /** Reads unencrypted PKCS#8 in PEM. */
  static fromPem(pem: string): PrivateKey {
    if (!PRIVATE_PEM.test(pem)) {
      throw new MalformedError("must be an unencrypted private key in PEM (PKCS#8)");
    }
    return new PrivateKey(parsed(() => createPrivateKey(pem)));
  }

  /** Signs: 64 bytes of Ed25519, DER of ECDSA. */
  sign(data: Uint8Array): Uint8Array {
    if (this.publicKey.algorithm === "ed25519") {
      return sign(null, data, this.#key);
    }
    return sign("sha256", data, { key: this.#key, dsaEncoding: "der" });
  }
}

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === "ed25519") {
    return "ed25519";
  }
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") {
    return "ecdsa-p256";
  }
  throw new MalformedError(`must be Ed25519 or ECDSA P-256 (got ${key.asymmetricKeyType})`);
}

function parsed(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (error) {
    throw new MalformedError(`must be a key (${String(error)})`);
  }
}
