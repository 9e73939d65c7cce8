import { type Record as RecordMessage, RecordSchema, type Stage } from "../gen/mlspec/v1/index.js";

/** The number of the body's field in `Record` is this much more than that of the stage. */
const OFFSET = 10;

const bodies = new Map(
  RecordSchema.fields
    .filter((field) => field.oneof?.name === "body")
    .map((field) => [field.number - OFFSET, field]),
);

/** A stage's name in snake case, or "stage 42" for one that is not known here. */
export function stageName(stage: Stage): string {
  return bodies.get(stage)?.name ?? `stage ${stage}`;
}

/** The stage whose body a record has. Absent: it has none that is known here. */
export function stageOfBody(record: RecordMessage): Stage | undefined {
  const found = [...bodies].find(([, field]) => field.localName === record.body.case);
  return found?.[0];
}
