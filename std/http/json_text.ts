/** JSON of bodies. */
import { plainValue } from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";

/** JSON text of a value. */
export function encodeJson(value: LuaValue): string {
  return JSON.stringify(plainValue(value) ?? null);
}

/** The value of a JSON text. */
export function decodeJson(bytes: Uint8Array): LuaValue {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as LuaValue;
}
