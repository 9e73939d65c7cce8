import { MalformedError } from "./refusal.js";

const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*={0,2}$/;

/**
 * Decodes base64 of either alphabet of RFC 4648, in one spelling for each value: padded, unused bits zero.
 *
 * `Buffer.from` takes anything and drops what it does not understand, hence the comparison.
 */
export function decodeBase64(text: string): Uint8Array {
  if (!STANDARD.test(text) && !URL_SAFE.test(text)) {
    throw new MalformedError("must be base64, in one alphabet");
  }
  const data = Buffer.from(text, "base64");
  if (data.toString("base64") !== text.replaceAll("-", "+").replaceAll("_", "/")) {
    throw new MalformedError("must be base64 with padding and unused bits zero");
  }
  return data;
}

/** Encodes in the standard alphabet, with padding. */
export function encodeBase64(data: Uint8Array): string {
  return Buffer.from(data).toString("base64");
}
