import type { JsonValue } from "@bufbuild/protobuf";
import { visit } from "jsonc-parser";
import { MalformedError } from "./refusal.js";

const MAX_DEPTH = 64;

/** Decodes UTF-8. A byte-order mark stays in the text, for the parser to refuse. */
export function decodeText(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new MalformedError("must be UTF-8");
  }
}

/**
 * Parses JSON of which no two readers make two things: no member twice, no lone surrogate, at most 64 deep.
 *
 * `JSON.parse` has the grammar right. What it lets pass, `checkMembers` finds in a second walk.
 */
export function parseJson(data: Uint8Array): JsonValue {
  const text = decodeText(data);
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new MalformedError(`must be JSON (${String(error)})`);
  }
  checkMembers(text);
  return value;
}

function checkMembers(text: string): void {
  const open: Set<string>[] = [];
  const enter = (): void => {
    if (open.push(new Set()) > MAX_DEPTH) {
      throw new MalformedError(`must nest at most ${MAX_DEPTH} deep`);
    }
  };
  const leave = (): void => {
    open.pop();
  };
  visit(text, {
    onObjectBegin: enter,
    onObjectEnd: leave,
    onArrayBegin: enter,
    onArrayEnd: leave,
    onObjectProperty(name) {
      checkText(name);
      const members = open.at(-1);
      if (members?.has(name)) {
        throw new MalformedError(`must have each member once (got ${JSON.stringify(name)} again)`);
      }
      members?.add(name);
    },
    onLiteralValue(value: unknown) {
      if (typeof value === "string") {
        checkText(value);
      }
    },
  });
}

function checkText(text: string): void {
  if (!text.isWellFormed()) {
    throw new MalformedError("must not hold a lone surrogate");
  }
}
