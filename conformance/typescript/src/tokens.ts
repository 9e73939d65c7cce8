import { WireType } from "@bufbuild/protobuf/wire";
import { MalformedError } from "./refusal.js";

const MAX_GROUPS = 64;
const MAX_TAG = 2 ** 32 - 1;
const MAX_VARINT_BYTES = 10;

/** One field as it stands in the bytes. */
export interface Token {
  readonly no: number;
  readonly wireType: WireType;
  /** Offset of its tag. */
  readonly tag: number;
  /** Offset of its value, past the length where there is one. */
  readonly start: number;
  /** Offset past its value. */
  readonly end: number;
}

/**
 * Yields the fields between two offsets, in order.
 *
 * @throws MalformedError where the bytes stop being fields.
 */
export function* tokens(data: Uint8Array, start: number, end: number): Generator<Token> {
  let tag = start;
  while (tag < end) {
    const token = readToken(data, tag, end, 0);
    if (token.wireType === WireType.EndGroup) {
      throw new MalformedError(`byte ${tag}: must not end a group that never began`);
    }
    yield token;
    tag = token.end;
  }
}

function readToken(data: Uint8Array, tag: number, end: number, groups: number): Token {
  const [key, offset] = readVarint(data, tag, end);
  const no = Math.floor(key / 8);
  const wireType = key % 8;
  if (no === 0 || key > MAX_TAG) {
    throw new MalformedError(`byte ${tag}: must start a field (got ${key})`);
  }
  let [start, past] = [offset, offset];
  switch (wireType) {
    case WireType.Varint:
      past = readVarint(data, start, end)[1];
      break;
    case WireType.Bit64:
      past += 8;
      break;
    case WireType.Bit32:
      past += 4;
      break;
    case WireType.LengthDelimited: {
      const [length, first] = readVarint(data, start, end);
      [start, past] = [first, first + length];
      break;
    }
    case WireType.StartGroup:
      past = skipGroup(data, no, start, end, groups + 1);
      break;
    case WireType.EndGroup:
      break;
    default:
      throw new MalformedError(`byte ${tag}: must have a wire type from 0 to 5 (got ${wireType})`);
  }
  if (past > end) {
    throw new MalformedError(`byte ${tag}: field ${no} must end before byte ${end}`);
  }
  return { no, wireType, tag, start, end: past };
}

function skipGroup(
  data: Uint8Array,
  no: number,
  start: number,
  end: number,
  groups: number,
): number {
  if (groups > MAX_GROUPS) {
    throw new MalformedError(`byte ${start}: groups must nest at most ${MAX_GROUPS} deep`);
  }
  for (let tag = start; ;) {
    const token = readToken(data, tag, end, groups);
    tag = token.end;
    if (token.wireType !== WireType.EndGroup) {
      continue;
    }
    if (token.no !== no) {
      throw new MalformedError(`byte ${token.tag}: group ${no} must end before ${token.no} does`);
    }
    return tag;
  }
}

/** Returns a varint and the offset past it. Beyond 2^53 the number is not exact: only tags and lengths are used. */
function readVarint(data: Uint8Array, start: number, end: number): [number, number] {
  let value = 0;
  for (let offset = start; offset < end; offset++) {
    const index = offset - start;
    const byte = data[offset] ?? 0;
    if (index === MAX_VARINT_BYTES - 1 && byte > 1) {
      throw new MalformedError(`byte ${start}: must be a varint of 64 bits`);
    }
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      return [value, offset + 1];
    }
  }
  throw new MalformedError(`byte ${start}: must be a varint that ends before byte ${end}`);
}
