// Checks sigstore bundles with the code of sigstore, and makes bundles with it.
//
// `node main.mjs check` reads {bundle, keys} from standard input: the keys, in PEM by hint, are those that are trusted.
// It fails unless the bundle is well-formed and verifies, and prints what was signed. `node main.mjs make` reads {payload,
// payloadType, privateKey, hint} and prints a bundle. Bytes are base64.
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import * as bundles from "@sigstore/bundle";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";

const NO_AUTHORITIES = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
};
const NO_LOGS = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };

function check({ bundle, keys }) {
  const read = bundles.bundleFromJSON(bundle);
  bundles.assertBundleLatest(read);
  const trusted = Object.fromEntries(
    Object.entries(keys).map(([hint, pem]) => [hint, { rawBytes: spki(pem), keyDetails: 0 }]),
  );
  const material = toTrustMaterial(NO_AUTHORITIES, trusted);
  new Verifier(material, NO_LOGS).verify(toSignedEntity(read));
  const { payload, payloadType } = read.content.dsseEnvelope;
  return { payload: payload.toString("base64"), payloadType };
}

function make({ payload, payloadType, privateKey, hint }) {
  const artifact = Buffer.from(payload, "base64");
  const key = createPrivateKey(privateKey);
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const made = bundles.toDSSEBundle({
    artifact,
    artifactType: payloadType,
    signature: sign(hash, preAuthEncoding(payloadType, artifact), key),
    keyHint: hint,
  });
  return bundles.bundleToJSON(made);
}

function preAuthEncoding(type, payload) {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function spki(pem) {
  const lines = pem.trim().split("\n").slice(1, -1);
  return Buffer.from(lines.join(""), "base64");
}

const [command] = process.argv.slice(2);
const given = JSON.parse(readFileSync(0, "utf8"));
try {
  console.log(JSON.stringify(command === "make" ? make(given) : check(given)));
} catch (error) {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exit(1);
}
