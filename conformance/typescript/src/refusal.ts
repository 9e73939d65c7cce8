import type { BrokenRule } from "./rules.js";

/** What went wrong, as the table of outcomes in docs/spec/verification.md names it. */
export type RefusalKind = "tampered" | "unacceptable" | "unreadable" | "untrusted";

/** Something that is not relied on. Its message says where, and what must hold. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /**
   * @param kind - Which outcome it is.
   * @param message - `path: must ... (got ...)`.
   * @param violations - The rules of the schema that are broken, where those are the reason.
   */
  constructor(
    readonly kind: RefusalKind,
    message: string,
    readonly violations: readonly BrokenRule[] = [],
  ) {
    super(message);
  }
}

/** Bytes that are not what they are said to be. Who knows what they are for makes a `Refusal` of it. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** Runs `read`, and refuses as `kind` what it finds malformed. */
export function refusing<T>(kind: RefusalKind, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) {
      throw new Refusal(kind, error.message);
    }
    throw error;
  }
}
