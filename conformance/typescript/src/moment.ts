import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Nanoseconds since 1970: what times are compared by. */
export function nanosecondsOf(time: Timestamp): bigint {
  return time.seconds * 1_000_000_000n + BigInt(time.nanos);
}
