/** YAML text and Lua values. */
import { parseAllDocuments, stringify } from "yaml";
import { Failure, isValueMap, type Value, type ValueMap } from "../../src/core/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";
import { UNORDERED, type YamlOrder } from "./order.ts";

const INTEGER_MIN = -(1n << 63n);
const INTEGER_MAX = (1n << 63n) - 1n;
/** Deepest nesting that is read; the VM holds no deeper values. */
const DEPTH_MAX = 150;

/** The YAML of plain data. */
export function printYaml(value: Value, order: YamlOrder = UNORDERED): string {
  const ordered = order.first.length === 0 && !order.sorted ? value : inOrder(value, order);
  return stringify(ordered, {
    lineWidth: 0,
    compat: "yaml-1.1",
    customTags: ["binary"],
    aliasDuplicateObjects: false,
  });
}

function inOrder(value: Value, order: YamlOrder): Value {
  if (Array.isArray(value)) return value.map((item) => inOrder(item, order));
  if (!isValueMap(value)) return value;
  const rest = Object.keys(value).filter((key) => !order.first.includes(key));
  if (order.sorted) rest.sort();
  const map: ValueMap = {};
  for (const key of [...order.first.filter((name) => Object.hasOwn(value, name)), ...rest]) {
    map[key] = inOrder(value[key], order);
  }
  return map;
}

/** The first document in a YAML text. Fails with Internal when it is malformed. */
export function parseYaml(text: string): LuaValue {
  const fail = (message: string, cause?: unknown): Failure =>
    new Failure("Internal", `invalid YAML: ${message}`, { retryable: false, cause });
  let value: unknown;
  try {
    const documents = parseAllDocuments(text, {
      intAsBigInt: true,
      merge: true,
      customTags: ["binary"],
      prettyErrors: true,
    });
    const first = Array.isArray(documents) ? documents[0] : undefined;
    const problem = first?.errors[0];
    if (problem !== undefined) throw fail(problem.message.split("\n")[0]!, problem);
    value = first?.toJS({ mapAsMap: true });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw fail(error instanceof Error ? error.message : String(error), error);
  }
  return luaValue(value, 0);
}

function luaValue(value: unknown, depth: number): LuaValue {
  if (depth > DEPTH_MAX) throw new Failure("Internal", "invalid YAML: nested too deep", { retryable: false });
  switch (typeof value) {
    case "bigint":
      return luaInteger(value);
    case "number":
      // Whatever was written as an integer came as a bigint.
      return Number.isInteger(value) ? new LuaFloat(value) : value;
    case "string":
    case "boolean":
      return value;
  }
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => luaValue(item, depth + 1));
  if (value instanceof Set) return new Map([...value].map((key) => [luaValue(key, depth + 1), true]));
  if (!(value instanceof Map)) return null;
  const map = new Map<LuaValue, LuaValue>();
  for (const [key, item] of value) map.set(luaValue(key, depth + 1), luaValue(item, depth + 1));
  return map;
}

function luaInteger(value: bigint): LuaValue {
  if (value < INTEGER_MIN || value > INTEGER_MAX) return new LuaFloat(Number(value));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
