/**
 * Patterns over dotted names: `registry.*`, `entry.(create|update)`, `**.accept`.
 *
 * Text and pattern are split at `.`; a segment is literal, `*` (exactly one segment), `**` (any number, none included) or
 * holds alternatives in parentheses.
 */
import { Failure } from "./failure.ts";
import { EVENT_PATTERN_ALTERNATIVES_MAX } from "./limits.ts";

/** Says whether a name matches. */
export type NameMatcher = (name: string) => boolean;

type Segment = "one" | "many" | ReadonlySet<string>;

/** Compiles a pattern once. Fails with Invalid when a segment has too many alternatives. */
export function compileEventPattern(pattern: string): NameMatcher {
  if (!pattern.includes("*") && !pattern.includes("(")) return (name) => name === pattern;
  const segments = pattern.split(".").map(segmentOf);
  if (segments.every((segment) => segment === "many")) return () => true;
  return (name) => matches(segments, name.split("."));
}

function segmentOf(text: string): Segment {
  if (text === "*") return "one";
  if (text === "**") return "many";
  return new Set(alternatives(text));
}

/** Every literal a segment stands for; parentheses that do not pair are literal text. */
function alternatives(text: string): string[] {
  let results = [""];
  let rest = text;
  while (rest !== "") {
    const group = /^\(([^()]*)\)/.exec(rest);
    const literal = group === null ? /^.[^(]*/s.exec(rest)![0] : "";
    const choices = group === null ? [literal] : group[1]!.split("|");
    results = results.flatMap((head) => choices.map((choice) => head + choice));
    if (results.length > EVENT_PATTERN_ALTERNATIVES_MAX) {
      throw new Failure(
        "Invalid",
        `pattern segment "${text}" has more than ${EVENT_PATTERN_ALTERNATIVES_MAX} alternatives`,
        { retryable: false },
      );
    }
    rest = rest.slice(group === null ? literal.length : group[0].length);
  }
  return results;
}

/** Greedy matching that returns to the last `**` only, so its cost is at most segments times parts. */
function matches(segments: readonly Segment[], parts: readonly string[]): boolean {
  let s = 0;
  let p = 0;
  let manyAt = -1;
  let resume = 0;
  while (p < parts.length) {
    const segment = segments[s];
    if (segment === "many") {
      manyAt = s;
      s += 1;
      resume = p;
    } else if (segment !== undefined && (segment === "one" || segment.has(parts[p]!))) {
      s += 1;
      p += 1;
    } else if (manyAt >= 0) {
      resume += 1;
      p = resume;
      s = manyAt + 1;
    } else return false;
  }
  while (segments[s] === "many") s += 1;
  return s === segments.length;
}
