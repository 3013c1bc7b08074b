/** Numbers of JSON texts as Lua has them. */
import { LuaFloat } from "../vm/mod.ts";

/**
 * A number as `source` writes it: without point and exponent an integer of up to 64 bits, else a float. `value` is what
 * `JSON.parse` made of it; without a source it stays that.
 */
export function exactNumber(value: number, source: string | undefined): number | bigint | LuaFloat {
  if (source === undefined || !Number.isInteger(value)) return value;
  if (/[.eE]/.test(source)) return new LuaFloat(value);
  if (Number.isSafeInteger(value)) return value;
  const whole = BigInt(source);
  return BigInt.asIntN(64, whole) === whole ? whole : new LuaFloat(value);
}
