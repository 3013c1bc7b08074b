/** Options that functions of modules take as their last argument. */
import { ArgumentError, type LuaValue } from "../vm/mod.ts";
import type { Call } from "./module.ts";

/** A table of options as Lua hands it over. */
export type Options = Readonly<Record<string, LuaValue>>;

/** Argument `i` as a table of options, empty without it; raises an argument error for anything else. */
export function optionsArgument(call: Call, i: number): Options {
  if (call.count < i || call.type(i) === "nil") return {};
  if (call.type(i) !== "table") throw new ArgumentError(i, "table", call.type(i));
  const value = call.value(i);
  const isMap = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  return isMap ? value as Options : {};
}
