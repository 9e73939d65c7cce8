import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { MalformedError } from "./refusal.js";
import { tokens } from "./tokens.js";

const MAX_DEPTH = 64;

/** What the bytes of a message hold that a runtime does not tell. */
export interface Findings {
  /** Where the first field is that the schema lacks, or has with another wire type. */
  unknown?: string;
  /** Whether some field has a wire type that is not the schema's. */
  misfits: boolean;
  /** A field that may stand once at the top of the message and stands there more often. */
  twice?: string;
}

/**
 * Walks through the bytes of a message, as docs/spec/encoding.md bounds them.
 *
 * @throws MalformedError where they are truncated, malformed or nested too deep.
 */
export function scan(schema: DescMessage, data: Uint8Array): Findings {
  const findings: Findings = { misfits: false };
  scanTop(schema, data, findings);
  scanMessage(schema, data, 0, data.length, "", 1, findings);
  return findings;
}

/**
 * Returns the bytes without the fields whose wire type is not the schema's.
 *
 * protobuf-es reads a field whatever its wire type, and so makes nonsense of such a field and all that follow it.
 */
export function withoutMisfits(schema: DescMessage, data: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const token of tokens(data, 0, data.length)) {
    const field = fieldsOf(schema).get(token.no);
    if (field && !fits(field, token.wireType)) {
      continue;
    }
    const inner = field && innerMessage(field);
    if (inner) {
      const value = data.subarray(token.start, token.end);
      writer.tag(token.no, token.wireType).bytes(withoutMisfits(inner, value));
    } else {
      writer.raw(data.subarray(token.tag, token.end));
    }
  }
  return writer.finish();
}

function scanTop(schema: DescMessage, data: Uint8Array, findings: Findings): void {
  const seen = new Set<string>();
  for (const token of tokens(data, 0, data.length)) {
    const field = fieldsOf(schema).get(token.no);
    if (!field || isRepeated(field)) {
      continue;
    }
    const slot = field.oneof ? `oneof ${field.oneof.name}` : field.name;
    if (seen.has(slot)) {
      findings.twice ??= field.name;
    }
    seen.add(slot);
  }
}

function scanMessage(
  schema: DescMessage,
  data: Uint8Array,
  start: number,
  end: number,
  path: string,
  depth: number,
  findings: Findings,
): void {
  if (depth > MAX_DEPTH) {
    throw new MalformedError(`${path}: must nest at most ${MAX_DEPTH} deep`);
  }
  const fields = fieldsOf(schema);
  for (const token of tokens(data, start, end)) {
    const field = fields.get(token.no);
    if (!field || !fits(field, token.wireType)) {
      findings.unknown ??= `${path}#${token.no}`;
      findings.misfits ||= field !== undefined;
      continue;
    }
    const inner = innerMessage(field);
    if (inner) {
      const name = path ? `${path}.${field.name}` : field.name;
      scanMessage(inner, data, token.start, token.end, name, depth + 1, findings);
    }
  }
}

const fieldsByNumber = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(schema: DescMessage): ReadonlyMap<number, DescField> {
  let fields = fieldsByNumber.get(schema);
  if (!fields) {
    fields = new Map(schema.fields.map((field) => [field.number, field]));
    fieldsByNumber.set(schema, fields);
  }
  return fields;
}

function isRepeated(field: DescField): boolean {
  return field.fieldKind === "list" || field.fieldKind === "map";
}

function innerMessage(field: DescField): DescMessage | undefined {
  // The value of a map stands in an entry, which is no message of the schema; MLSpec has no maps.
  return field.fieldKind === "map" ? undefined : field.message;
}

function fits(field: DescField, wireType: WireType): boolean {
  const expected = expectedWireType(field);
  const packed = field.fieldKind === "list" && wireType === WireType.LengthDelimited;
  return wireType === expected || packed;
}

function expectedWireType(field: DescField): WireType {
  if (field.fieldKind === "map" || field.message) {
    return WireType.LengthDelimited;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}
