export { Envelope, pae, RECORD_TYPE, type Signature } from "./envelope.js";
export { type Algorithm, PrivateKey, PublicKey } from "./keys.js";
export { MalformedError, Refusal, type RefusalKind } from "./refusal.js";
export { type BrokenRule, brokenRules } from "./rules.js";
export { seal } from "./sealing.js";
export { TrustedKey, TrustPolicy } from "./trust.js";
export { verify, VerifiedRecord, type VerifyOptions } from "./verification.js";
export { SPEC_VERSION } from "./version.js";
