/** What languages over values of Lua ask of numbers and maps. */
import { LuaFloat, type LuaValue } from "./value.ts";

/** A table that is a map, of either make. */
export type LuaMap = Map<LuaValue, LuaValue> | { [key: string]: LuaValue };

/** True for maps of either make. */
export function isMap(value: LuaValue): value is LuaMap {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Map) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The item of a map; undefined when it is not there. */
export function itemOf(map: LuaMap, key: LuaValue): LuaValue {
  const name = keyOf(key);
  if (map instanceof Map) return map.get(name);
  return typeof name === "string" && Object.hasOwn(map, name) ? map[name] : undefined;
}

/** `value` as the key of a map: whole floats are the integers they equal. */
export function keyOf(value: LuaValue): LuaValue {
  return value instanceof LuaFloat ? value.value : value;
}

/** True for integers. */
export function isInteger(value: LuaValue): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** A float. */
export function float(value: number): LuaValue {
  return Number.isInteger(value) ? new LuaFloat(value) : value;
}

/** The integer of 64 bits that `value` is after wrapping around. */
export function integer(value: bigint): LuaValue {
  const wrapped = BigInt.asIntN(64, value);
  const number = Number(wrapped);
  return Number.isSafeInteger(number) ? number : wrapped;
}
