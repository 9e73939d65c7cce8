import {
  AnnotationDuty,
  type Record as RecordMessage,
  type RecordHeader,
  RecordSchema,
} from "../gen/mlspec/v1/index.js";
import { decode, type Decoded } from "./decoding.js";
import { MAX_PAYLOAD } from "./envelope.js";
import { Refusal, refusing } from "./refusal.js";
import { brokenRules, inWords } from "./rules.js";
import { stageName, stageOfBody } from "./stage.js";
import { Version } from "./version.js";

/** A record that may be used. */
export interface Accepted {
  readonly record: RecordMessage;
  readonly header: RecordHeader;
  /** Why this reader does not understand it in full. Empty: it does. */
  readonly doubts: readonly string[];
}

/** What a reader knows. */
export interface Reader {
  /** The newest version of the specification that it knows. */
  readonly version: Version;
  /** Tells whether it acts on a must-understand annotation of this name. */
  readonly understands: (name: string) => boolean;
}

/**
 * Parses the bytes of a record, within bounds and with no field twice at its top.
 *
 * @throws Refusal of kind `unacceptable`.
 */
export function parseRecord(payload: Uint8Array): Decoded<typeof RecordSchema> {
  return refusing("unacceptable", () => decode(RecordSchema, payload, MAX_PAYLOAD));
}

/**
 * Steps 6 to 8 of docs/spec/verification.md, "One record".
 *
 * @throws Refusal of kind `unacceptable`.
 */
export function accept(
  { message: record, unknown }: Decoded<typeof RecordSchema>,
  reader: Reader,
): Accepted {
  const { header } = record;
  if (!header) {
    const broken = brokenRules(RecordSchema, record);
    throw new Refusal("unacceptable", inWords(broken), broken);
  }
  checkAnnotations(header, reader.understands);
  const doubts = refusing("unacceptable", () => doubtsOf(header, unknown, reader.version));
  checkStage(record, header);
  return { record, header, doubts: [...doubts, ...applyRules(record, header, reader.version)] };
}

function checkAnnotations(header: RecordHeader, understands: Reader["understands"]): void {
  for (const [index, { name, duty }] of header.annotations.entries()) {
    if (duty !== AnnotationDuty.IGNORABLE && !understands(name)) {
      const path = `header.annotations[${index}]`;
      throw new Refusal("unacceptable", `${path}: must be understood, and is not (got ${name})`);
    }
  }
}

/** The table of docs/spec/versions.md. */
function doubtsOf(header: RecordHeader, unknown: string | undefined, reader: Version): string[] {
  const written = Version.parse(header.specVersion);
  const least = Version.parse(header.leastReaderVersion);
  if (least.isNewerThan(written)) {
    const path = "header.least_reader_version";
    throw new Refusal("unacceptable", `${path}: must not be newer than spec_version`);
  }
  if (unknown !== undefined && !written.isNewerThan(reader)) {
    const message = `${unknown}: must be a field of version ${header.specVersion}`;
    throw new Refusal("unacceptable", message);
  }
  const doubts = [];
  if (least.isNewerThan(reader)) {
    doubts.push(`needs a reader of version ${header.leastReaderVersion}`);
  }
  if (unknown !== undefined) {
    doubts.push(`${unknown}: is a field of a newer version`);
  }
  return doubts;
}

function checkStage(record: RecordMessage, header: RecordHeader): void {
  const stage = stageOfBody(record);
  if (stage !== undefined && stage !== header.stage) {
    const message = `header.stage: must be that of the body, ${stageName(stage)}`;
    throw new Refusal("unacceptable", `${message} (got ${stageName(header.stage)})`);
  }
}

/** Refuses a record that breaks rules; of a newer one, whose rules may be others, they are only a doubt. */
function applyRules(record: RecordMessage, header: RecordHeader, reader: Version): string[] {
  const broken = brokenRules(RecordSchema, record);
  if (broken.length === 0) {
    return [];
  }
  if (!Version.parse(header.specVersion).isNewerThan(reader)) {
    throw new Refusal("unacceptable", inWords(broken), broken);
  }
  return [`${inWords(broken)}, by this version`];
}
