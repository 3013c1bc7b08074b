/** Members, elements and slices. */
import { isInteger, isMap, itemOf, type LuaValue } from "../vm/mod.ts";
import { Problem } from "./problem.ts";
import type { Run } from "./run.ts";
import { isArray, typeName } from "./values.ts";

/** UTF-16 units that cost one step to take apart. */
const UNITS_PER_STEP = 8;

/** Characters of a text, all of which is taken apart. */
function charactersOf(run: Run, text: string): string[] {
  run.spend(1 + text.length / UNITS_PER_STEP);
  return [...text];
}

function shown(key: LuaValue): string {
  return typeof key === "string" ? `"${key}"` : String(key);
}

/** `object[key]`. A missing key of a map is nil; an index outside an array is a problem. */
export function fetch(run: Run, object: LuaValue, key: LuaValue, at: number): LuaValue {
  if (isArray(object)) {
    if (object.length === 0 && typeof key === "string") return null;
    return object[indexIn(object.length, key, at)] ?? null;
  }
  if (typeof object === "string") {
    const characters = charactersOf(run, object);
    return characters[indexIn(characters.length, key, at)]!;
  }
  if (object instanceof Uint8Array) return object[indexIn(object.length, key, at)]!;
  if (isMap(object)) return itemOf(object, key) ?? null;
  throw new Problem(`can't read ${shown(key)} of ${typeName(object)}`, at);
}

function indexIn(length: number, key: LuaValue, at: number): number {
  if (!isInteger(key)) throw new Problem(`an index must be an integer, got ${typeName(key)}`, at);
  const index = Number(key) < 0 ? length + Number(key) : Number(key);
  if (index < 0 || index >= length) {
    throw new Problem(`index ${key} is out of range, length is ${length}`, at);
  }
  return index;
}

/** Like `fetch`, but nil for whatever is not there. */
export function fetchOr(run: Run, object: LuaValue, key: LuaValue): LuaValue {
  if (isArray(object) || typeof object === "string" || object instanceof Uint8Array) {
    if (!isInteger(key)) return null;
    const items = typeof object === "string" ? charactersOf(run, object) : object;
    const index = Number(key) < 0 ? items.length + Number(key) : Number(key);
    return items[index] ?? null;
  }
  return isMap(object) ? itemOf(object, key) ?? null : null;
}

/** `object[from:to]`; bounds beyond the ends are the ends, negative ones count from the end. */
export function slice(
  run: Run,
  object: LuaValue,
  { at, from, to }: { from: LuaValue; to: LuaValue; at: number },
): LuaValue {
  const items = typeof object === "string" ? charactersOf(run, object) : object;
  if (!isArray(items as LuaValue) && !(items instanceof Uint8Array)) {
    throw new Problem(`can't slice ${typeName(object)}`, at);
  }
  const { length } = items as LuaValue[];
  const start = bound(from ?? 0, length, at);
  const end = bound(to ?? length, length, at);
  const part = (items as LuaValue[]).slice(start, Math.max(start, end));
  return typeof object === "string" ? part.join("") : part;
}

function bound(value: LuaValue, length: number, at: number): number {
  if (!isInteger(value)) throw new Problem(`a bound must be an integer, got ${typeName(value)}`, at);
  const index = Number(value) < 0 ? length + Number(value) : Number(value);
  return Math.max(0, Math.min(length, index));
}
