/** Lua values in the form that a MessagePack library writes and reads: with bigints for integers beyond 32 bits. */
import { isValueMap, type Value } from "../core/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import { plainValue } from "./plain.ts";

/** A value as it is written: integers beyond 32 bits as bigints, since as numbers they would be written as floats. */
export function msgpackForm(value: LuaValue): Value {
  return wideIntegers(plainValue(value));
}

function wideIntegers(value: Value): Value {
  if (typeof value === "number") {
    const isWide = Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000);
    return isWide ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(wideIntegers);
  if (!isValueMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wideIntegers(item)]));
}

/** The Lua value of what was read, with bigints for 64-bit integers. */
export function luaOfMsgpack(value: unknown): LuaValue {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(luaOfMsgpack);
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value as LuaValue;
  if (value instanceof Date) return Math.floor(value.getTime() / 1000);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, luaOfMsgpack(item)]));
}
