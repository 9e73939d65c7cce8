import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";

/** A rule of the schema that a message breaks. */
export interface BrokenRule {
  /** The field, for example `header.inputs[0].name`. Empty: the message itself. */
  readonly path: string;
  /** The rule's id, for example `string.pattern`. */
  readonly ruleId: string;
}

// It compiles the rules of a message type once, which takes a hundred times as long as applying them.
const validator = createValidator();

/** Returns every rule that `message` breaks. Empty: it is valid. */
export function brokenRules<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): BrokenRule[] {
  const result = validator.validate(schema, message);
  if (result.kind === "error") {
    throw result.error;
  }
  return (result.violations ?? []).map(({ field, ruleId }) => ({
    path: pathToString(field),
    ruleId,
  }));
}

/** Says the first of some broken rules in words. */
export function inWords([first, ...others]: readonly BrokenRule[]): string {
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return `${first?.path || "message"}: must keep the rule ${first?.ruleId}${more}`;
}
