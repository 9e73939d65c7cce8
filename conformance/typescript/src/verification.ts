import { createHash } from "node:crypto";
import { type Timestamp, timestampNow } from "@bufbuild/protobuf/wkt";
import type { Record as RecordMessage, RecordHeader, TrustRole } from "../gen/mlspec/v1/index.js";
import { accept, type Accepted, parseRecord, type Reader } from "./acceptance.js";
import { type Envelope, RECORD_TYPE, type Signature } from "./envelope.js";
import { Refusal } from "./refusal.js";
import { stageName } from "./stage.js";
import type { TrustedKey, TrustPolicy } from "./trust.js";
import { SPEC_VERSION, Version } from "./version.js";

/** How a record is verified. */
export interface VerifyOptions {
  /** The time that keys are judged at, which the caller vouches for. Absent: now. */
  readonly at?: Timestamp;
  /** The must-understand annotations that the caller acts on. Absent: none. */
  readonly understands?: readonly string[];
  /** The newest version of the specification that the caller knows. Absent: that of this code. */
  readonly readerVersion?: string;
}

const issuing = Symbol("only verify() issues verified records");

/** A record that was verified. Nothing but `verify` makes one; the private field lets no look-alike pass for one. */
export class VerifiedRecord {
  /** The record's identity, 32 bytes. */
  readonly sha256: Buffer;
  readonly #accepted: Accepted;

  /** Not for callers: use `verify`. */
  constructor(
    token: typeof issuing,
    accepted: Accepted,
    /** The bytes that were signed: hand on these, and never encode the record again. */
    readonly payload: Uint8Array,
    /** The keys that signed and count. */
    readonly signers: readonly TrustedKey[],
    /** The names of the roles whose thresholds were met. */
    readonly roles: readonly string[],
  ) {
    if (token !== issuing) {
      throw new TypeError("a verified record must come from verify()");
    }
    this.#accepted = accepted;
    this.sha256 = createHash("sha256").update(payload).digest();
  }

  /** What the payload says. */
  get record(): RecordMessage {
    return this.#accepted.record;
  }

  /** The record's header. */
  get header(): RecordHeader {
    return this.#accepted.header;
  }

  /** Why this reader does not understand the record in full. Empty: it does. */
  get doubts(): readonly string[] {
    return this.#accepted.doubts;
  }

  /** The stage in snake case, for example "model_training". */
  get stage(): string {
    return stageName(this.header.stage);
  }
}

/**
 * Verifies one record, by the steps of docs/spec/verification.md.
 *
 * @throws Refusal, of every kind but `unreadable`.
 */
export function verify(
  envelope: Envelope,
  trust: TrustPolicy,
  { at = timestampNow(), understands = [], readerVersion = SPEC_VERSION }: VerifyOptions = {},
): VerifiedRecord {
  trust.requireUsable(); // 1
  const { makers, misfit } = checkSignatures(envelope, trust); // 2
  const counting = makers.filter((key) => key.countsAt(at)); // 3
  if (counting.length === 0) {
    throw nobody(misfit, "must be signed by a trusted key that counts");
  }
  const reader = {
    version: Version.parse(readerVersion),
    understands: (name: string) => understands.includes(name),
  };
  const accepted = acceptPayload(envelope, reader); // 4 to 8
  const roles = rolesMet(counting, trust, accepted.header); // 9
  if (roles.length === 0) {
    throw nobody(misfit, "must be signed in a role for its stage and namespace, by enough people");
  }
  const names = roles.map(({ name }) => name);
  return new VerifiedRecord(issuing, accepted, envelope.payload, counting, names);
}

interface Checked {
  /** The trusted keys that made a signature, each once. */
  readonly makers: TrustedKey[];
  /** The first signature that names a trusted key which did not make it, nor did another. */
  readonly misfit: string | undefined;
}

function checkSignatures(envelope: Envelope, trust: TrustPolicy): Checked {
  const data = envelope.signedBytes();
  const makers = new Set<TrustedKey>();
  let misfit: string | undefined;
  for (const [index, signature] of envelope.signatures.entries()) {
    const maker = makerOf(signature, data, trust);
    if (maker) {
      makers.add(maker);
    } else if (trust.keys.has(signature.keyid)) {
      misfit ??= `signatures[${index}]`;
    }
  }
  return { makers: [...makers], misfit };
}

/** The key id only says where to begin. */
function makerOf(
  signature: Signature,
  data: Uint8Array,
  trust: TrustPolicy,
): TrustedKey | undefined {
  const hinted = trust.keys.get(signature.keyid);
  const keys = new Set([...(hinted ? [hinted] : []), ...trust.keys.values()]);
  return [...keys].find((key) => key.publicKey.fits(signature.sig, data));
}

function acceptPayload(envelope: Envelope, reader: Reader): Accepted {
  if (envelope.payloadType !== RECORD_TYPE) {
    throw new Refusal("unacceptable", `payload_type: must be ${RECORD_TYPE}`);
  }
  return accept(parseRecord(envelope.payload), reader);
}

function rolesMet(
  counting: readonly TrustedKey[],
  trust: TrustPolicy,
  header: RecordHeader,
): TrustRole[] {
  const signed = new Set(counting.map(({ keyid }) => keyid));
  return trust.rolesFor(header.stage, header.namespaceName).filter(({ keyids, threshold }) => {
    const present = keyids.filter((keyid) => signed.has(keyid));
    return trust.identitiesOf(present).size >= threshold;
  });
}

function nobody(misfit: string | undefined, otherwise: string): Refusal {
  return misfit === undefined
    ? new Refusal("untrusted", `signatures: ${otherwise}`)
    : new Refusal(
        "tampered",
        `${misfit}: must fit the payload and its type under the key it names`,
      );
}
