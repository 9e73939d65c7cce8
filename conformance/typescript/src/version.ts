import { MalformedError } from "./refusal.js";

/** The version of the specification that this code was generated from, and the newest that it knows. */
export const SPEC_VERSION = "0.2.0";

const NUMBER = "(0|[1-9][0-9]*)";
const SEMVER = new RegExp(
  `^${NUMBER}[.]${NUMBER}[.]${NUMBER}(?:-([0-9A-Za-z.-]+))?(?:[+][0-9A-Za-z.-]+)?$`,
);
const MAX_LENGTH = 64;

/** A version of the specification, ordered as Semantic Versioning 2.0.0 orders them (section 11). */
export class Version {
  private constructor(
    private readonly core: readonly bigint[],
    private readonly preRelease: readonly string[],
  ) {}

  /** Reads a version, for example "1.0.0-rc.1". Build metadata does not count. */
  static parse(text: string): Version {
    const match = text.length <= MAX_LENGTH ? SEMVER.exec(text) : null;
    if (!match) {
      throw new MalformedError(`must be a semantic version (got ${text.slice(0, MAX_LENGTH)})`);
    }
    const core = match.slice(1, 4).map((part) => BigInt(part));
    return new Version(core, match[4]?.split(".") ?? []);
  }

  /** Tells whether this version is newer than another. */
  isNewerThan(other: Version): boolean {
    return this.compare(other) > 0;
  }

  private compare(other: Version): number {
    for (const [index, part] of this.core.entries()) {
      const order = compareNumbers(part, other.core[index] ?? 0n);
      if (order !== 0) {
        return order;
      }
    }
    return comparePreReleases(this.preRelease, other.preRelease);
  }
}

function compareNumbers(one: bigint, other: bigint): number {
  return Number(one > other) - Number(one < other);
}

function comparePreReleases(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) {
    // A release is newer than all that led to it.
    return Number(one.length === 0) - Number(other.length === 0);
  }
  for (const [index, identifier] of one.entries()) {
    const rival = other[index];
    const order = rival === undefined ? 1 : compareIdentifiers(identifier, rival);
    if (order !== 0) {
      return order;
    }
  }
  return one.length - other.length;
}

function compareIdentifiers(one: string, other: string): number {
  const [number, rival] = [/^[0-9]+$/.test(one), /^[0-9]+$/.test(other)];
  if (number && rival) {
    return compareNumbers(BigInt(one), BigInt(other));
  }
  if (number !== rival) {
    return number ? -1 : 1;
  }
  return Number(one > other) - Number(one < other);
}
