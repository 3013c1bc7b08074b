/** The functions that every template has. */
import { isInteger, isMap, LuaFloat, type LuaValue } from "../vm/mod.ts";
import { TemplateProblem } from "./problem.ts";
import { executeTemplate } from "./render.ts";
import type { Evaluate, Run, Scope } from "./run.ts";
import {
  escapeHtml,
  foreign,
  IntegerRange,
  SafeText,
  sizeOf,
  sortedEntries,
  TemplateFunction,
  textOf,
  typeName,
} from "./values.ts";

type Call = (run: Run, args: readonly LuaValue[]) => LuaValue;

function fail(run: Run, message: string): TemplateProblem {
  return new TemplateProblem(message, run.place);
}

function countOf(run: Run, name: string, args: readonly unknown[], min: number, max = min): void {
  if (args.length >= min && args.length <= max) return;
  const wanted = min === max ? String(min) : `${min} to ${max}`;
  throw fail(run, `${name} takes ${wanted} ${wanted === "1" ? "argument" : "arguments"}, got ${args.length}`);
}

/** A function of texts; what it returns is paid for. */
function textual(apply: (...texts: string[]) => LuaValue): Call {
  return (run, args) => {
    const texts = args.map((arg) => textOf(run, arg));
    for (const text of texts) run.spendText(text.length);
    const result = apply(...texts);
    if (typeof result === "string") run.makeText(result.length);
    else if (Array.isArray(result)) run.spend(result.length);
    return result;
  };
}

function integerOf(run: Run, value: LuaValue, what: string): number {
  const text = typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (!isInteger(text)) {
    const size = sizeOf(text);
    if (size === undefined || !Number.isFinite(size)) {
      throw fail(run, `${what} must be an integer, got ${typeName(value)}`);
    }
    return Math.trunc(size);
  }
  return Number(text);
}

function repeat(run: Run, [text, count]: readonly LuaValue[]): LuaValue {
  const times = integerOf(run, count, "repeat count");
  if (times < 0) throw fail(run, "repeat count must not be negative");
  const unit = textOf(run, text);
  run.makeText(unit.length * times);
  return unit.repeat(times);
}

function replace(run: Run, args: readonly LuaValue[]): LuaValue {
  const [text, from, to] = args.slice(0, 3).map((arg) => textOf(run, arg)) as [string, string, string];
  const most = args.length > 3 ? integerOf(run, args[3], "replace count") : -1;
  const parts = text.split(from);
  const limit = most < 0 ? parts.length : most + 1;
  const kept = parts.length > limit
    ? [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(from)]
    : parts;
  run.makeText(text.length + to.length * kept.length);
  return kept.join(to);
}

function len(run: Run, [value]: readonly LuaValue[]): LuaValue {
  if (typeof value === "string") {
    run.spend(1 + value.length / 64);
    return new TextEncoder().encode(value).length;
  }
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (isMap(value)) return value instanceof Map ? value.size : Object.keys(value).length;
  throw fail(run, `len: ${typeName(value)} has no length`);
}

/** Whether all expressions have a value. What fails because something is missing on the way has none. */
function isset(run: Run, args: readonly Evaluate[]): LuaValue {
  return args.every((arg) => {
    try {
      const value = arg(run);
      return value !== null && value !== undefined;
    } catch (error) {
      if (error instanceof TemplateProblem && !error.isLimit) return false;
      throw error;
    }
  });
}

function ints(run: Run, [from, to]: readonly LuaValue[]): LuaValue {
  const start = integerOf(run, from, "lower limit");
  const end = integerOf(run, to, "upper limit");
  if (end <= start) throw fail(run, `ints: upper limit ${end} is not above lower limit ${start}`);
  return foreign(new IntegerRange(start, end));
}

function map(run: Run, args: readonly LuaValue[]): LuaValue {
  if (args.length % 2 !== 0) throw fail(run, "map takes pairs of keys and values");
  const result = new Map<LuaValue, LuaValue>();
  for (let i = 0; i < args.length; i += 2) {
    const key = args[i];
    result.set(key instanceof LuaFloat ? key.value : key ?? "", args[i + 1]);
  }
  return result;
}

