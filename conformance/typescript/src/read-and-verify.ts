import { readFileSync } from "node:fs";
import { Envelope, TrustPolicy, verify } from "./index.js";

const [envelopeFile = "", trustFile = ""] = process.argv.slice(2);
const envelope = Envelope.fromJson(readFileSync(envelopeFile));
const trust = TrustPolicy.fromJson(readFileSync(trustFile));

// Throws a Refusal, or returns a record that can be relied on.
const { stage, header, signers, sha256 } = verify(envelope, trust);

const names = signers.map((signer) => signer.identity).join(", ");
console.log(`verified: ${stage} in ${header.namespaceName}, signed by ${names}`);
console.log(`sha256:${sha256.toString("hex")}`);
