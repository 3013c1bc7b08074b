/**
 * Versions of modules and the ranges that dependencies allow.
 *
 * MV1. A range is a list of comparators, all of which must hold: `1.2.3` exact, `^`, `~`, `>=`, `>`, `<=`, `<`, `=`, `*`.
 * MV2. A leading `v` is ignored. MV3. A pre-release only fits a range that names a pre-release of the same version.
 */
import { Failure } from "../core/mod.ts";

/** A version in parts. */
export interface ModuleVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Parts after `-`; empty for a release. */
  readonly pre: readonly string[];
}

interface Comparator {
  readonly operator: ">=" | ">" | "<=" | "<" | "=";
  readonly version: ModuleVersion;
}

/** What versions a dependency allows. */
export interface VersionRange {
  readonly text: string;
  readonly comparators: readonly Comparator[];
}

/** Parses `1.2.3`, `v1.2`, `1.0.0-rc.1`; undefined for anything else. Missing parts are 0. */
export function parseModuleVersion(text: string): ModuleVersion | undefined {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(
    text.trim(),
  );
  if (match === null) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2] ?? 0),
    patch: Number(match[3] ?? 0),
    pre: match[4]?.split(".") ?? [],
  };
}

/** Negative when `a` comes before `b`, 0 when they are the same. */
export function compareModuleVersions(a: ModuleVersion, b: ModuleVersion): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0) return numbers;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = comparePart(a.pre[i]!, b.pre[i]!);
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

function comparePart(a: string, b: string): number {
  const bothNumbers = /^\d+$/.test(a) && /^\d+$/.test(b);
  if (bothNumbers) return Number(a) - Number(b);
  if (/^\d+$/.test(a)) return -1;
  if (/^\d+$/.test(b)) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Parses a range; `""` and `latest` mean any version. Fails with Invalid. */
export function parseVersionRange(text: string): VersionRange {
  const comparators: Comparator[] = [];
  const normal = text.trim().replace(/(>=|<=|>|<|=|\^|~)\s+/g, "$1");
  if (normal !== "latest") {
    for (const part of normal.split(/[\s,]+/)) {
      if (part !== "" && part !== "*") comparators.push(...comparatorsOf(part, text));
    }
  }
  return { text: text.trim() === "" ? "*" : text.trim(), comparators };
}

function comparatorsOf(part: string, text: string): Comparator[] {
  const [, operator, rest] = /^(>=|<=|>|<|=|\^|~)?(.*)$/.exec(part)!;
  const version = parseModuleVersion(rest!);
  if (version === undefined) {
    const examples = "examples: 1.2.3, ^1.2.0, ~1.2.0, >=1.0.0 <2.0.0, *";
    throw new Failure("Invalid", `"${text}" is no version range (${examples})`, { retryable: false });
  }
  const below = (major: number, minor: number, patch: number): Comparator => ({
    operator: "<",
    version: { major, minor, patch, pre: [] },
  });
  const { major, minor, patch } = version;
  const from: Comparator = { operator: ">=", version };
  if (operator === "^") {
    if (major > 0) return [from, below(major + 1, 0, 0)];
    return [from, minor > 0 ? below(0, minor + 1, 0) : below(0, 0, patch + 1)];
  }
  if (operator === "~") return [from, below(major, minor + 1, 0)];
  return [{ operator: (operator ?? "=") as Comparator["operator"], version }];
}

/** Whether `version` lies in `range`. */
export function satisfies(version: ModuleVersion, range: VersionRange): boolean {
  if (version.pre.length > 0 && range.comparators.length > 0) {
    const named = range.comparators.some(({ version: bound }) =>
      bound.pre.length > 0 && bound.major === version.major && bound.minor === version.minor &&
      bound.patch === version.patch
    );
    if (!named) return false;
  }
  return range.comparators.every(({ operator, version: bound }) => {
    const order = compareModuleVersions(version, bound);
    switch (operator) {
      case ">=":
        return order >= 0;
      case ">":
        return order > 0;
      case "<=":
        return order <= 0;
      case "<":
        return order < 0;
      case "=":
        return order === 0;
    }
  });
}
