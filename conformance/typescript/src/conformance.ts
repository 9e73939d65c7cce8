/** Answers the requests of the conformance kit, from standard input to standard output, one after the other. */

import { once } from "node:events";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { sizeDelimitedDecodeStream, sizeDelimitedEncode } from "@bufbuild/protobuf/wire";
import {
  type Convert,
  type Request,
  RequestSchema,
  ResponseSchema,
  type Seal,
  type Verify,
} from "../gen/mlspec/conformance/v1/exchange_pb.js";
import { Refusal as RefusalCode } from "../gen/mlspec/conformance/v1/outcome_pb.js";
import { read, schemaOf, write } from "./conversion.js";
import { brokenRules, Envelope, PrivateKey, Refusal, seal, TrustPolicy, verify } from "./index.js";
import { refusing } from "./refusal.js";

type Result = NonNullable<MessageInitShape<typeof ResponseSchema>["result"]>;

// Far beyond what the specification allows of a message: some cases are of lists that are too long.
const MAX_REQUEST = 128 * 1024 * 1024;

const CODES = {
  tampered: RefusalCode.TAMPERED,
  unacceptable: RefusalCode.UNACCEPTABLE,
  unreadable: RefusalCode.UNREADABLE,
  untrusted: RefusalCode.UNTRUSTED,
};

function answer({ task }: Request): Result {
  switch (task.case) {
    case "convert":
      return onConvert(task.value);
    case "seal":
      return onSeal(task.value);
    case "verify":
      return onVerify(task.value);
    default:
      return { case: "unsupported", value: "a task that this program does not know" };
  }
}

function onConvert({ messageType, input, rulesOnly }: Convert): Result {
  const schema = schemaOf(messageType);
  if (!schema) {
    return { case: "unsupported", value: `${messageType} must be a message of mlspec.v1` };
  }
  let message;
  try {
    message = read(schema, input);
  } catch (error) {
    return { case: "unreadable", value: String(error) };
  }
  const violations = brokenRules(schema, message);
  const written = rulesOnly ? {} : write(schema, message);
  return { case: "converted", value: { ...written, violations } };
}

function onSeal({ payload, privateKey, readerVersion }: Seal): Result {
  const key = refusing("unreadable", () => PrivateKey.fromPem(privateKey));
  const envelope = seal(payload, key, readerVersion);
  return { case: "sealed", value: { envelope: Buffer.from(envelope.toJson()) } };
}

function onVerify({ envelope, trust, at, understoodAnnotations, readerVersion }: Verify): Result {
  const policy = TrustPolicy.fromJson(trust);
  const data = envelope.value ?? new Uint8Array();
  const sealed = envelope.case === "json" ? Envelope.fromJson(data) : Envelope.fromBinary(data);
  const verified = verify(sealed, policy, {
    ...(at && { at }),
    understands: understoodAnnotations,
    readerVersion,
  });
  return {
    case: "verified",
    value: {
      payloadSha256: verified.sha256,
      payload: verified.payload,
      keyids: verified.signers.map(({ keyid }) => keyid),
      roles: [...verified.roles],
      fullyUnderstood: verified.doubts.length === 0,
    },
  };
}

function resultOf(request: Request): Result {
  try {
    return answer(request);
  } catch (error) {
    if (error instanceof Refusal) {
      const { kind, message, violations } = error;
      const value = { refusal: CODES[kind], reason: message, violations: [...violations] };
      return { case: "refused", value };
    }
    return { case: "failure", value: String(error instanceof Error ? error.stack : error) };
  }
}

const requests = sizeDelimitedDecodeStream(RequestSchema, process.stdin, {
  readMaxBytes: MAX_REQUEST,
});
for await (const request of requests) {
  const response = create(ResponseSchema, { caseId: request.caseId, result: resultOf(request) });
  if (!process.stdout.write(sizeDelimitedEncode(ResponseSchema, response))) {
    await once(process.stdout, "drain");
  }
}
