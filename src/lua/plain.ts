/**
 * Lua values as plain data, for everything that leaves Lua other than through the codec: stores, logs, documents.
 *
 * A table with any positive integer key becomes a list and loses its text keys, any other becomes a map with text keys.
 * Errors become their message, payloads what they hold; what has no plain form (functions, objects) is left out.
 * Tables that contain themselves, or are nested too deep, fail with Invalid.
 */
import { Failure, type Value, type ValueMap } from "../core/mod.ts";
import {
  LuaChannel,
  LuaError,
  LuaFloat,
  LuaHandle,
  LuaOpaque,
  LuaPayload,
  type LuaValue,
} from "../vm/mod.ts";

/** Deepest nesting of plain data; a table that contains itself is deeper. */
const DEPTH_MAX = 160;

/** Holes that a short list may have: one small table must not become a huge list. */
const HOLES_MAX = 65_536;

/** What becomes of an object of the host. */
export type PlainObject = (handle: LuaHandle) => Value;

/** Plain data of a Lua value; undefined for what has none. */
export function plainValue(value: LuaValue, object: PlainObject = () => undefined): Value {
  return plain(value, object, 0);
}

/** A map of plain data; undefined when the value is no table or has list keys. An empty table is an empty map. */
export function plainMap(value: LuaValue, object: PlainObject = () => undefined): ValueMap | undefined {
  const data = Array.isArray(value) && value.length === 0 ? {} : plain(value, object, 0);
  const isMap = typeof data === "object" && data !== null && !Array.isArray(data) &&
    !(data instanceof Uint8Array);
  return isMap ? data : undefined;
}

function plain(value: LuaValue, object: PlainObject, depth: number): Value {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEPTH_MAX) throw new Failure("Invalid", "value is nested too deep", { retryable: false });
  if (Array.isArray(value)) return value.map((item) => plain(item, object, depth + 1) ?? null);
  if (value instanceof Uint8Array) return value;
  if (value instanceof LuaFloat) return value.value;
  if (value instanceof LuaError) return value.message;
  if (value instanceof LuaPayload) return plain(value.value, object, depth + 1);
  if (value instanceof LuaHandle) return object(value);
  if (value instanceof LuaChannel || value instanceof LuaOpaque) return undefined;
  if (value instanceof Map) return plainTable(value, object, depth + 1);
  const map: ValueMap = {};
  for (const key of Object.keys(value)) setPlain(map, key, plain(value[key], object, depth + 1));
  return map;
}

function plainTable(table: Map<LuaValue, LuaValue>, object: PlainObject, depth: number): Value {
  let length = 0;
  for (const key of table.keys()) {
    if (typeof key === "number" && key > length && Number.isInteger(key)) length = key;
  }
  if (length > 0) {
    if (length > 2 * table.size + HOLES_MAX) {
      throw new Failure("Invalid", `a list with index ${length} and ${table.size} items has too many holes`, {
        retryable: false,
      });
    }
    return Array.from({ length }, (_, i) => plain(table.get(i + 1), object, depth) ?? null);
  }
  const map: ValueMap = {};
  for (const [key, item] of table) {
    const isText = typeof key === "string" || typeof key === "number" || typeof key === "bigint" ||
      typeof key === "boolean";
    if (isText) setPlain(map, String(key), plain(item, object, depth));
  }
  return map;
}

function setPlain(map: ValueMap, key: string, value: Value): void {
  if (value === undefined) return;
  if (key === "__proto__") {
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  } else map[key] = value;
}
