/**
 * Lua values as plain data, for everything that leaves Lua other than through the codec: stores, logs, documents.
 *
 * A table with any positive integer key becomes a list and loses its text keys, any other becomes a map with text keys.
 * Errors become their message, payloads what they hold; what has no plain form (functions, objects) is left out.
 */
import type { Value, ValueMap } from "../core/mod.ts";
import {
  LuaChannel,
  LuaError,
  LuaFloat,
  LuaHandle,
  LuaOpaque,
  LuaPayload,
  type LuaValue,
} from "../vm/mod.ts";

/** Plain data of a Lua value; undefined for what has none. */
export function plainValue(value: LuaValue): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => plainValue(item) ?? null);
  if (value instanceof Uint8Array) return value;
  if (value instanceof LuaFloat) return value.value;
  if (value instanceof LuaError) return value.message;
  if (value instanceof LuaPayload) return plainValue(value.value);
  if (value instanceof LuaHandle || value instanceof LuaChannel || value instanceof LuaOpaque) {
    return undefined;
  }
  if (value instanceof Map) return plainTable(value);
  const map: ValueMap = {};
  for (const key of Object.keys(value)) setPlain(map, key, value[key]);
  return map;
}

/** A map of plain data; undefined when the value is no table or has list keys. An empty table is an empty map. */
export function plainMap(value: LuaValue): ValueMap | undefined {
  const plain = Array.isArray(value) && value.length === 0 ? {} : plainValue(value);
  const isMap = typeof plain === "object" && plain !== null && !Array.isArray(plain) &&
    !(plain instanceof Uint8Array);
  return isMap ? plain : undefined;
}

function plainTable(table: Map<LuaValue, LuaValue>): Value {
  let length = 0;
  for (const key of table.keys()) {
    if (typeof key === "number" && key > length && Number.isInteger(key)) length = key;
  }
  if (length > 0 && length <= 2 * table.size + 16) {
    return Array.from({ length }, (_, i) => plainValue(table.get(i + 1)) ?? null);
  }
  const map: ValueMap = {};
  for (const [key, item] of table) {
    const isText = typeof key === "string" || typeof key === "number" || typeof key === "bigint" ||
      typeof key === "boolean";
    if (isText) setPlain(map, String(key), item);
  }
  return map;
}

function setPlain(map: ValueMap, key: string, item: LuaValue): void {
  const plain = plainValue(item);
  if (plain === undefined) return;
  if (key === "__proto__") {
    Object.defineProperty(map, key, { value: plain, enumerable: true, writable: true, configurable: true });
  } else map[key] = plain;
}
