/** Values of templates, which are those of Lua plus functions, safe texts, ranges and caught errors. */
import { isMap, LuaFloat, type LuaMap, type LuaValue } from "../vm/mod.ts";
import { TemplateProblem } from "./problem.ts";
import type { Evaluate, Run } from "./run.ts";

/** A function. `raw` gets its arguments unevaluated. */
export class TemplateFunction {
  readonly name: string;
  readonly call: (run: Run, args: readonly LuaValue[]) => LuaValue;
  readonly raw: ((run: Run, args: readonly Evaluate[]) => LuaValue) | undefined;

  constructor(
    name: string,
    call: (run: Run, args: readonly LuaValue[]) => LuaValue,
    raw?: (run: Run, args: readonly Evaluate[]) => LuaValue,
  ) {
    this.name = name;
    this.call = call;
    this.raw = raw;
  }
}

/** A text that is written as it is. Nothing can be done with it but writing it. */
export class SafeText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Integers from `from` to `to`, without the last. */
export class IntegerRange {
  readonly from: number;
  readonly to: number;
  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }
}

/** An error that `catch` took. */
export class CaughtError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A value that Lua does not know, in the clothes of one that it does. */
export function foreign(value: TemplateFunction | SafeText | IntegerRange | CaughtError): LuaValue {
  return value as unknown as LuaValue;
}

/** Entries of a map, numbers first, then texts, each in order: a table of Lua has no order of its own. */
export function sortedEntries(
  map: LuaMap,
): [LuaValue, LuaValue][] {
  const entries: [LuaValue, LuaValue][] = map instanceof Map ? [...map] : Object.entries(map);
  return entries.sort(([a], [b]) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === "number") return -1;
    if (typeof b === "number") return 1;
    return String(a) < String(b) ? -1 : 1;
  });
}

/** The size of a number; undefined for anything else. */
export function sizeOf(value: LuaValue): number | undefined {
  if (typeof value === "number") return value;
  if (value instanceof LuaFloat) return value.value;
  return typeof value === "bigint" ? Number(value) : undefined;
}

/** Name of a value's type. */
export function typeName(value: LuaValue): string {
  const other: unknown = value;
  if (value === null || value === undefined) return "nil";
  if (typeof value === "bigint" || typeof value === "number" || value instanceof LuaFloat) return "number";
  if (typeof value === "string" || typeof value === "boolean") return typeof value;
  if (Array.isArray(value)) return "array";
  if (other instanceof TemplateFunction) return "function";
  if (other instanceof CaughtError) return "error";
  if (other instanceof SafeText) return "safe text";
  if (other instanceof IntegerRange) return "range";
  return isMap(value) ? "map" : "object";
}

/** Whether a condition holds: nil, false, 0, "" and what is empty do not. */
export function isTrue(value: LuaValue): boolean {
  if (value === null || value === undefined || value === false || value === "") return false;
  const size = sizeOf(value);
  if (size !== undefined) return size !== 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return !isMap(value) || Object.keys(value).length > 0;
}

/** The text of a value, as it is written. */
export function textOf(run: Run, value: LuaValue, depth = 0): string {
  const other: unknown = value;
  if (typeof value === "string") {
    // A text may stand in a table many times, and is copied each time.
    if (depth > 0) run.makeText(value.length);
    return value;
  }
  if (value === null || value === undefined) return "";
  if (value instanceof LuaFloat) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (other instanceof SafeText) throw new TemplateProblem("a writer such as raw must come last", run.place);
  if (other instanceof CaughtError) return other.message;
  if (other instanceof TemplateFunction) return `function ${other.name}`;
  if (depth > 100) throw new TemplateProblem("value is nested too deep to be written", run.place);
  if (Array.isArray(value)) {
    run.spend(value.length);
    return `[${value.map((item) => textOf(run, item, depth + 1)).join(" ")}]`;
  }
  if (isMap(value)) {
    const entries = sortedEntries(value);
    run.spend(entries.length);
    return `map[${entries.map(([key, item]) => `${key}:${textOf(run, item, depth + 1)}`).join(" ")}]`;
  }
  return typeof value === "object" ? typeName(value) : String(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "\0": "\ufffd",
};

/** Text that HTML shows as it is. */
export function escapeHtml(text: string): string {
  return /[&<>"'\0]/.test(text) ? text.replace(/[&<>"'\0]/g, (character) => ESCAPES[character]!) : text;
}
