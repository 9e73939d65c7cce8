import { accept, parseRecord } from "./acceptance.js";
import { Envelope, pae, RECORD_TYPE } from "./envelope.js";
import type { PrivateKey } from "./keys.js";
import { Refusal } from "./refusal.js";
import { SPEC_VERSION, Version } from "./version.js";

/**
 * Seals the bytes of one record: signs them as they are, or not at all.
 *
 * @throws Refusal of kind `unacceptable`.
 */
export function seal(
  payload: Uint8Array,
  key: PrivateKey,
  readerVersion: string = SPEC_VERSION,
): Envelope {
  const version = Version.parse(readerVersion);
  const parsed = parseRecord(payload);
  if (parsed.unknown !== undefined) {
    throw new Refusal("unacceptable", `${parsed.unknown}: must be a field that the signer knows`);
  }
  // What the author demands of readers is no reason not to sign it.
  const { header } = accept(parsed, { version, understands: () => true });
  if (Version.parse(header.specVersion).isNewerThan(version)) {
    const message = `header.spec_version: must not be newer than ${readerVersion}`;
    throw new Refusal("unacceptable", `${message} (got ${header.specVersion})`);
  }
  const sig = key.sign(pae(RECORD_TYPE, payload));
  return new Envelope(payload, RECORD_TYPE, [{ sig, keyid: key.publicKey.keyid }]);
}
