/**
 * Path patterns of routes: `/users/{id}`, `/files/{path...}`, `/users/:id`.
 *
 * RP1. A trailing slash means nothing, in a pattern as in a path. RP2. A parameter matches one segment that is not empty; a
 * tail matches any number of segments, none included. RP3. Of two patterns that fit the same path one must be more
 * specific, or they conflict.
 */
import { Failure } from "../../core/mod.ts";

/** One part of a pattern between slashes. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "tail"; readonly name: string };

/** A parsed pattern. */
export interface RoutePattern {
  /** As it is shown: braces, no trailing slash. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Names of the parameters in order. */
  readonly names: readonly string[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function invalid(path: string, problem: string): Failure {
  return new Failure("Invalid", `path "${path}": ${problem}`, { retryable: false });
}

/** Parses a pattern; every problem is Invalid. */
export function parsePattern(path: string): RoutePattern {
  if (!path.startsWith("/")) throw invalid(path, "must start with /");
  const parts = splitPath(path);
  const names: string[] = [];
  const segments = parts.map((part, i): Segment => {
    const written = parseSegment(path, part);
    if (written.kind === "literal") return written;
    if (!NAME.test(written.name)) throw invalid(path, `"${written.name}" is not a parameter name`);
    if (names.includes(written.name)) throw invalid(path, `parameter ${written.name} is named twice`);
    if (written.kind === "tail" && i < parts.length - 1) {
      throw invalid(path, `{${written.name}...} must be the last segment`);
    }
    names.push(written.name);
    return written;
  });
  return { text: printSegments(segments), segments, names };
}

function parseSegment(path: string, part: string): Segment {
  if (part.startsWith(":")) return { kind: "parameter", name: part.slice(1) };
  if (!part.includes("{") && !part.includes("}")) return { kind: "literal", text: part };
  const inner = part.slice(1, -1);
  if (!part.startsWith("{") || !part.endsWith("}") || /[{}]/.test(inner)) {
    throw invalid(path, `"${part}": braces must enclose a whole segment`);
  }
  return inner.endsWith("...")
    ? { kind: "tail", name: inner.slice(0, -3) }
    : { kind: "parameter", name: inner };
}

function printSegments(segments: readonly Segment[]): string {
  if (segments.length === 0) return "/";
  return segments.map((segment) => {
    if (segment.kind === "literal") return `/${segment.text}`;
    return segment.kind === "parameter" ? `/{${segment.name}}` : `/{${segment.name}...}`;
  }).join("");
}

/** Segments of a path, without those that a leading or trailing slash makes. */
export function splitPath(path: string): string[] {
  let end = path.length;
  if (path.endsWith("/")) end--;
  if (end <= 0) return [];
  return path.slice(path.startsWith("/") ? 1 : 0, end).split("/");
}

/** A pattern for `prefix` followed by `path`. */
export function joinPatterns(prefix: RoutePattern, path: RoutePattern): RoutePattern {
  if (prefix.segments.length === 0) return path;
  const twice = path.names.find((name) => prefix.names.includes(name));
  if (twice !== undefined) throw invalid(prefix.text + path.text, `parameter ${twice} is named twice`);
  const segments = [...prefix.segments, ...path.segments];
  return { text: printSegments(segments), segments, names: [...prefix.names, ...path.names] };
}

/** How two patterns relate: they share no path, one is more specific, or neither is. */
export type Relation = "disjoint" | "first" | "second" | "conflict";

/** Compares two patterns (RP3). */
export function relate(first: RoutePattern, second: RoutePattern): Relation {
  let firstIsSpecific = false;
  let secondIsSpecific = false;
  for (let i = 0;; i++) {
    const a = first.segments[i];
    const b = second.segments[i];
    if (a === undefined && b === undefined) break;
    if (a?.kind === "tail" || b?.kind === "tail") {
      if (a?.kind !== "tail") firstIsSpecific = true;
      if (b?.kind !== "tail") secondIsSpecific = true;
      break;
    }
    if (a === undefined || b === undefined) return "disjoint";
    if (a.kind === "literal") {
      if (b.kind === "parameter") firstIsSpecific = true;
      else if (a.text !== b.text) return "disjoint";
    } else if (b.kind === "literal") secondIsSpecific = true;
  }
  if (firstIsSpecific === secondIsSpecific) return "conflict";
  return firstIsSpecific ? "first" : "second";
}

/** Number of leading segments of `parts` that a prefix takes, or -1 when it does not fit. */
export function prefixLength(prefix: RoutePattern, parts: readonly string[]): number {
  const { segments } = prefix;
  if (segments.length > parts.length) return -1;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    if (segment.kind === "literal" ? segment.text !== parts[i] : parts[i] === "") return -1;
  }
  return segments.length;
}