/** JSON that stands safely inside HTML. */
function json(run: Run, value: LuaValue): string {
  const text = print(run, value, 0);
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function print(run: Run, value: LuaValue, depth: number): string {
  if (depth > 150) throw fail(run, "json: value is nested too deep");
  run.spend(1);
  if (value === null || value === undefined) return "null";
  if (value instanceof LuaFloat) return String(value.value);
  if (typeof value === "number" && !Number.isFinite(value)) throw fail(run, `json: ${value} has no JSON`);
  if (typeof value === "string" || value instanceof Uint8Array) {
    run.makeText(value.length);
    return JSON.stringify(typeof value === "string" ? value : value.toBase64());
  }
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => print(run, item, depth + 1)).join(",")}]`;
  if (!isMap(value)) throw fail(run, `json: ${typeName(value)} has no JSON`);
  const items = sortedEntries(value).map(([key, item]) =>
    `${JSON.stringify(String(key))}:${print(run, item, depth + 1)}`
  );
  return `{${items.join(",")}}`;
}

function escapeUrl(text: string): string {
  return encodeURIComponent(text).replaceAll("%20", "+").replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function escapeScript(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\\'"<>&=\x00-\x1f\x7f\u2028\u2029]/g, (character) => {
    if (character === "\\" || character === "'" || character === '"') return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

/** A function that writes its argument in a way of its own. */
function writer(escape: (run: Run, value: LuaValue) => string): Call {
  return (run, args) => foreign(new SafeText(args.map((arg) => escape(run, arg)).join("")));
}

function dump(run: Run, args: readonly LuaValue[]): LuaValue {
  const levels = args.length === 1 && isInteger(args[0]) ? Number(args[0]) : 0;
  const names = args.filter((arg) => typeof arg === "string");
  const lines: string[] = [];
  const show = (name: string, value: LuaValue): number => lines.push(`\t${name} = ${textOf(run, value)}`);
  if (names.length > 0) {
    for (const name of names) {
      const value = run.variable(name);
      if (value !== undefined) show(name, value);
      if (run.blocks.has(name)) lines.push(`\tblock ${name}()`);
    }
    return lines.join("\n");
  }
  lines.push(
    "Context:",
    `\t${typeName(run.context)} ${textOf(run, run.context)}`,
    "Variables in current scope:",
  );
  let scope: Scope | undefined = run.scope;
  for (let level = 0; scope !== undefined && level <= levels; level++, scope = scope.parent) {
    if (level > 0) lines.push(`Variables in scope ${level} level(s) up:`);
    for (const [name, value] of scope.variables) show(name, value);
  }
  lines.push("Globals:");
  const { globals } = run.options;
  if (isMap(globals)) { for (const [name, value] of sortedEntries(globals)) show(String(name), value); }
  lines.push("Blocks:");
  for (const name of run.blocks.keys()) lines.push(`\tblock ${name}()`);
  return lines.join("\n");
}

interface Definition {
  readonly min: number;
  readonly max: number;
  readonly call: Call;
}

function definition(min: number, max: number, call: Call): Definition {
  return { min, max, call };
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  lower: definition(1, 1, textual((text) => text.toLowerCase())),
  upper: definition(1, 1, textual((text) => text.toUpperCase())),
  hasPrefix: definition(2, 2, textual((text, prefix) => text.startsWith(prefix!))),
  hasSuffix: definition(2, 2, textual((text, suffix) => text.endsWith(suffix!))),
  trimSpace: definition(1, 1, textual((text) => text.trim())),
  split: definition(
    2,
    2,
    textual((text, separator) => separator === "" ? [...text] : text.split(separator!)),
  ),
  html: definition(1, 1, textual(escapeHtml)),
  url: definition(1, 1, textual(escapeUrl)),
  repeat: definition(2, 2, repeat),
  replace: definition(3, 4, replace),
  json: definition(1, 1, (run, [value]) => json(run, value)),
  len: definition(1, 1, len),
  ints: definition(2, 2, ints),
  map: definition(0, Infinity, map),
  slice: definition(0, Infinity, (_run, args) => [...args]),
  array: definition(0, Infinity, (_run, args) => [...args]),
  exec: definition(1, 2, (run, [path, context]) => executeTemplate(run, textOf(run, path), context)),
  dump: definition(0, Infinity, dump),
  raw: definition(1, Infinity, writer((run, value) => textOf(run, value))),
  unsafe: definition(1, Infinity, writer((run, value) => textOf(run, value))),
  safeHtml: definition(1, Infinity, writer((run, value) => escapeHtml(textOf(run, value)))),
  safeJs: definition(1, Infinity, writer((run, value) => escapeScript(textOf(run, value)))),
  writeJson: definition(1, 1, writer(json)),
};

/** By name. */
export const FUNCTIONS: ReadonlyMap<string, LuaValue> = new Map<string, LuaValue>([
  ...Object.entries(DEFINITIONS).map(([name, { min, max, call }]): [string, LuaValue] => [
    name,
    foreign(
      new TemplateFunction(name, (run, args) => {
        countOf(run, name, args, min, max);
        return call(run, args);
      }),
    ),
  ]),
  ["isset", foreign(new TemplateFunction("isset", () => null, isset))],
]);
