/** What the tests of expressions have in common. */
import type { Clock } from "../../src/ports/mod.ts";
import { LuaFloat, type LuaValue } from "../../src/vm/mod.ts";
import { compileExpression, type ExpressionHost } from "../../src/expression/mod.ts";

const NOW_MS = Date.UTC(2024, 1, 29, 12, 30, 15);
const host: ExpressionHost = {
  clock: {
    nowNs: () => BigInt(NOW_MS) * 1_000_000n,
    nowMs: () => NOW_MS,
    zoneOffsetMinutes(zone: string) {
      if (zone === "Europe/Zurich") return 120;
      if (zone === "UTC" || zone === "") return 0;
      throw new Error("no such zone");
    },
  } as unknown as Clock,
  regex: (pattern) => {
    const expression = new RegExp(pattern);
    return (text) => expression.test(text);
  },
};

/** Variables of the tests. */
export const ENV: LuaValue = {
  array: [1, 2, 3, 4, 5],
  user: { Name: "Ann Lee", Age: 41, "first name": "Ann", tags: ["a", "b"], none: null },
  users: [{ Name: "Bo", Age: 20 }, { Name: "Joe", Age: 30 }, { Name: "Jim", Age: 30 }],
  posts: [{ Author: "x", Comments: [{ Author: "x" }] }, { Author: "y", Comments: [{ Author: "z" }] }],
  count: 5,
  half: 0.5,
  whole: new LuaFloat(2),
  big: 9007199254740993n,
  text: "Hello",
  empty: [],
  "var with spaces": 7,
  in_: 1,
};

/** The value of an expression. */
export function evaluate(source: string): LuaValue {
  return compileExpression(source).run(ENV, host);
}

/** Plain data of a result, floats marked. */
export function shown(value: LuaValue): unknown {
  if (value instanceof LuaFloat) return `float ${value.value}`;
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), shown(item)]));
  }
  if (value instanceof Uint8Array) return [...value];
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
  }
  return value;
}
