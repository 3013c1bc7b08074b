/** Reading the fields of a configuration. */
import { Failure } from "../../src/core/mod.ts";
import { LuaChannel, LuaFloat, LuaOpaque, type LuaValue } from "../../src/vm/mod.ts";

/** A failure that the caller has to mend. */
export function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function isAbsent(value: LuaValue): value is null | undefined {
  return value === null || value === undefined;
}

/** A table with text keys; absent or empty it has no fields. */
export function fieldsOf(value: LuaValue, what: string): Record<string, LuaValue> {
  if (isAbsent(value) || Array.isArray(value) && value.length === 0) return {};
  const isTable = typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
  if (!isTable || Array.isArray(value) || value instanceof Map || value instanceof LuaFloat) {
    throw invalid(`${what} must be a table with string keys`);
  }
  return value as Record<string, LuaValue>;
}

/** A list; absent it is empty. */
export function listOf(value: LuaValue, what: string): LuaValue[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) throw invalid(`${what} must be a list`);
  return value;
}

/** A list of texts. */
export function textsOf(value: LuaValue, what: string): string[] {
  const items = listOf(value, what);
  for (const item of items) {
    if (typeof item !== "string" || item === "") throw invalid(`${what} must be a list of strings`);
  }
  return items as string[];
}

/** A text; absent it is "". */
export function textOf(value: LuaValue, what: string): string {
  if (isAbsent(value)) return "";
  if (typeof value !== "string") throw invalid(`${what} must be a string`);
  return value;
}

/** Checks that a value can be handed to another process: functions, threads and channels belong to the one they are made in. */
export function checkPortable(value: LuaValue, what: string): void {
  if (value instanceof LuaOpaque) throw invalid(`${what}: a ${value.type} can't be handed to evaluated code`);
  if (value instanceof LuaChannel) throw invalid(`${what}: a channel can't be handed to evaluated code`);
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkPortable(item, `${what}[${i + 1}]`);
  } else if (value instanceof Map) {
    for (const [key, item] of value) checkPortable(item, `${what}[${String(key)}]`);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const [key, item] of Object.entries(value)) checkPortable(item as LuaValue, `${what}.${key}`);
  }
}
