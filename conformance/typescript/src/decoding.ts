import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { MalformedError } from "./refusal.js";
import { scan, withoutMisfits } from "./wire.js";

/** A message that was parsed from bytes. */
export interface Decoded<Desc extends DescMessage> {
  readonly message: MessageShape<Desc>;
  /** Where the first field is that the schema does not know, at any depth. Absent: it knows all. */
  readonly unknown: string | undefined;
}

/**
 * Parses one message within the bounds of docs/spec/encoding.md, with no field twice at its top.
 *
 * @throws MalformedError
 */
export function decode<Desc extends DescMessage>(
  schema: Desc,
  data: Uint8Array,
  maxBytes: number,
): Decoded<Desc> {
  if (data.length > maxBytes) {
    throw new MalformedError(`must be at most ${maxBytes} bytes (got ${data.length})`);
  }
  const { unknown, misfits, twice } = scan(schema, data);
  if (twice !== undefined) {
    throw new MalformedError(`${twice}: must stand once (got it more often)`);
  }
  try {
    return { message: fromBinary(schema, misfits ? withoutMisfits(schema, data) : data), unknown };
  } catch (error) {
    throw new MalformedError(`must be one encoded ${schema.name} (${String(error)})`);
  }
}
