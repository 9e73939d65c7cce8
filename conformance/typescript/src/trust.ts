import { fromJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampNow } from "@bufbuild/protobuf/wkt";
import { caseFold } from "unicode-case-folding";
import {
  KeyAlgorithm,
  type Stage,
  type TrustPolicy as TrustPolicyMessage,
  TrustPolicySchema,
  type TrustRole,
  type TrustedKey as TrustedKeyMessage,
} from "../gen/mlspec/v1/index.js";
import { matches } from "./glob.js";
import { parseJson } from "./json.js";
import { PublicKey } from "./keys.js";
import { nanosecondsOf } from "./moment.js";
import { MalformedError, Refusal, refusing } from "./refusal.js";
import { brokenRules, inWords } from "./rules.js";

const ALGORITHMS = {
  [KeyAlgorithm.UNSPECIFIED]: undefined,
  [KeyAlgorithm.ED25519]: "ed25519",
  [KeyAlgorithm.ECDSA_P256]: "ecdsa-p256",
};

/** A key of the trust file: whose it is, and when it counts. */
export class TrustedKey {
  readonly publicKey: PublicKey;
  readonly #message: TrustedKeyMessage;

  /** @throws MalformedError where the file says something else than the key. */
  constructor(message: TrustedKeyMessage) {
    this.publicKey = PublicKey.fromPem(message.publicKey);
    this.#message = message;
    const { algorithm, keyid } = this.publicKey;
    if (ALGORITHMS[message.algorithm] !== algorithm) {
      throw new MalformedError(`algorithm: must be that of the key, ${algorithm}`);
    }
    if (message.keyid !== keyid) {
      throw new MalformedError(`keyid: must be ${keyid}, as the key says (got ${message.keyid})`);
    }
  }

  get keyid(): string {
    return this.publicKey.keyid;
  }

  /** Who holds the private key, as the file spells it. */
  get identity(): string {
    return this.#message.identity;
  }

  /** Tells whether the key counts: valid from the start on until before the end, and not revoked. */
  countsAt(time: Timestamp): boolean {
    const { validFromTime, validUntilTime, revokeTime } = this.#message;
    const reached = (limit: Timestamp | undefined): boolean =>
      limit !== undefined && nanosecondsOf(time) >= nanosecondsOf(limit);
    const begun = !validFromTime || reached(validFromTime);
    return begun && !reached(validUntilTime) && !reached(revokeTime);
  }
}

/** Whom a verifier believes. It comes out of band, and never from what is being verified. */
export class TrustPolicy {
  /** The keys by their own ids. */
  readonly keys: ReadonlyMap<string, TrustedKey>;
  readonly #message: TrustPolicyMessage;

  private constructor(message: TrustPolicyMessage) {
    this.keys = new Map(
      message.keys.map((each) => new TrustedKey(each)).map((key) => [key.keyid, key]),
    );
    this.#message = message;
    for (const role of message.roles) {
      if (this.identitiesOf(role.keyids).size < role.threshold) {
        throw new MalformedError(`role ${role.name}: must have as many identities as it asks for`);
      }
    }
  }

  /** Reads a trust file. @throws Refusal of kind `unreadable`. */
  static fromJson(data: Uint8Array): TrustPolicy {
    return refusing("unreadable", () => {
      const message = parse(data);
      const broken = brokenRules(TrustPolicySchema, message);
      if (broken.length > 0) {
        throw new Refusal("unreadable", inWords(broken), broken);
      }
      return new TrustPolicy(message);
    });
  }

  /**
   * What the file requires of namespaces is judged of deployments, not of a record.
   *
   * @throws Refusal of kind `untrusted` if the file has expired.
   */
  requireUsable(): void {
    const { expireTime } = this.#message;
    if (!expireTime || nanosecondsOf(timestampNow()) >= nanosecondsOf(expireTime)) {
      throw new Refusal("untrusted", "trust.expire_time: must not be over");
    }
  }

  /** The roles that vouch for this stage in this namespace. */
  rolesFor(stage: Stage, namespace: string): TrustRole[] {
    return this.#message.roles.filter(
      ({ stages, namespaceGlobs }) =>
        stages.includes(stage) && namespaceGlobs.some((glob) => matches(glob, namespace)),
    );
  }

  /** Who holds these keys, in one spelling each: what thresholds count. */
  identitiesOf(keyids: readonly string[]): Set<string> {
    const names = keyids.map((keyid) => this.keys.get(keyid)?.identity ?? keyid);
    return new Set(names.map((name) => caseFold(name.normalize("NFKC"))));
  }
}

function parse(data: Uint8Array): TrustPolicyMessage {
  const value = parseJson(data);
  try {
    return fromJson(TrustPolicySchema, value);
  } catch (error) {
    throw new MalformedError(`must be a trust file (${String(error)})`);
  }
}
