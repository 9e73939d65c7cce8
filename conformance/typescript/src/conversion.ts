import {
  createRegistry,
  type DescFile,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type Message,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import type { Convert } from "../gen/mlspec/conformance/v1/exchange_pb.js";
import * as v1 from "../gen/mlspec/v1/index.js";
import { decodeText } from "./json.js";

const registry = createRegistry(...Object.values(v1).filter(isFile));

/** A message in both forms. */
export interface Written {
  readonly binary: Uint8Array;
  readonly json?: string;
  /** Why there is no JSON. */
  readonly jsonRefusal?: string;
}

/** Finds a message of mlspec.v1 by its full name. */
export function schemaOf(name: string): DescMessage | undefined {
  return registry.getMessage(name);
}

/** Reads a message as protobuf-es reads it, with none of the strictness that sealed records get here. */
export function read(schema: DescMessage, input: Convert["input"]): Message {
  return input.case === "json"
    ? fromJsonString(schema, decodeText(input.value))
    : fromBinary(schema, input.value ?? new Uint8Array());
}

/** Writes a message in both forms, as protobuf-es does. */
export function write(schema: DescMessage, message: Message): Written {
  const binary = toBinary(schema, message);
  try {
    return { binary, json: toJsonString(schema, message) };
  } catch (error) {
    return { binary, jsonRefusal: String(error) };
  }
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}
