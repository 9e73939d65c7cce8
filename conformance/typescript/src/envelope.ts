import type { JsonValue } from "@bufbuild/protobuf";
import { caseFold } from "unicode-case-folding";
import { EnvelopeSchema } from "../gen/mlspec/v1/index.js";
import { decodeBase64, encodeBase64 } from "./base64.js";
import { decode } from "./decoding.js";
import { parseJson } from "./json.js";
import { MalformedError, refusing } from "./refusal.js";

/** The payload type of a record, compared byte by byte. */
export const RECORD_TYPE = "application/vnd.mlspec.record.v1+protobuf";

/** The longest payload, in bytes. */
export const MAX_PAYLOAD = 16 * 1024 * 1024;

const MAX_ENVELOPE = 24 * 1024 * 1024;
const MAX_SIGNATURES = 64;
const MAX_SIGNATURE = 1024;
const MAX_NAME = 255;
const MEMBERS = ["payload", "payloadType", "signatures", "sig", "keyid"];

/** One signature of an envelope. */
export interface Signature {
  /** Ed25519: 64 bytes. ECDSA: DER. */
  readonly sig: Uint8Array;
  /** A hint which key made it, and no more than that. Empty: none. */
  readonly keyid: string;
}

/** A DSSE envelope: bytes, what they are, and signatures over both. */
export class Envelope {
  /** @throws Refusal of kind `unreadable` for parts that are out of bounds. */
  constructor(
    readonly payload: Uint8Array,
    readonly payloadType: string,
    readonly signatures: readonly Signature[],
  ) {
    refusing("unreadable", () => {
      checkSize("payload", payload.length, MAX_PAYLOAD);
      checkSize("payloadType", characters(payloadType), MAX_NAME);
      checkSize("signatures", signatures.length, MAX_SIGNATURES);
      for (const [index, { sig, keyid }] of signatures.entries()) {
        checkSize(`signatures[${index}].sig`, sig.length, MAX_SIGNATURE);
        checkSize(`signatures[${index}].keyid`, characters(keyid), MAX_NAME, 0);
      }
    });
  }

  /** Reads the JSON form. Members that DSSE does not know are ignored, as it asks. */
  static fromJson(data: Uint8Array): Envelope {
    return refusing("unreadable", () => {
      if (data.length > MAX_ENVELOPE) {
        throw new MalformedError(`must be at most ${MAX_ENVELOPE} bytes (got ${data.length})`);
      }
      const members = asMembers(parseJson(data), "envelope");
      const { signatures } = members;
      if (!Array.isArray(signatures)) {
        throw new MalformedError("signatures: must be a list");
      }
      return new Envelope(
        decodeBase64(asText(members.payload, "payload")),
        asText(members.payloadType, "payloadType"),
        signatures.map((entry, index) => asSignature(entry, `signatures[${index}]`)),
      );
    });
  }

  /** Reads the protobuf form, in which an unknown field is refused. */
  static fromBinary(data: Uint8Array): Envelope {
    return refusing("unreadable", () => {
      const { message, unknown } = decode(EnvelopeSchema, data, MAX_ENVELOPE);
      if (unknown !== undefined) {
        throw new MalformedError(`${unknown}: must be a field of an envelope`);
      }
      const signatures = message.signatures.map(({ sig, keyid = "" }) => ({ sig, keyid }));
      return new Envelope(message.payload, message.payloadType, signatures);
    });
  }

  /** Writes the JSON form. */
  toJson(): string {
    const signatures = this.signatures.map(({ sig, keyid }) => ({
      ...(keyid && { keyid }),
      sig: encodeBase64(sig),
    }));
    const payload = encodeBase64(this.payload);
    return JSON.stringify({ payload, payloadType: this.payloadType, signatures }, undefined, 2);
  }

  /** What is signed: PAE(type, payload). Lengths count bytes. */
  signedBytes(): Uint8Array {
    return pae(this.payloadType, this.payload);
  }
}

/** The pre-authentication encoding of DSSE. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const size = Buffer.byteLength(payloadType);
  const head = `DSSEv1 ${size} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function asSignature(value: JsonValue, path: string): Signature {
  const { sig, keyid = "" } = asMembers(value, path);
  return { sig: decodeBase64(asText(sig, `${path}.sig`)), keyid: asText(keyid, `${path}.keyid`) };
}

function asMembers(value: JsonValue, path: string): { [name: string]: JsonValue | undefined } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedError(`${path}: must be an object`);
  }
  for (const name of Object.keys(value)) {
    const plain = withoutStyle(name);
    const known = MEMBERS.find((member) => withoutStyle(member) === plain);
    if (known !== undefined && known !== name) {
      throw new MalformedError(`${path}: must spell it ${known} (got ${name})`);
    }
  }
  return value;
}

function withoutStyle(name: string): string {
  return caseFold(name.replaceAll("_", ""));
}

function asText(value: JsonValue | undefined, path: string): string {
  if (typeof value !== "string") {
    throw new MalformedError(`${path}: must be a string`);
  }
  return value;
}

function checkSize(path: string, size: number, most: number, least = 1): void {
  if (size < least || size > most) {
    throw new MalformedError(`${path}: must have a length from ${least} to ${most} (got ${size})`);
  }
}

function characters(text: string): number {
  return [...text].length;
}
